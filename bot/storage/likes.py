"""Who likes which picture. How many like a result is counted by triggers, beside it."""

from __future__ import annotations

import sqlite3

from bot.domain.action import Tile
from bot.domain.errors import NotFound
from bot.domain.language import _
from bot.storage.database import Database


class LikeRepository:
    """Each person once for each picture."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def turn(self, tile: Tile, user: int, now: float) -> bool:
        """Somebody likes a picture, or who did so before does no more; returns whether they do now.
        Raises NotFound where there is no such picture."""

        def run(connection: sqlite3.Connection) -> bool:
            picture = (tile.job, tile.index)
            drawn = "SELECT 1 FROM results r JOIN images i ON i.job_id = r.job_id"
            found = connection.execute(f"{drawn} WHERE r.job_id = ? AND i.idx = ?", picture)
            if found.fetchone() is None:
                raise NotFound(_("There is no such picture (any more)."))
            gone = connection.execute(
                "DELETE FROM likes WHERE job_id = ? AND idx = ? AND user_id = ?", (*picture, user)
            ).rowcount
            if not gone:
                connection.execute("INSERT INTO likes VALUES (?, ?, ?, ?)", (*picture, user, now))
            return not gone

        return await self._database.transaction(run)

    async def count(self, job: str) -> int:
        """How many like the pictures of a job."""
        row = await self._database.read(
            lambda c: c.execute("SELECT likes FROM results WHERE job_id = ?", (job,)).fetchone()
        )
        return row["likes"] if row else 0
