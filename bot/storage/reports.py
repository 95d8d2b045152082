"""What people told the moderators of their server about results."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.domain.errors import UserError
from bot.domain.job import Job
from bot.domain.language import _, counted
from bot.storage import removals, tracing
from bot.storage.audit import write_audit
from bot.storage.database import Database
from bot.storage.rows import job_of

Verdict = Literal["dismissed", "deleted"]
DAY_S = 86_400


@dataclass(frozen=True)
class Report:
    """Of a `job` by its reporters, who gave these reasons (not all do), first at `at` (UTC
    seconds). It was posted as `message` in `channel`; 0 where it is not."""

    job: Job
    reporters: tuple[int, ...]
    reasons: tuple[str, ...]
    at: float
    channel: int
    message: int


class ReportRepository:
    """Each person once for each result. One method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job: Job, reporter: int, reason: str, now: float, most: int) -> None:
        """Raises UserError for a second one of the same person and result, and for more than
        `most` of a person in a day."""

        def run(connection: sqlite3.Connection) -> None:
            count = connection.execute(
                "SELECT COUNT(*) FROM reports WHERE reporter_id = ? AND created_at > ?",
                (reporter, now - DAY_S),
            ).fetchone()[0]
            _require_new(connection, job, reporter)
            if count >= most:
                raise UserError(
                    counted(
                        "You reported {n} picture within a day, which is all that one may; tell a"
                        " moderator of further ones yourself.",
                        "You reported {n} pictures within a day, which is all that one may; tell a"
                        " moderator of further ones yourself.",
                        most,
                    )
                )
            connection.execute(
                "INSERT INTO reports (guild_id, job_id, reporter_id, reason, created_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (job.origin.guild, job.id, reporter, reason, now),
            )

        await self._database.transaction(run)

    async def require_new(self, job: Job, reporter: int) -> None:
        """Raises UserError for who reported it before."""
        await self._database.read(lambda c: _require_new(c, job, reporter))

    async def open(self, guild: int) -> list[Report]:
        """Those that were not answered, oldest first, all of one result together."""

        def run(connection: sqlite3.Connection) -> list[Report]:
            found = connection.execute(
                "SELECT job_id, MIN(created_at) AS at FROM reports WHERE guild_id = ?"
                " AND answer IS NULL GROUP BY job_id ORDER BY MIN(id)",
                (guild,),
            ).fetchall()
            return [_report(connection, row) for row in found]

        return await self._database.read(run)

    async def of_job(self, job: str) -> Report | None:
        """Those of one result that were not answered, together; None without any."""

        def run(connection: sqlite3.Connection) -> Report | None:
            row = connection.execute(
                "SELECT job_id, MIN(created_at) AS at FROM reports WHERE job_id = ?"
                " AND answer IS NULL",
                (job,),
            ).fetchone()
            return _report(connection, row) if row["job_id"] else None

        return await self._database.read(run)

    async def dismiss(self, job: Job, actor: int, now: float) -> bool:
        """The result stays; False where no report of it waits for an answer."""
        return await self._database.transaction(lambda c: _answer(c, job, "dismissed", actor, now))

    async def copies(self, job: Job) -> list[Job]:
        """A reported result, and all that hold its very pixels; none where no report of it waits
        for an answer."""

        def run(connection: sqlite3.Connection) -> list[Job]:
            waits = "SELECT 1 FROM reports WHERE job_id = ? AND answer IS NULL"
            if connection.execute(waits, (job.id,)).fetchone() is None:
                return []
            found = (row_of(connection, each) for each in tracing.copies(connection, job.id))
            return [job_of(row) for row in found]

        return await self._database.read(run)

    async def take_down(self, job: Job, gone: Sequence[Job], actor: int, now: float) -> bool:
        """The files of these are gone, as are their messages soon; those of jobs without pictures
        say how these ended. False where it was answered meanwhile; raises Grew."""

        def run(connection: sqlite3.Connection) -> bool:
            if not _answer(connection, job, "deleted", actor, now):
                return False
            hide(connection, job, gone, now)
            return True

        return await self._database.transaction(run)


_UNSHOWN = """
UPDATE results SET gone = COALESCE((SELECT message_id FROM deliveries d
    WHERE d.job_id = results.job_id AND d.kind = 'result'), 0) WHERE job_id = ?
"""


def hide(connection: sqlite3.Connection, job: Job, gone: Sequence[Job], now: float) -> None:
    """The files of these are gone, as are their messages soon; belongs inside a transaction. Raises
    Grew where others have a picture of the `job`'s by now."""
    tracing.require_all(connection, job.id, [each.id for each in gone])
    for each in gone:
        row = row_of(connection, each.id)
        if row["state"] == "succeeded":
            removals.insert_all(connection, row)
        connection.execute(
            "UPDATE images SET evicted_at = COALESCE(evicted_at, ?) WHERE job_id = ?",
            (now, each.id),
        )
        connection.execute(_UNSHOWN, (each.id,))


def row_of(connection: sqlite3.Connection, job: str) -> sqlite3.Row:
    """The row of a job that there is."""
    return connection.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchone()


def _answer(
    connection: sqlite3.Connection, job: Job, verdict: Verdict, actor: int, now: float
) -> bool:
    """All reports of one result are answered; False where they were before."""
    answered = connection.execute(
        "UPDATE reports SET answer = ? WHERE job_id = ? AND answer IS NULL", (verdict, job.id)
    )
    if answered.rowcount:
        detail = {"user": job.user, "card": job.id, "verdict": verdict}
        write_audit(connection, job.origin.guild, actor, "report answered", detail, now)
    return bool(answered.rowcount)


def _require_new(connection: sqlite3.Connection, job: Job, reporter: int) -> None:
    if connection.execute(
        "SELECT 1 FROM reports WHERE job_id = ? AND reporter_id = ?", (job.id, reporter)
    ).fetchone():
        raise UserError(_("You reported this picture before; the moderators of this server know."))


def _report(connection: sqlite3.Connection, found: sqlite3.Row) -> Report:
    job = row_of(connection, found["job_id"])
    said = connection.execute(
        "SELECT reporter_id, reason FROM reports WHERE job_id = ? AND answer IS NULL ORDER BY id",
        (job["id"],),
    ).fetchall()
    posted = connection.execute(
        "SELECT channel_id, message_id FROM deliveries WHERE job_id = ? AND kind = 'result'",
        (job["id"],),
    ).fetchone()
    return Report(
        job_of(job), tuple(row["reporter_id"] for row in said),
        tuple(row["reason"] for row in said if row["reason"]), found["at"],
        *(tuple(posted) if posted else (0, 0)),
    )  # fmt: skip
