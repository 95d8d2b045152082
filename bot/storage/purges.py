"""All of somebody's pictures on a server, for admins who want them gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from bot.domain.job import Job
from bot.domain.people import Account
from bot.storage import reports, tracing
from bot.storage.audit import write_audit
from bot.storage.database import Database
from bot.storage.rows import job_of

_LEFT = """
FROM jobs_of_people j WHERE j.guild_id = ? AND j.user_id = ? AND j.created_at >= ?
    AND (j.state IN ('waiting', 'running') OR EXISTS
        (SELECT 1 FROM images i WHERE i.job_id = j.id AND i.evicted_at IS NULL))
"""
_COUNTS = f"""
SELECT COALESCE(SUM((SELECT COUNT(*) FROM images i
        WHERE i.job_id = j.id AND i.evicted_at IS NULL)), 0) AS pictures,
    COALESCE(SUM(j.state IN ('waiting', 'running')), 0) AS unfinished {_LEFT}
"""
_NOBODY = 0
"""Who reported what admins delete unasked."""


class Count(NamedTuple):
    """What would go: kept pictures, and jobs that wait or are being drawn."""

    pictures: int
    unfinished: int


class PurgeRepository:
    """One method is one transaction. `since` is UTC seconds, when jobs were asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, account: Account, since: float) -> Count:
        """What there is of somebody on a server."""
        key = (account.guild, account.user, since)
        row = await self._database.report(lambda c: c.execute(_COUNTS, key).fetchone())
        return Count(row["pictures"], row["unfinished"])

    async def jobs(self, account: Account, since: float, limit: int) -> list[Job]:
        """Some of it, oldest first."""
        key = (account.guild, account.user, since, limit)
        found = await self._database.report(
            lambda c: c.execute(
                f"SELECT j.* {_LEFT} ORDER BY j.created_at, j.number LIMIT ?", key
            ).fetchall()
        )
        return [job_of(row) for row in found]

    async def copies(self, job: Job) -> list[Job]:
        """A job, and all that hold its very pixels."""

        def run(connection: sqlite3.Connection) -> list[Job]:
            found = tracing.copies(connection, job.id)
            return [job_of(reports.row_of(connection, each)) for each in found]

        return await self._database.read(run)

    async def take_down(self, job: Job, gone: Sequence[Job], now: float) -> None:
        """The files of these are gone, as are their messages soon, and what arrives late of them;
        reports of it are answered."""

        def run(connection: sqlite3.Connection) -> None:
            reports.hide(connection, gone, now)
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

    async def note(self, account: Account, days: int, count: Count, actor: int, now: float) -> None:
        """An admin wants it; so many days back, 0 for all."""
        detail = {"user": account.user, "days": days, **count._asdict()}
        await self._database.transaction(
            lambda c: write_audit(c, account.guild, actor, "purge", detail, now)
        )
