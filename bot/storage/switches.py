"""What the operator or a server's admins have switched; each change is in the audit trail."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.storage.audit import write_audit
from bot.storage.database import Database

Name = Literal["blocked", "paused", "notice"]

EVERYWHERE = 0
"""The guild of what is no server's own, under which the operator's deeds are written down."""


@dataclass(frozen=True)
class Switches:
    """Servers that are not served, those whose drawings wait, and what everybody is told."""

    blocked: frozenset[int] = frozenset()
    paused: frozenset[int] = frozenset()
    notice: str = ""


@dataclass(frozen=True)
class Drain:
    """That nothing new is begun until an update: since when (UTC seconds), by whom, and by which
    version."""

    version: str
    actor: int
    since: float


@dataclass(frozen=True)
class Deed:
    """Who switches, on which server's audit trail that stands, and what it says."""

    actor: int
    guild: int
    name: str
    detail: dict[str, Any] = field(default_factory=dict)


class SwitchRepository:
    """Rows of `switches`, and that of `drains`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> Switches:
        """All of them."""
        rows = await self._database.read(
            lambda c: c.execute("SELECT name, guild_id, words FROM switches").fetchall()
        )

        def servers(name: Name) -> frozenset[int]:
            return frozenset(row["guild_id"] for row in rows if row["name"] == name)

        notice = next((row["words"] for row in rows if row["name"] == "notice"), "")
        return Switches(servers("blocked"), servers("paused"), notice)

    async def set(self, name: Name, guild: int, words: str, deed: Deed, now: float) -> bool:
        """Switch on, or to other words, as the deed says; False, and nothing is written, where it
        is so."""

        def run(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "INSERT INTO switches (name, guild_id, words, since) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET words = excluded.words, since = excluded.since"
                " WHERE words <> excluded.words",
                (name, guild, words, now),
            )
            return _done(connection, changed.rowcount > 0, deed, now)

        return await self._database.transaction(run)

    async def clear(self, name: Name, guild: int, deed: Deed, now: float) -> bool:
        """Switch off; False where it was not on."""

        def run(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "DELETE FROM switches WHERE name = ? AND guild_id = ?", (name, guild)
            )
            return _done(connection, changed.rowcount > 0, deed, now)

        return await self._database.transaction(run)

    async def drain(self) -> Drain | None:
        """None where new things are begun."""
        row = await self._database.read(lambda c: c.execute("SELECT * FROM drains").fetchone())
        return row and Drain(row["version"], row["actor_id"], row["since"])

    async def begin_drain(self, version: str, deed: Deed, now: float) -> bool:
        """Nothing new is begun from now on; False where that is so."""

        def run(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(
                "INSERT INTO drains VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING",
                (version, deed.actor, now),
            )
            return _done(connection, changed.rowcount > 0, deed, now)

        return await self._database.transaction(run)

    async def end_drain(self, deed: Deed | None, now: float) -> bool:
        """New things are begun again, as the deed says, or because what they waited for was done;
        False where they are."""

        def run(connection: sqlite3.Connection) -> bool:
            changed = connection.execute("DELETE FROM drains").rowcount > 0
            return _done(connection, changed, deed, now) if deed else changed

        return await self._database.transaction(run)


def _done(connection: sqlite3.Connection, changed: bool, deed: Deed, now: float) -> bool:
    if changed:
        write_audit(connection, deed.guild, deed.actor, deed.name, deed.detail, now)
    return changed
