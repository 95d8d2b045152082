"""Pictures that were sent to people one by one, and where, so that they can be taken back."""

from __future__ import annotations

import sqlite3

from bot.storage import removals
from bot.storage.database import Database


class LetterRepository:
    """Rows of `letters`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job: str, user: int, message: int) -> None:
        """A picture of the job was sent; one that was deleted meanwhile is taken back."""

        def run(connection: sqlite3.Connection) -> None:
            if removals.gone(connection, job):
                removals.insert(connection, message, 0, user)
                return
            connection.execute(
                "INSERT INTO letters (message_id, job_id, user_id) VALUES (?, ?, ?)",
                (message, job, user),
            )

        await self._database.transaction(run)
