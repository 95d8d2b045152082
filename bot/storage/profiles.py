"""What Easel remembers of a user across servers: lifetime use, and what was explained."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from bot.storage.database import Database


@dataclass(frozen=True)
class Profile:
    """Lifetime use. `seconds` is drawing time; a grid counts once in `grids`."""

    grids: int = 0
    pictures: int = 0
    seconds: float = 0.0


class ProfileRepository:
    """Rows are made by jobs; this reads them, and notes what was explained."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user: int) -> Profile:
        """An empty profile for somebody who never asked for a picture."""
        row = await self._database.read(
            lambda c: c.execute("SELECT * FROM profiles WHERE user_id = ?", (user,)).fetchone()
        )
        return Profile(row["grids"], row["pictures"], row["seconds"]) if row else Profile()

    async def note_hint(self, user: int, now: float) -> bool:
        """Note that the user is told about the model's words; False when that was done before.

        False as well for somebody who never asked for a picture.
        """

        def note(connection: sqlite3.Connection) -> bool:
            done = connection.execute(
                "UPDATE profiles SET hinted_at = ? WHERE user_id = ? AND hinted_at IS NULL",
                (now, user),
            )
            return done.rowcount == 1

        return await self._database.transaction(note)
