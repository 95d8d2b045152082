"""Ends of jobs that leave no pictures, and what follows from them. Belongs inside transactions."""

from __future__ import annotations

import sqlite3

from bot.domain.job import Failure, Job
from bot.storage import entries, outbox
from bot.storage.rows import job_of


def fail(connection: sqlite3.Connection, job: str, failure: Failure, now: float) -> Job | None:
    """Failed and released, and its owner is to be told."""
    row = connection.execute(
        "UPDATE jobs SET state = 'failed', finished_at = ?, failure = ?, reference = ?,"
        " smaller_width = ?, smaller_height = ?, failure_code = ? WHERE id = ? RETURNING *",
        (now, failure.sentence, failure.reference, *_sides(failure), failure.code, job),
    ).fetchone()
    return _ended_without(connection, row, now)


def block(connection: sqlite3.Connection, job: str, failure: Failure, now: float) -> Job | None:
    """The same of one whose pictures nobody is to see; nothing is known of them any more."""
    connection.execute("DELETE FROM images WHERE job_id = ?", (job,))
    connection.execute("UPDATE jobs SET blocked = 1 WHERE id = ?", (job,))
    return fail(connection, job, failure, now)


def _sides(failure: Failure) -> tuple[int | None, int | None]:
    return failure.smaller.sides if failure.smaller else (None, None)


def cancel(
    connection: sqlite3.Connection, job: str, now: float, *, shown: bool = True
) -> Job | None:
    """Cancelled and released, whether waiting or running; None when it had ended. `shown` says that
    its progress may be in the channel."""
    row = connection.execute(
        "UPDATE jobs SET state = 'cancelled', finished_at = ? WHERE id = ?"
        " AND state IN ('waiting', 'running') RETURNING *",
        (now, job),
    ).fetchone()
    return _ended_without(connection, row, now, shown=shown)


def _ended_without(
    connection: sqlite3.Connection, row: sqlite3.Row | None, now: float, *, shown: bool = True
) -> Job | None:
    """Without pictures: what was held is released, and the end is to be shown."""
    if row is None:
        return None
    entries.release(connection, row["id"], now)
    if shown:
        outbox.insert_end(connection, row["id"])
    return job_of(row)
