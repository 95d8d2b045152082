"""What could not be brought to people who do not know of it so far."""

from __future__ import annotations

import json
from collections.abc import Iterable

from bot.domain.delivery import Kind
from bot.storage.database import Database


class UntoldRepository:
    """Marks on rows of the outbox, which are set where something is given up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user: int, guild: int) -> dict[int, Kind]:
        """The kind of each such row of a person there, or of no server, by its id."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT d.id, d.kind FROM deliveries d JOIN jobs j ON j.id = d.job_id"
                " WHERE d.untold = ? AND (j.guild_id = ? OR d.kind = 'dm') ORDER BY d.id",
                (user, guild),
            ).fetchall()
        )
        return {row["id"]: Kind(row["kind"]) for row in rows}

    async def told(self, deliveries: Iterable[int]) -> None:
        """Their owner knows."""
        ids = json.dumps(list(deliveries))
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE deliveries SET untold = 0 WHERE id IN (SELECT value FROM json_each(?))",
                (ids,),
            )
        )
