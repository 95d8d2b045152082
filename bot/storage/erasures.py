"""Forgetting a person everywhere, or a server: all but numbers goes.

What is small goes in the transaction that writes down the wish; jobs go some at a time, so that
nobody waits. Each step may be done again after a crash, which finds what is left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from bot.domain import erasure as left
from bot.domain.erasure import Doomed, Erasure
from bot.storage import prompts, removals, rows
from bot.storage.database import Database
from bot.storage.tracing import solely_theirs, traced

_WORDS = "'$.reason', '', '$.before', '', '$.after', '', '$.negative', '', '$.words', json_array()"
_SMALL = {
    "user": (
        "DELETE FROM preferences WHERE scope = 'user' AND owner_id = :owner",
        "DELETE FROM proposals WHERE user_id = :owner",
        "DELETE FROM likes WHERE user_id = :owner",
        "DELETE FROM reports WHERE reporter_id = :owner",
        "DELETE FROM appeals WHERE user_id = :owner",
        "DELETE FROM purges WHERE done_at IS NOT NULL AND :owner IN (user_id, actor_id)",
        "UPDATE offers SET reason = '' WHERE actor_id = :owner",
        "UPDATE codes SET note = '' WHERE actor_id = :owner",
        "DELETE FROM shop_visits WHERE user_id = :owner",
        "DELETE FROM profiles WHERE user_id = :owner",
        "UPDATE bans SET reason = '' WHERE user_id = :owner OR actor_id = :owner",
        "UPDATE ledger SET reason = '' WHERE kind = 'grant' AND reason <> '' AND"
        " (actor_id = :owner OR bucket_id IN (SELECT id FROM buckets WHERE user_id = :owner)"
        # Taken in earlier versions, under the name of who took it.
        " OR bucket_id IN (SELECT b.id FROM offers o JOIN buckets b ON b.guild_id = o.guild_id"
        " AND b.origin = 'offer:' || o.id WHERE o.actor_id = :owner))",
        f"UPDATE audit SET detail = json_replace(detail, {_WORDS})"
        " WHERE actor_id = :owner OR json_extract(detail, '$.user') = :owner",
    ),
    "server": (
        "DELETE FROM preferences WHERE scope = 'server' AND owner_id = :owner",
        "DELETE FROM proposals WHERE guild_id = :owner",
        "DELETE FROM reports WHERE guild_id = :owner",
        "DELETE FROM shop_visits WHERE guild_id = :owner",
        "DELETE FROM entitlements WHERE guild_id = :owner AND bucket_id IS NULL",
        "DELETE FROM styles WHERE guild_id = :owner",
        "DELETE FROM quota_settings WHERE guild_id = :owner",
        "DELETE FROM plans WHERE guild_id = :owner",
        "DELETE FROM tariffs WHERE guild_id = :owner",
        "DELETE FROM offers WHERE guild_id = :owner",
        "DELETE FROM codes WHERE guild_id = :owner",
        "DELETE FROM safety_settings WHERE guild_id = :owner",
        "DELETE FROM switches WHERE guild_id = :owner AND name = 'paused'",
        "DELETE FROM words WHERE guild_id = :owner",
        "DELETE FROM places WHERE guild_id = :owner",
        "DELETE FROM bans WHERE guild_id = :owner",
        "DELETE FROM refusals WHERE guild_id = :owner",
        "DELETE FROM timeout_rules WHERE guild_id = :owner",
        "DELETE FROM desks WHERE guild_id = :owner",
        "DELETE FROM appeals WHERE guild_id = :owner",
        "DELETE FROM purges WHERE guild_id = :owner",
        "DELETE FROM desk_cards WHERE guild_id = :owner",
        "DELETE FROM audit_logs WHERE guild_id = :owner",
        "DELETE FROM greetings WHERE guild_id = :owner",
        "DELETE FROM audit WHERE guild_id = :owner",
        "UPDATE ledger SET reason = '' WHERE kind = 'grant' AND reason <> '' AND"
        " bucket_id IN (SELECT id FROM buckets WHERE guild_id = :owner)",
    ),
}
_LAST = {
    "user": "DELETE FROM letters WHERE user_id = ?",
    "server": "DELETE FROM departures WHERE guild_id = ?",
}


@dataclass(frozen=True)
class Held:
    """What is kept of a person, in numbers: kept `pictures`, `prompts` (jobs), those `unfinished`,
    likes, uploads, and `messages` that show it."""

    pictures: int
    prompts: int
    unfinished: int
    likes: int
    uploads: int
    messages: int


class ErasureRepository:
    """Rows of `erasures`, and what follows from them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def held(self, user: int) -> Held:
        """What `/privacy delete` would take; what was deleted before does not count."""
        row = await self._database.report(lambda c: c.execute(_HELD, {"user": user}).fetchone())
        return Held(*row)

    async def pending(self) -> list[Erasure]:
        """Oldest first."""
        found = await self._database.read(
            lambda c: c.execute("SELECT * FROM erasures ORDER BY asked_at").fetchall()
        )
        return [Erasure(row["scope"], row["owner_id"], row["asked_at"]) for row in found]

    async def begin(self, erasure: Erasure) -> None:
        """From here on it will be done, whatever happens. What is small is gone at once."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO erasures (scope, owner_id, asked_at) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET asked_at = excluded.asked_at",
                (erasure.scope, erasure.owner, erasure.asked_at),
            )
            for statement in _SMALL[erasure.scope]:
                connection.execute(statement, {"owner": erasure.owner})

        await self._overwriting(run)

    async def doomed(self, erasure: Erasure) -> Doomed:
        """What there is (still) to be done."""
        return await self._database.report(lambda c: traced(c, erasure).doomed)

    async def uploads(self, erasure: Erasure) -> set[str]:
        """Digests of files that are in use by nobody else but in what was made of theirs."""
        if erasure.scope == "server":
            return set()
        return await self._database.report(lambda c: solely_theirs(c, erasure))

    async def withdraw(self, offers: Collection[str]) -> None:
        """Nobody can say yes to these any more, whoever they were made to."""

        def run(connection: sqlite3.Connection) -> None:
            named = [(each,) for each in offers]
            connection.executemany("DELETE FROM proposals WHERE id = ?", named)

        await self._overwriting(run)

    async def reword(self, jobs: Collection[str]) -> None:
        """These lose their words, and their messages are to show that."""

        def run(connection: sqlite3.Connection) -> None:
            for row in _rows(connection, jobs):
                removals.insert_all(connection, row, anew=True)
                request = left.reworded(rows.request_of(row["request"]))
                connection.execute(
                    "UPDATE jobs SET request = ? WHERE id = ?", (rows.written(request), row["id"])
                )
                connection.execute(
                    "UPDATE prompts SET said = ? WHERE rowid ="
                    " (SELECT number FROM results WHERE job_id = ?)",
                    (prompts.said(request), row["id"]),
                )

        await self._overwriting(run)

    async def hide(self, jobs: Collection[str]) -> None:
        """The messages that show how far these are will go, even if they end before that."""

        def run(connection: sqlite3.Connection) -> None:
            for row in _rows(connection, jobs):
                removals.insert(connection, row["notice_id"], row["channel_id"], 0)

        await self._database.transaction(run)

    async def blank(self, jobs: Collection[str], *, direct: bool = False) -> None:
        """Nothing but numbers is left of these, and their messages are to go, or only those that
        lie in people's `direct` messages."""

        def run(connection: sqlite3.Connection) -> None:
            for row in _rows(connection, jobs):
                removals.insert_all(connection, row, direct=direct)
                _blank(connection, row)

        await self._overwriting(run)

    async def done(self, erasure: Erasure) -> None:
        """Nothing is left of it, unless it was asked for anew."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute(_LAST[erasure.scope], (erasure.owner,))
            connection.execute(
                "DELETE FROM erasures WHERE scope = ? AND owner_id = ? AND asked_at = ?",
                (erasure.scope, erasure.owner, erasure.asked_at),
            )

        await self._overwriting(run)

    async def _overwriting(self, run: Callable[[sqlite3.Connection], None]) -> None:
        """What is deleted is written over in the file, too, as far as SQLite does that."""

        def thoroughly(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA secure_delete = ON")
            try:
                run(connection)
            finally:
                connection.execute("PRAGMA secure_delete = OFF")

        await self._database.transaction(thoroughly)


_OWN = "SELECT id FROM jobs WHERE user_id = :user"
_HELD = f"""
SELECT (SELECT COUNT(*) FROM images WHERE evicted_at IS NULL AND job_id IN ({_OWN})),
    (SELECT COUNT(*) FROM jobs WHERE user_id = :user
        AND CASE WHEN json_valid(request) THEN json_extract(request, '$.extra.{left.ERASED}') END
        IS NULL),
    (SELECT COUNT(*) FROM jobs WHERE user_id = :user AND state IN ('waiting', 'running')),
    (SELECT COUNT(*) FROM likes WHERE user_id = :user),
    (SELECT COUNT(DISTINCT digest) FROM blob_uses WHERE user_id = :user),
    (SELECT COUNT(*) FROM deliveries WHERE message_id <> 0 AND job_id IN ({_OWN}))
        + (SELECT COUNT(*) FROM letters WHERE job_id IN ({_OWN}))
"""

_EMPTY = """
UPDATE jobs SET request = ?1, source_job = NULL, source_tile = NULL, parent_message = 0,
    failure = NULL, reference = NULL, smaller_width = NULL, smaller_height = NULL, engine = '',
    locale = '',
    channel_id = CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE job_id = ?2) THEN channel_id
        ELSE 0 END,
    notice_id = CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE job_id = ?2) THEN notice_id
        ELSE 0 END
WHERE id = ?2
"""


def _rows(connection: sqlite3.Connection, jobs: Iterable[str]) -> Iterable[sqlite3.Row]:
    for job in jobs:
        yield connection.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchone()


def _blank(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    # The row of an end is done by who shows it, and needs to know where.
    connection.execute("DELETE FROM deliveries WHERE job_id = ? AND kind <> 'end'", (row["id"],))
    for table in ("results", "images", "job_inputs", "letters", "reports"):
        connection.execute(f"DELETE FROM {table} WHERE job_id = ?", (row["id"],))
    request = left.husk(rows.request_of(row["request"]))
    connection.execute(_EMPTY, (rows.written(request), row["id"]))
