"""The end of a job whose pictures all exist, and what follows from it. Belongs inside a
transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.delivery import Kind
from bot.domain.job import Job
from bot.domain.safety import Stance, Verdict, Withheld
from bot.storage import entries, history, outbox, pictures, rows, safety
from bot.storage.pictures import StoredImage
from bot.storage.rows import job_of


@dataclass(frozen=True)
class Success:
    """How it went, and the `images` that are not recorded yet. `stance` is what the operator wants
    of unsafe pictures."""

    seconds: float
    engine: str
    now: float
    images: Sequence[StoredImage]
    stance: Stance


def succeed(connection: sqlite3.Connection, job: str, attempt: int, how: Success) -> Job | None:
    """See `JobRepository.succeed`."""
    row = connection.execute(
        "UPDATE jobs SET state = 'succeeded', finished_at = ?, seconds = ?, engine = ?"
        " WHERE id = ? AND attempt = ? AND state = 'running' RETURNING *",
        (how.now, how.seconds, how.engine, job, attempt),
    ).fetchone()
    if row is None:
        return None
    ended = job_of(row)
    pictures.insert(connection, job, how.images, how.now)
    _check_complete(connection, ended)
    entries.capture(connection, job, how.now)
    _show(connection, ended, how.stance)
    connection.execute(
        "UPDATE profiles SET grids = grids + 1, pictures = pictures + ?, seconds ="
        " seconds + ? WHERE user_id = ?",
        (ended.request.count, how.seconds, ended.user),
    )
    return ended


def extracted(
    connection: sqlite3.Connection, job: Job, image: StoredImage, stance: Stance
) -> Job:  # fmt: skip
    """A picture was taken out of its grid: see `JobRepository.extract`."""
    rows.insert(connection, job)
    pictures.insert(connection, job.id, [image], job.created_at)
    _show(connection, job, stance)
    return job


def _show(connection: sqlite3.Connection, job: Job, stance: Stance) -> None:
    """What there is of it now is found and posted. Raises Withheld."""
    verdict = safety.judged(connection, job.id, stance)
    if verdict.refused:
        raise Withheld(verdict)
    outbox.insert(connection, job.id, Kind.RESULT)
    history.insert(connection, job, flagged=verdict is Verdict.COVERED)


def _check_complete(connection: sqlite3.Connection, job: Job) -> None:
    stored = connection.execute(
        "SELECT COUNT(*) FROM images WHERE job_id = ? AND evicted_at IS NULL", (job.id,)
    ).fetchone()[0]
    if stored != job.request.count:
        raise ValueError(f"job {job.id} has {stored} of {job.request.count} pictures")
