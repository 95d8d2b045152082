"""Entries of the append-only book of credits. All belong inside a transaction.

Each entry is made against a bucket, and the database keeps a bucket's balance: lasting credits of
one source, or what was used of the allowance on one UTC day. A hold of a job is closed once, by
capture or release, against the bucket that it was taken from.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.credits import Payment, shares
from bot.domain.job import Job
from bot.domain.people import Account
from bot.domain.period import Period


def hold(connection: sqlite3.Connection, jobs: Sequence[Job], parts: Payment) -> None:
    """Reserve what `funds.afford` found for jobs that are stored by now."""
    for job, paying, part in shares(parts, [(job, job.cost) for job in jobs]):
        drawn = paying or _allowance(connection, job.account, job.created_at)
        write(connection, drawn, "hold", -part, job.id, job.user, "job", job.created_at)


def capture(connection: sqlite3.Connection, job: str, now: float) -> None:
    """The job's pictures exist: what was held is spent. Does nothing the second time."""
    _close(connection, job, "capture", now)


def release(connection: sqlite3.Connection, job: str, now: float) -> None:
    """The job failed or was cancelled: what was held comes back. Does nothing the second time."""
    _close(connection, job, "release", now)


def _close(connection: sqlite3.Connection, job: str, kind: str, now: float) -> None:
    connection.execute(
        "INSERT INTO ledger (bucket_id, kind, amount, job_id, actor_id, reason, created_at)"
        " SELECT bucket_id, ?1, CASE ?1 WHEN 'release' THEN -amount ELSE 0 END, job_id, actor_id,"
        " reason, ?2 FROM ledger h WHERE job_id = ?3 AND kind = 'hold' AND NOT EXISTS"
        " (SELECT 1 FROM ledger e WHERE e.job_id = h.job_id AND e.bucket_id = h.bucket_id"
        " AND e.kind IN ('capture', 'release'))",
        (kind, now, job),
    )


def grant(
    connection: sqlite3.Connection, account: Account, amount: int, actor: int, reason: str,
    now: float, *, source: str = "grant", expires_at: float | None = None, origin: str = "",
) -> int:  # fmt: skip
    """Open a bucket of lasting credits; returns its id. Raises IntegrityError where the account has
    one of this `origin` already."""
    opened = bucket(connection, account, source, now, expires_at, origin)
    write(connection, opened, "grant", amount, None, actor, reason, now)
    return opened


def bucket(
    connection: sqlite3.Connection, account: Account, source: str, granted_at: float,
    expires_at: float | None = None, origin: str = "", kind: str = "lasting",
) -> int:  # fmt: skip
    """An empty one; returns its id."""
    return connection.execute(
        "INSERT INTO buckets (guild_id, user_id, kind, source, granted_at, expires_at, origin)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (account.guild, account.user, kind, source, granted_at, expires_at, origin),
    ).fetchone()[0]


def write(
    connection: sqlite3.Connection, bucket: int, kind: str, amount: int, job: str | None,
    actor: int, reason: str, now: float,
) -> None:  # fmt: skip
    """One entry."""
    connection.execute(
        "INSERT INTO ledger (bucket_id, kind, amount, job_id, actor_id, reason, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (bucket, kind, amount, job, actor, reason, now),
    )


def _allowance(connection: sqlite3.Connection, account: Account, now: float) -> int:
    """The bucket of what is used of the allowance today."""
    day = Period.DAY.began(now)
    found = connection.execute(
        "SELECT id FROM buckets WHERE guild_id = ? AND user_id = ? AND granted_at = ?"
        " AND kind = 'allowance' AND forgiven_at IS NULL",
        (account.guild, account.user, day),
    ).fetchone()
    return found[0] if found else bucket(connection, account, "", day, kind="allowance")
