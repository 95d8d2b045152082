"""What Easel remembers of a user across servers: lifetime use."""

from __future__ import annotations

from dataclasses import dataclass

from bot.storage.database import Database


@dataclass(frozen=True)
class Profile:
    """Lifetime use. `seconds` is drawing time; a grid counts once in `grids`."""

    grids: int = 0
    pictures: int = 0
    seconds: float = 0.0


class ProfileRepository:
    """Rows are written by jobs; this reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user: int) -> Profile:
        """An empty profile for somebody who never asked for a picture."""
        row = await self._database.read(
            lambda c: c.execute("SELECT * FROM profiles WHERE user_id = ?", (user,)).fetchone()
        )
        return Profile(row["grids"], row["pictures"], row["seconds"]) if row else Profile()
