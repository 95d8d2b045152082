"""The append-only book of credits. Functions that take a connection belong inside a transaction.

Each entry is made against a bucket, and the database keeps a bucket's balance: lasting credits of
one source, or what was used of the allowance on one UTC day. A hold of a job is closed once, by
capture or release, against the bucket that it was taken from.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.errors import OutOfCredits
from bot.domain.job import Job
from bot.domain.people import Account
from bot.domain.quota import Balance, Bucket, Payment, Period, Quota, payment, shares
from bot.storage.audit import write_audit
from bot.storage.database import Database


@dataclass(frozen=True)
class Usage:
    """Grids that a user paid for since a moment."""

    user: int
    grids: int


class LedgerRepository:
    """Balances, grants and usage of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def balance(self, account: Account, quota: Quota, now: float) -> Balance:
        """What the account has under this quota."""
        return await self._database.read(lambda c: _funds(c, account, quota, now)[0])

    async def grant(
        self,
        account: Account,
        amount: int,
        actor: int,
        reason: str,
        now: float,
        *,
        source: str = "grant",
        expires_at: float | None = None,
    ) -> int:
        """Add credits that stay, until `expires_at` if given; a negative amount takes back at most
        what is there.

        Returns the change that was made; it is written to the audit trail too.
        """

        def run(connection: sqlite3.Connection) -> int:
            if amount > 0:
                bucket = _open(connection, account, "lasting", source, now, expires_at)
                changes = [(bucket, amount)]
            else:
                changes = _taken(_lasting(connection, account, now), -amount)
            for bucket, part in changes:
                _write(connection, bucket, "grant", part, None, actor, reason, now)
            change = sum(part for _, part in changes)
            detail = {"user": account.user, "asked": amount, "changed": change, "reason": reason}
            write_audit(connection, account.guild, actor, "quota grant", detail, now)
            return change

        return await self._database.transaction(run)

    async def forgive(self, account: Account, quota: Quota, actor: int, now: float) -> Balance:
        """Forget what was used of the allowance until now, with an audit entry.

        A job that is under way and released later gives nothing back twice.
        """

        def run(connection: sqlite3.Connection) -> Balance:
            before, _ = _funds(connection, account, quota, now)
            connection.execute(
                "UPDATE buckets SET forgiven_at = ? WHERE guild_id = ? AND user_id = ?"
                " AND kind = 'allowance' AND forgiven_at IS NULL",
                (now, account.guild, account.user),
            )
            balance, _ = _funds(connection, account, quota, now)
            changed = balance.allowance_left - before.allowance_left
            detail = {"user": account.user, "changed": changed}
            write_audit(connection, account.guild, actor, "quota reset credits", detail, now)
            return balance

        return await self._database.transaction(run)

    async def usage(self, guild: int, since: float, limit: int = 10) -> list[Usage]:
        """Users of a guild by paid grids since `since`, most first."""
        rows = await self._database.report(
            lambda c: c.execute(
                "SELECT user_id, SUM(cost) AS grids FROM jobs WHERE guild_id = ?"
                " AND finished_at >= ? AND state = 'succeeded' AND cost > 0"
                " GROUP BY user_id ORDER BY grids DESC, user_id LIMIT ?",
                (guild, since, limit),
            ).fetchall()
        )
        return [Usage(row["user_id"], row["grids"]) for row in rows]


def afford(connection: sqlite3.Connection, jobs: Sequence[Job], quota: Quota) -> Payment:
    """What pays jobs of one account and moment that are not stored yet. Raises OutOfCredits."""
    cost = sum(job.cost for job in jobs)
    balance, buckets = _funds(connection, jobs[0].account, quota, jobs[0].created_at)
    if balance.spendable < cost:
        raise OutOfCredits(_refusal(balance, quota, [job.cost for job in jobs]))
    return payment(balance, buckets, cost)


def hold(connection: sqlite3.Connection, jobs: Sequence[Job], parts: Payment) -> None:
    """Reserve what `afford` found for jobs that are stored by now."""
    for job, bucket, part in shares(parts, [(job, job.cost) for job in jobs]):
        paying = bucket or _allowance(connection, job.account, job.created_at)
        _write(connection, paying, "hold", -part, job.id, job.user, "job", job.created_at)


