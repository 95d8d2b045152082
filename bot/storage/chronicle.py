"""The audit trail as it is posted in a channel of a server: the trail is the queue."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from bot.storage.audit import LOOKS, AuditEntry, write_audit
from bot.storage.database import Database
from bot.storage.outbox import new_nonce

AT_ONCE = 30
"""Entries of one message."""
_LOOKS = ", ".join(f"'{deed}'" for deed in LOOKS)
_NEXT = f"""
SELECT * FROM audit a WHERE a.guild_id = l.guild_id AND a.id > l.posted
    AND a.deed NOT IN ({_LOOKS})
"""
_DUE = f"""
SELECT * FROM audit_logs l WHERE l.next_try_at <= ? AND EXISTS ({_NEXT})
    AND l.guild_id NOT IN (SELECT guild_id FROM departures)
ORDER BY l.next_try_at, l.guild_id LIMIT 1
"""
_ENTRIES = f"""
SELECT * FROM audit WHERE guild_id = ? AND id > ? AND (?3 IS NULL OR id <= ?3)
    AND deed NOT IN ({_LOOKS}) ORDER BY id LIMIT ?
"""


@dataclass(frozen=True)
class Line:
    """An entry with its number."""

    id: int
    entry: AuditEntry


@dataclass(frozen=True)
class Chapter:
    """What is to be posted next in a server's `channel`: `lines`, of which the poster takes as many
    as fit. `sending_at` (UTC seconds) says that a message of all of them may have arrived."""

    guild: int
    channel: int
    lines: Sequence[Line]
    nonce: str
    sending_at: float | None
    tries: int


class ChronicleRepository:
    """Rows of `audit_logs`. One method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, guild: int, channel: int, actor: int, now: float) -> None:
        """What happens on a server from now on is posted there; 0 switches it off."""

        def run(connection: sqlite3.Connection) -> None:
            last = connection.execute("SELECT COALESCE(MAX(id), 0) FROM audit").fetchone()[0]
            before = connection.execute(
                "DELETE FROM audit_logs WHERE guild_id = ? RETURNING posted", (guild,)
            ).fetchall()
            if channel:
                posted = before[0]["posted"] if before else last
                connection.execute(
                    "INSERT INTO audit_logs (guild_id, channel_id, posted) VALUES (?, ?, ?)",
                    (guild, channel, posted),
                )
            write_audit(connection, guild, actor, "log", {"channel": channel}, now)

        await self._database.transaction(run)

    async def due(self, now: float) -> Chapter | None:
        """What has been due for longest."""

        def run(connection: sqlite3.Connection) -> Chapter | None:
            row = connection.execute(_DUE, (now,)).fetchone()
            if row is None:
                return None
            found = connection.execute(
                _ENTRIES, (row["guild_id"], row["posted"], row["upto"], AT_ONCE)
            ).fetchall()
            nonce = row["nonce"] or new_nonce()
            return Chapter(
                row["guild_id"], row["channel_id"], tuple(map(_line, found)), nonce,
                row["sending_at"], row["tries"],
            )  # fmt: skip

        return await self._database.read(run)

    async def begin(self, chapter: Chapter, now: float) -> None:
        """A POST of all its lines begins: until it is known what came of it, it stays these."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE audit_logs SET upto = ?, nonce = ?, sending_at = COALESCE(sending_at, ?)"
                " WHERE guild_id = ? AND channel_id = ?",
                (chapter.lines[-1].id, chapter.nonce, now, chapter.guild, chapter.channel),
            )
        )

    async def posted(self, chapter: Chapter, next_at: float) -> None:
        """It is there; what follows not before `next_at`."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE audit_logs SET posted = MAX(posted, ?), upto = NULL, nonce = NULL,"
                " sending_at = NULL, next_try_at = ?, tries = 0 WHERE guild_id = ?",
                (chapter.lines[-1].id, next_at, chapter.guild),
            )
        )

    async def postpone(self, chapter: Chapter, until: float, *, arrived: bool) -> None:
        """Not before `until` again; `arrived` says whether it may be there all the same."""
        forget = "" if arrived else ", upto = NULL, nonce = NULL, sending_at = NULL"
        await self._database.transaction(
            lambda c: c.execute(
                f"UPDATE audit_logs SET next_try_at = ?, tries = tries + 1{forget}"
                " WHERE guild_id = ? AND channel_id = ?",
                (until, chapter.guild, chapter.channel),
            )
        )


def _line(row: sqlite3.Row) -> Line:
    entry = AuditEntry(row["actor_id"], row["deed"], json.loads(row["detail"]), row["created_at"])
    return Line(row["id"], entry)
