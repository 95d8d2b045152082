"""Servers that the bot is on, and which of them it has to say hello to still."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from bot.storage.database import Database

_LOOKED = 0
"""Stands for no server: its row says that the servers were looked through before."""


@dataclass(frozen=True)
class Greeting:
    """A hello that is due to a server, to which the bot came at that moment (UTC seconds)."""

    guild: int
    came_at: float


class GreetingRepository:
    """Rows of `greetings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def came(self, guild: int, now: float) -> None:
        """The bot is on a server; a hello is due if it was not there before."""
        await self._database.transaction(
            lambda c: c.execute(
                "INSERT INTO greetings (guild_id, came_at, said) VALUES (?, ?, 0)"
                " ON CONFLICT DO NOTHING",
                (guild, now),
            )
        )

    async def left(self, guild: int) -> None:
        """It is there no more; if it comes again, a hello is due again."""
        await self._database.transaction(
            lambda c: c.execute("DELETE FROM greetings WHERE guild_id = ?", (guild,))
        )

    async def reconcile(self, present: Collection[int], now: float) -> None:
        """These are all the servers that the bot is on. At the first look all are known: there may
        have been years before it."""

        def run(connection: sqlite3.Connection) -> None:
            looked = "SELECT 1 FROM greetings WHERE guild_id = ?"
            known = connection.execute(looked, (_LOOKED,)).fetchone() is None
            connection.execute(
                "DELETE FROM greetings WHERE guild_id NOT IN (SELECT value FROM json_each(?))",
                (json.dumps([_LOOKED, *present]),),
            )
            connection.executemany(
                "INSERT INTO greetings (guild_id, came_at, said) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                [(_LOOKED, now, True), *((guild, now, known) for guild in present)],
            )

        await self._database.transaction(run)

    async def due(self) -> list[Greeting]:
        """Where nothing was said so far, oldest first."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT guild_id, came_at FROM greetings WHERE said = 0 ORDER BY came_at, guild_id"
            ).fetchall()
        )
        return [Greeting(row["guild_id"], row["came_at"]) for row in rows]

    async def said(self, greeting: Greeting) -> None:
        """It is done with, unless the bot has come anew since."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE greetings SET said = 1 WHERE guild_id = ? AND came_at = ?",
                (greeting.guild, greeting.came_at),
            )
        )
