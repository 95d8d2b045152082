"""Jobs: the truth about each, and what ends one. One method is one transaction.

Fencing: `start` counts `attempt` up in the transaction that sets `running`; every later write of
a drawing attempt names it and says whether the row was still its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.action import ACTIONS, ALL, Action, Target, Tile
from bot.domain.job import Failure, Job
from bot.domain.people import Account
from bot.domain.proposal import Answer
from bot.domain.quota import Claim
from bot.domain.safety import ANYTHING, SafetyPolicy, Stance
from bot.storage import admission, ends, entries, pictures, proposals, rows, safety
from bot.storage.appeals import use_appeals
from bot.storage.database import Database
from bot.storage.pictures import StoredImage
from bot.storage.rows import job_of
from bot.storage.success import Success, extracted, succeed


class JobRepository:
    """The truth about jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def submit(
        self, jobs: Sequence[Job], claim: Claim, queue_limit: int, proposal: str = ""
    ) -> list[Job]:
        """Check limits and balance, insert the jobs, hold their prices; all are of one account, and
        of the `proposal` if one is named, which is answered thereby.

        Returns them as they are stored. Raises QueueFull or OutOfCredits, and NotFound where the
        proposal was answered before or a file that one is made from is gone; then nothing was
        written.
        """

        def run(connection: sqlite3.Connection) -> list[Job]:
            if proposal:
                proposals.answer(connection, proposal, Answer.DRAWN)
            return submitted(connection, jobs, claim, queue_limit)

        return await self._database.transaction(run)

    async def extract(self, job: Job, image: StoredImage, stance: Stance = ANYTHING) -> Job | None:
        """Insert an upscale as finished, with its picture and delivery; or return the earlier
        one of the same tile, or None where that is not kept any more. `stance` is as of `succeed`.

        Raises Withheld where nobody is to see it; then nothing was written.
        """

        def run(connection: sqlite3.Connection) -> Job | None:
            source = job.request.source
            assert source is not None
            earlier = _upscale_of(connection, source)
            if earlier is None and pictures.kept(connection, source):
                return extracted(connection, job, image, stance)
            return earlier

        return await self._database.transaction(run)

    async def upscale_of(self, tile: Tile) -> Job | None:
        """The job that took this picture out of its grid."""
        return await self._database.read(lambda c: _upscale_of(c, tile))

    async def get(self, job: str) -> Job | None:
        row = await self._database.read(
            lambda c: c.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchone()
        )
        return job_of(row) if row else None

    async def unfinished(self) -> list[Job]:
        """Waiting and running jobs, oldest first."""

        def run(connection: sqlite3.Connection) -> list[Job]:
            # Read here as well: ten thousand requests would keep the event loop for a second.
            return [
                job_of(row)
                for row in connection.execute(
                    "SELECT * FROM jobs WHERE state IN ('waiting', 'running')"
                    " ORDER BY created_at, rowid"
                )
            ]

        return await self._database.read(run)

    async def requeue_running(self) -> None:
        """After a restart: what was running waits again. Not a strike."""
        await self._database.transaction(
            lambda c: c.execute(f"UPDATE jobs SET state = 'waiting' WHERE {rows.RUNNING}")
        )

    async def start(self, job: str, now: float) -> Job | None:
        """Set running, as a new attempt; None when it is not waiting any more."""

        def run(connection: sqlite3.Connection) -> Job | None:
            row = connection.execute(
                "UPDATE jobs SET state = 'running', attempt = attempt + 1, started_at = ?"
                " WHERE id = ? AND state = 'waiting' RETURNING *",
                (now, job),
            ).fetchone()
            return job_of(row) if row else None

        return await self._database.transaction(run)

    async def give_back(self, job: str, attempt: int) -> Job | None:
        """A running job waits again; None when the attempt is not its own any more."""

        def run(connection: sqlite3.Connection) -> Job | None:
            row = connection.execute(
                "UPDATE jobs SET state = 'waiting' WHERE id = ?"
                " AND attempt = ? AND state = 'running' RETURNING *",
                (job, attempt),
            ).fetchone()
            return job_of(row) if row else None

        return await self._database.transaction(run)

    async def strike(
        self, job: str, attempt: int, limit: int, failure: Failure, now: float
    ) -> Job | None:
        """A running job's worker died of it: it waits again, or at the strike number `limit` has
        failed with `failure` and is released. None when the attempt is not its own any more."""

        def run(connection: sqlite3.Connection) -> Job | None:
            row = connection.execute(
                "UPDATE jobs SET strikes = strikes + 1, state = 'waiting' WHERE id = ?"
                " AND attempt = ? AND state = 'running' RETURNING *",
                (job, attempt),
            ).fetchone()
            if row is None or row["strikes"] < limit:
                return job_of(row) if row else None
            return ends.fail(connection, job, failure, now)

        return await self._database.transaction(run)

    async def succeed(
        self,
        job: str,
        attempt: int,
        seconds: float,
        engine: str,
        now: float,
        images: Sequence[StoredImage] = (),
        stance: Stance = ANYTHING,
    ) -> Job | None:
        """All pictures exist, with the `images` that are not recorded yet: succeeded, captured,
        ready for delivery, counted in the profile. `stance` is what the operator wants of unsafe
        ones.

        None when the attempt is not the job's own any more. Raises ValueError when a picture is
        missing, Withheld where nobody is to see them; then nothing was written.
        """
        how = Success(seconds, engine, now, images, stance)
        return await self._database.transaction(lambda c: succeed(c, job, attempt, how))

    async def policy(self, job: str, stance: Stance) -> SafetyPolicy:
        """What is done now about its pictures, should they be unsafe."""
        if not stance.cares:
            return SafetyPolicy()
        return await self._database.read(lambda c: safety.policy_for(c, job, stance))

    async def block(self, job: str, failure: Failure, now: float, attempt: int) -> Job | None:
        """Nobody is to see its pictures: it has failed and is released, and nothing is known of
        them any more. None when the attempt is not the job's own any more."""

        def run(connection: sqlite3.Connection) -> Job | None:
            if not _is_own(connection, job, attempt):
                return None
            return ends.block(connection, job, failure, now)

        return await self._database.transaction(run)

    async def fail(self, job: str, failure: Failure, now: float, attempt: int) -> Job | None:
        """Failed, released and to be told; None when the attempt is not the job's own any more."""

        def run(connection: sqlite3.Connection) -> Job | None:
            own = _is_own(connection, job, attempt)
            return ends.fail(connection, job, failure, now) if own else None

        return await self._database.transaction(run)

    async def refuse(self, job: str, failure: Failure, now: float) -> Job | None:
        """A waiting job cannot be drawn: failed, released and to be told; None when it is not
        waiting."""

        def run(connection: sqlite3.Connection) -> Job | None:
            waiting = connection.execute(
                "SELECT 1 FROM jobs WHERE id = ? AND state = 'waiting'", (job,)
            ).fetchone()
            return ends.fail(connection, job, failure, now) if waiting else None

        return await self._database.transaction(run)

    async def retarget(self, job: Job) -> None:
        """A waiting job is drawn by another model: its new request, and none of the pictures that
        the old one drew."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE jobs SET request = ? WHERE id = ? AND state = 'waiting'",
                (rows.written(job.request), job.id),
            )
            connection.execute("DELETE FROM images WHERE job_id = ?", (job.id,))

        await self._database.transaction(run)

    async def cancel(self, job: str, now: float, *, shown: bool = True) -> Job | None:
        """Cancelled and released, whether waiting or running; None when it had ended.

        `shown` says that its progress may be in the channel, and is to be brought to its end.
        """

        return await self._database.transaction(
            lambda c: ends.cancel(c, job, now, shown=shown)
        )  # fmt: skip

    async def cancel_batch(self, first: str, now: float) -> list[Job]:
        """The same for every job of a batch that has not ended; returns these."""

        def run(connection: sqlite3.Connection) -> list[Job]:
            found = [ends.cancel(connection, job.id, now) for job in _batch(connection, first)]
            return [job for job in found if job is not None]

        return await self._database.transaction(run)

    async def of_batch(self, first: str) -> list[Job]:
        """The jobs that one message shows, in the order in which they were asked for; none once
        that message has ended."""
        return await self._database.read(lambda c: _batch(c, first))

    async def used(self, job: str) -> set[tuple[Action, int]]:
        """Buttons of this job's message that led to a job: (action, tile or `ALL`)."""
        found = await self._database.read(
            lambda c: c.execute(
                "SELECT DISTINCT action, source_job, source_tile FROM jobs WHERE parent_id = ?"
                " AND state NOT IN ('failed', 'cancelled')",
                (job,),
            ).fetchall()
        )
        return {
            (spec.code, row["source_tile"] if spec.target is Target.TILE else ALL)
            for row in found
            if (spec := ACTIONS.get(row["action"]))
        }

    async def of_account(self, account: Account) -> list[Job]:
        """The unfinished jobs of an account, oldest first."""
        found = await self._database.read(
            lambda c: c.execute(
                "SELECT * FROM jobs WHERE guild_id = ? AND user_id = ? AND state IN"
                " ('waiting', 'running') ORDER BY created_at, rowid",
                (account.guild, account.user),
            ).fetchall()
        )
        return [job_of(row) for row in found]


