"""What people asked for last."""

from __future__ import annotations

import sqlite3

from bot.domain.action import Kind
from bot.domain.people import Account
from bot.storage.database import Database
from bot.storage.rows import job_of

LOOKED_AT = 50
"""Of the newest jobs."""


class RecentPrompts:
    """Reads the jobs that people began by words."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, account: Account) -> list[str]:
        """The prompts of an account as one types them, newest first, each once."""

        # Every key that is typed asks: what is kept is understood beside the event loop.
        def read(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute(
                "SELECT * FROM jobs_of_people WHERE guild_id = ? AND user_id = ?"
                " AND action = 'imagine' ORDER BY created_at DESC LIMIT ?",
                (account.guild, account.user, LOOKED_AT),
            )
            requests = (job_of(row).request for row in rows)
            prompts = (str(each.prompt) for each in requests if each.kind is not Kind.LOST)
            return list(dict.fromkeys(prompts))

        return await self._database.report(read)
