"""The append-only book of credits. Functions that take a connection belong inside a transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from bot.domain.errors import OutOfCredits
from bot.domain.people import Account
from bot.domain.quota import Balance, Quota
from bot.storage.audit import write_audit
from bot.storage.database import Database

EXTRA = ""
PERIODIC_REASON = "period"
NOBODY = 0


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
        """The balance after the grant of the current period, which is written if it is due."""
        return await self._database.transaction(lambda c: settle_period(c, account, quota, now))

    async def grant(
        self, account: Account, amount: int, actor: int, reason: str, now: float
    ) -> int:
        """Add credits that do not lapse; a negative amount takes back at most what is there.

        Returns the change that was made; it is written to the audit trail too.
        """

        def run(connection: sqlite3.Connection) -> int:
            change = max(amount, -_sum(connection, account, EXTRA))
            if change:
                _write(connection, account, EXTRA, "grant", change, None, actor, reason, now)
            detail = {"user": account.user, "asked": amount, "changed": change, "reason": reason}
            write_audit(connection, account.guild, actor, "quota grant", detail, now)
            return change

        return await self._database.transaction(run)

    async def refill(self, account: Account, quota: Quota, actor: int, now: float) -> Balance:
        """Bring the current period's credits back to the full allowance, with an audit entry."""

        def run(connection: sqlite3.Connection) -> Balance:
            settle_period(connection, account, quota, now)
            bucket = quota.period.key(now)
            missing = quota.credits - _sum(connection, account, bucket)
            if missing:
                _write(connection, account, bucket, "grant", missing, None, actor, "reset", now)
            detail = {"user": account.user, "changed": missing}
            write_audit(connection, account.guild, actor, "quota reset credits", detail, now)
            return settle_period(connection, account, quota, now)

        return await self._database.transaction(run)

    async def usage(self, guild: int, since: float, limit: int = 10) -> list[Usage]:
        """Users of a guild by paid grids since `since`, most first."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT h.user_id, -SUM(h.amount) AS grids FROM ledger h JOIN ledger e"
                " ON e.job_id = h.job_id AND e.bucket = h.bucket AND e.kind = 'capture'"
                " WHERE h.guild_id = ? AND h.kind = 'hold' AND e.created_at >= ?"
                " GROUP BY h.user_id ORDER BY grids DESC, h.user_id LIMIT ?",
                (guild, since, limit),
            ).fetchall()
        )
        return [Usage(row["user_id"], row["grids"]) for row in rows]


def settle_period(
    connection: sqlite3.Connection, account: Account, quota: Quota, now: float
) -> Balance:
    """Write the current period's grant, or its difference to a better quota gained meanwhile."""
    bucket = quota.period.key(now)
    granted = connection.execute(
        "SELECT COALESCE(SUM(amount), 0) FROM ledger WHERE guild_id = ? AND user_id = ?"
        " AND bucket = ? AND kind = 'grant' AND reason = ?",
        (account.guild, account.user, bucket, PERIODIC_REASON),
    ).fetchone()[0]
    if quota.credits > granted:
        amount = quota.credits - granted
        _write(
            connection, account, bucket, "grant", amount, None, NOBODY, PERIODIC_REASON, now
        )  # fmt: skip
    held = connection.execute(
        "SELECT COALESCE(-SUM(h.amount), 0) FROM ledger h WHERE h.guild_id = ? AND h.user_id = ?"
        " AND h.kind = 'hold' AND NOT EXISTS (SELECT 1 FROM ledger e WHERE e.job_id = h.job_id"
        " AND e.bucket = h.bucket AND e.kind IN ('capture', 'release'))",
        (account.guild, account.user),
    ).fetchone()[0]
    return Balance(
        periodic=_sum(connection, account, bucket),
        extra=_sum(connection, account, EXTRA),
        held=held,
        granted=max(granted, quota.credits),
        resets_at=quota.period.ends(now),
    )


def hold(
    connection: sqlite3.Connection,
    account: Account,
    quota: Quota,
    job: str,
    cost: int,
    now: float,
) -> None:
    """Reserve `cost` for a job, from what lapses soonest. Raises OutOfCredits."""
    if cost == 0:
        return
    balance = settle_period(connection, account, quota, now)
    if balance.spendable < cost:
        raise OutOfCredits(_refusal(balance, quota, cost))
    periodic = min(max(balance.periodic, 0), cost)
    for bucket, part in ((quota.period.key(now), periodic), (EXTRA, cost - periodic)):
        if part:
            _write(connection, account, bucket, "hold", -part, job, account.user, "job", now)


def _refusal(balance: Balance, quota: Quota, cost: int) -> str:
    need = f"This costs {cost} credit{'s' if cost > 1 else ''} and you have {balance.spendable}"
    if balance.held:
        need += f" ({balance.held} held for jobs under way)"
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
        "INSERT INTO ledger (guild_id, user_id, bucket, kind, amount, job_id, actor_id, reason,"
        " created_at) SELECT guild_id, user_id, bucket, ?1, CASE ?1 WHEN 'release' THEN -amount"
        " ELSE 0 END, job_id, actor_id, reason, ?2 FROM ledger h WHERE job_id = ?3"
        " AND kind = 'hold' AND NOT EXISTS (SELECT 1 FROM ledger e WHERE e.job_id = h.job_id"
        " AND e.bucket = h.bucket AND e.kind IN ('capture', 'release'))",
        (kind, now, job),
    )


def _sum(connection: sqlite3.Connection, account: Account, bucket: str) -> int:
    return connection.execute(
        "SELECT COALESCE(SUM(amount), 0) FROM ledger WHERE guild_id = ? AND user_id = ?"
        " AND bucket = ?",
        (account.guild, account.user, bucket),
    ).fetchone()[0]


def _write(
    connection: sqlite3.Connection, account: Account, bucket: str, kind: str, amount: int,
    job: str | None, actor: int, reason: str, now: float,
) -> None:  # fmt: skip
    connection.execute(
        "INSERT INTO ledger (guild_id, user_id, bucket, kind, amount, job_id, actor_id, reason,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (account.guild, account.user, bucket, kind, amount, job, actor, reason, now),
    )