def _batch(connection: sqlite3.Connection, first: str) -> list[Job]:
    found = connection.execute("SELECT * FROM jobs WHERE batch_id = ? ORDER BY rowid", (first,))
    return [job_of(row) for row in found]


def submitted(
    connection: sqlite3.Connection, jobs: Sequence[Job], claim: Claim, queue_limit: int
) -> list[Job]:
    """The jobs as they are stored, with their holds; belongs inside a transaction. Raises as
    `JobRepository.submit` does."""
    quota, parts, allowed = admission.check(connection, jobs, claim, queue_limit)
    stored = [job.limited(quota.running) for job in jobs]
    for job in stored:
        rows.insert(connection, job)
    if claim.permit or allowed:
        use_appeals(connection, claim.permit, stored)
    entries.hold(connection, stored, parts)
    return stored


def _upscale_of(connection: sqlite3.Connection, tile: Tile) -> Job | None:
    row = connection.execute(
        "SELECT * FROM jobs WHERE action = 'upscale' AND source_job = ? AND source_tile = ?",
        (tile.job, tile.index),
    ).fetchone()
    return job_of(row) if row else None


def _is_own(connection: sqlite3.Connection, job: str, attempt: int) -> bool:
    found = connection.execute(
        "SELECT 1 FROM jobs WHERE id = ? AND attempt = ? AND state = 'running'", (job, attempt)
    ).fetchone()
    return found is not None
