"""Servers that the bot is not on any more, and since when."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from bot.domain.erasure import Erasure
from bot.storage.database import Database

_KNOWN = """
SELECT guild_id FROM jobs WHERE state IN ('waiting', 'running')
UNION SELECT guild_id FROM jobs WHERE state NOT IN ('waiting', 'running')
UNION SELECT guild_id FROM styles
UNION SELECT guild_id FROM quota_settings UNION SELECT guild_id FROM audit
UNION SELECT guild_id FROM plans UNION SELECT guild_id FROM tariffs
UNION SELECT guild_id FROM offers UNION SELECT guild_id FROM codes
UNION SELECT guild_id FROM safety_settings
UNION SELECT guild_id FROM words UNION SELECT guild_id FROM places
UNION SELECT guild_id FROM bans UNION SELECT guild_id FROM refusals
UNION SELECT guild_id FROM timeout_rules UNION SELECT guild_id FROM desks
UNION SELECT guild_id FROM appeals UNION SELECT guild_id FROM audit_logs
UNION SELECT guild_id FROM purges
UNION SELECT owner_id FROM preferences WHERE scope = 'server'
UNION SELECT guild_id FROM shop_visits
UNION SELECT guild_id FROM entitlements WHERE bucket_id IS NULL
"""


class DepartureRepository:
    """Rows of `departures`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def left(self, guild: int, now: float) -> None:
        """The bot was removed; what was known of that before counts."""
        await self._database.transaction(lambda c: _left(c, [guild], now))

    async def back(self, guild: int) -> None:
        """It is there again."""
        await self._database.transaction(lambda c: _back(c, [guild]))

    async def reconcile(self, present: Collection[int], now: float) -> int:
        """These are the servers that the bot is on; of others of which something is kept it was
        removed, at the latest now. Returns how many of these are new."""
        known = await self._database.report(lambda c: [row[0] for row in c.execute(_KNOWN)])
        gone = set(known) - {0} - set(present)

        def run(connection: sqlite3.Connection) -> int:
            _back(connection, present)
            return _left(connection, gone, now)

        return await self._database.transaction(run)

    async def before(self, moment: float) -> list[Erasure]:
        """Servers that were left before a moment, of which everything from then is to go."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT * FROM departures WHERE left_at < ? AND guild_id NOT IN"
                " (SELECT owner_id FROM erasures WHERE scope = 'server')",
                (moment,),
            ).fetchall()
        )
        return [Erasure("server", row["guild_id"], row["left_at"]) for row in rows]


def _left(connection: sqlite3.Connection, guilds: Collection[int], now: float) -> int:
    # What is bought from now on is for where it can be spent.
    connection.executemany(
        "DELETE FROM shop_visits WHERE guild_id = ?", [(guild,) for guild in guilds]
    )
    return connection.executemany(
        "INSERT INTO departures (guild_id, left_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(guild, now) for guild in guilds],
    ).rowcount


def _back(connection: sqlite3.Connection, guilds: Collection[int]) -> None:
    connection.execute(
        "DELETE FROM departures WHERE guild_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(guilds)),),
    )