def _refusal(balance: Balance, quota: Quota, costs: Sequence[int]) -> str:
    cost = sum(costs)
    need = f"This costs {cost} credit{'s' if cost > 1 else ''} and you have {balance.spendable}"
    enough = sum(sofar <= balance.spendable for sofar in itertools.accumulate(costs))
    if enough:
        need += f", enough for {enough} of these {len(costs)} grids"
    if balance.held:
        need += f" ({balance.held} held for jobs under way)"
    if balance.room is not None and balance.spendable == balance.room:
        back = f"<t:{balance.resets_at:.0f}:R>"
        return f"{need}; the operator allows {quota.most} a {quota.period} in all, again {back}."
    if quota.credits == 0:
        return f"{need}; ask an admin of this server for credits."
    return f"{need}; your {quota.credits} a {quota.period} come back <t:{balance.resets_at:.0f}:R>."


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


def _funds(
    connection: sqlite3.Connection, account: Account, quota: Quota, now: float
) -> tuple[Balance, list[Bucket]]:
    """What the account has, and its lasting buckets, soonest to end first."""
    used, held = connection.execute(
        "SELECT (SELECT COALESCE(-SUM(balance), 0) FROM buckets WHERE guild_id = ?1"
        " AND user_id = ?2 AND kind = 'allowance' AND forgiven_at IS NULL AND granted_at >= ?3),"
        " (SELECT COALESCE(SUM(cost), 0) FROM jobs WHERE guild_id = ?1 AND user_id = ?2"
        " AND state IN ('waiting', 'running'))",
        (account.guild, account.user, quota.period.began(now)),
    ).fetchone()
    buckets = _lasting(connection, account, now)
    room = None
    if quota.most is not None:
        room = max(0, quota.most - _charged(connection, account, quota.period.began(now)))
    balance = Balance(
        allowance_left=max(0, quota.credits - used),
        lasting=sum(bucket.left for bucket in buckets),
        held=held,
        allowance=quota.credits,
        resets_at=quota.period.ends(now),
        room=room,
    )
    return balance, buckets


def _charged(connection: sqlite3.Connection, account: Account, since: float) -> int:
    return connection.execute(
        "SELECT COALESCE(SUM(cost), 0) FROM jobs WHERE guild_id = ? AND user_id = ?"
        " AND created_at >= ? AND cost > 0 AND state NOT IN ('failed', 'cancelled')",
        (account.guild, account.user, since),
    ).fetchone()[0]


def _lasting(connection: sqlite3.Connection, account: Account, now: float) -> list[Bucket]:
    rows = connection.execute(
        "SELECT id, balance, expires_at FROM buckets WHERE guild_id = ? AND user_id = ?"
        " AND kind = 'lasting' AND balance > 0 AND (expires_at IS NULL OR expires_at > ?)"
        " ORDER BY expires_at IS NULL, expires_at, id",
        (account.guild, account.user, now),
    )
    return [Bucket(*row) for row in rows]


def _taken(buckets: list[Bucket], amount: int) -> list[tuple[int, int]]:
    """Changes that take back at most `amount`."""
    changes = []
    for bucket in buckets:
        part = min(bucket.left, amount)
        amount -= part
        if part:
            changes.append((bucket.id, -part))
    return changes


def _allowance(connection: sqlite3.Connection, account: Account, now: float) -> int:
    """The bucket of what is used of the allowance today."""
    day = Period.DAY.began(now)
    found = connection.execute(
        "SELECT id FROM buckets WHERE guild_id = ? AND user_id = ? AND granted_at = ?"
        " AND kind = 'allowance' AND forgiven_at IS NULL",
        (account.guild, account.user, day),
    ).fetchone()
    return found[0] if found else _open(connection, account, "allowance", "", day, None)


def _open(
    connection: sqlite3.Connection, account: Account, kind: str, source: str, granted_at: float,
    expires_at: float | None,
) -> int:  # fmt: skip
    return connection.execute(
        "INSERT INTO buckets (guild_id, user_id, kind, source, granted_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (account.guild, account.user, kind, source, granted_at, expires_at),
    ).fetchone()[0]


def _write(
    connection: sqlite3.Connection, bucket: int, kind: str, amount: int, job: str | None,
    actor: int, reason: str, now: float,
) -> None:  # fmt: skip
    connection.execute(
        "INSERT INTO ledger (bucket_id, kind, amount, job_id, actor_id, reason, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (bucket, kind, amount, job, actor, reason, now),
    )
