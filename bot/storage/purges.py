"""All of somebody's pictures on a server, for admins who want them gone: what was asked for, and
what is left of it."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.domain.job import Job
from bot.domain.people import Account
from bot.storage import reports, tracing
from bot.storage.audit import write_audit
from bot.storage.database import Database
from bot.storage.rows import job_of

KEPT_S = 30 * 86_400.0
"""How long it is remembered of a purge that is done that who asked does not know so."""
# Files may have been cleared away while a message still shows the pictures.
_LEFT = """
FROM jobs_of_people j WHERE j.guild_id = :guild AND j.user_id = :user
    AND j.created_at BETWEEN :since AND :until
    AND (j.state IN ('waiting', 'running') OR EXISTS
        (SELECT 1 FROM images i WHERE i.job_id = j.id AND i.evicted_at IS NULL) OR EXISTS
        (SELECT 1 FROM results r JOIN deliveries d ON d.job_id = r.job_id AND d.kind = 'result'
            WHERE r.job_id = j.id AND d.message_id NOT IN (0, r.gone)))
"""
_COUNTS = f"""
SELECT COALESCE(SUM((SELECT COUNT(*) FROM images i WHERE i.job_id = j.id)), 0) AS pictures,
    COALESCE(SUM(j.state IN ('waiting', 'running')), 0) AS unfinished {_LEFT}
"""
_SOME = f"""
SELECT j.* {_LEFT} AND j.id NOT IN (SELECT value FROM json_each(:but))
ORDER BY j.state IN ('waiting', 'running') DESC, j.created_at, j.number LIMIT :most
"""
_SAME = """
SELECT * FROM purges WHERE guild_id = ? AND user_id = ? AND days = ? AND actor_id = ?
    AND done_at IS NULL
"""
_NEWEST = """
SELECT COALESCE(MAX(created_at), 0) FROM jobs_of_people WHERE guild_id = ? AND user_id = ?
"""
_NOBODY = 0
"""Who reported what admins delete unasked."""


class Count(NamedTuple):
    """What would go: pictures, and jobs that wait or are being drawn."""

    pictures: int
    unfinished: int


@dataclass(frozen=True)
class Wish:
    """That an `actor` wants the pictures gone that somebody asked for from `since` to `asked_at`
    (UTC seconds): the last `days`, or all with 0."""

    account: Account
    actor: int
    days: int
    since: float
    asked_at: float


@dataclass(frozen=True)
class Purge:
    """One that will be done, by its id, and how much there was when it was asked for."""

    id: int
    wish: Wish
    count: Count


class PurgeRepository:
    """Rows of `purges`. One method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, wish: Wish) -> Count:
        """What there is, as of now."""
        key = {**_named(wish), "until": math.inf}
        row = await self._database.report(lambda c: c.execute(_COUNTS, key).fetchone())
        return Count(row["pictures"], row["unfinished"])

    async def begin(self, wish: Wish, count: Count) -> Purge:
        """From here on it will be done, whatever happens; or the one that is under way for the
        same."""
        account, detail = wish.account, {"user": wish.account.user, "days": wish.days}

        def run(connection: sqlite3.Connection) -> Purge:
            key = (account.guild, account.user, wish.days, wish.actor)
            if (row := connection.execute(_SAME, key).fetchone()) is not None:
                return _purge(row)
            connection.execute("DELETE FROM purges WHERE done_at < ?", (wish.asked_at - KEPT_S,))
            # A clock that was set back makes nobody's pictures those of later.
            newest = connection.execute(_NEWEST, (account.guild, account.user)).fetchone()[0]
            row = connection.execute(
                "INSERT INTO purges (guild_id, user_id, days, actor_id, since, asked_at, pictures,"
                " unfinished) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
                (*key, wish.since, max(wish.asked_at, newest), *count),
            ).fetchone()
            said = {**detail, **count._asdict()}
            write_audit(connection, account.guild, wish.actor, "purge", said, wish.asked_at)
            return _purge(row)

        return await self._database.transaction(run)

    async def pending(self) -> list[Purge]:
        """Those that are to be done, oldest first."""
        rows = await self._database.read(
            lambda c: c.execute("SELECT * FROM purges WHERE done_at IS NULL ORDER BY id").fetchall()
        )
        return [_purge(row) for row in rows]

    async def jobs(self, wish: Wish, but: Collection[str], most: int) -> list[Job]:
        """Some of what is left, `but` for these: what is under way first, which ends free of charge
        as long as it is."""
        key = {**_named(wish), "but": json.dumps([*but]), "most": most}
        found = await self._database.report(lambda c: c.execute(_SOME, key).fetchall())
        return [job_of(row) for row in found]

    async def copies(self, job: Job) -> list[Job]:
        """A job, and all that hold its very pixels."""

        def run(connection: sqlite3.Connection) -> list[Job]:
            found = tracing.copies(connection, job.id)
            return [job_of(reports.row_of(connection, each)) for each in found]

        return await self._database.read(run)

    async def take_down(self, job: Job, gone: Sequence[Job], now: float) -> None:
        """The files of these are gone, as are their messages soon, and what arrives late of them;
        reports of it are answered. Raises Grew."""

        def run(connection: sqlite3.Connection) -> None:
            reports.hide(connection, job, gone, now)
            connection.execute(
                "INSERT INTO reports (guild_id, job_id, reporter_id, reason, created_at, answer)"
                " VALUES (?, ?, ?, '', ?, 'deleted') ON CONFLICT DO NOTHING",
                (job.origin.guild, job.id, _NOBODY, now),
            )
            connection.execute(
                "UPDATE reports SET answer = 'deleted' WHERE job_id = ? AND answer IS NULL",
                (job.id,),
            )

        await self._database.transaction(run)

    async def done(self, purge: Purge, now: float) -> None:
        """Nothing is left of it."""
        await self._database.transaction(
            lambda c: c.execute("UPDATE purges SET done_at = ? WHERE id = ?", (now, purge.id))
        )

    async def untold(self, actor: int, guild: int) -> list[Purge]:
        """Those that are done and that somebody does not know of there, or with 0 anywhere."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT * FROM purges WHERE actor_id = ?1 AND done_at IS NOT NULL"
                " AND (guild_id = ?2 OR ?2 = 0) ORDER BY id",
                (actor, guild),
            ).fetchall()
        )
        return [_purge(row) for row in rows]

    async def told(self, purges: Collection[Purge]) -> None:
        """Who asked knows."""
        named = [(each.id,) for each in purges]
        await self._database.transaction(
            lambda c: c.executemany("DELETE FROM purges WHERE id = ?", named)
        )


def _named(wish: Wish) -> dict[str, float]:
    guild, user = wish.account.guild, wish.account.user
    return {"guild": guild, "user": user, "since": wish.since, "until": wish.asked_at}


def _purge(row: sqlite3.Row) -> Purge:
    account = Account(row["guild_id"], row["user_id"])
    wish = Wish(account, row["actor_id"], row["days"], row["since"], row["asked_at"])
    return Purge(row["id"], wish, Count(row["pictures"], row["unfinished"]))
