"""What an account has, what it has a right to, and what ends. Functions that take a connection
belong inside a transaction.

Credits that somebody has a right to (`Due`) and credits that have ended are counted as such by
whoever looks, and written by the account's next job; those that end also by a sweep. Each is
written once, whatever the clock does: a due is a bucket with an origin, of which an account has
one, and what has ended is not there any more.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bot.domain.credits import Balance, Bucket, Due, Payment, payment
from bot.domain.errors import OutOfCredits
from bot.domain.job import Job
from bot.domain.people import Account
from bot.domain.period import Period
from bot.domain.quota import Quota
from bot.storage import entries, refusals
from bot.storage.glance import Glance, glance

Lasting = tuple[Sequence[Bucket], Sequence[Bucket], Sequence[Bucket]]
POOL = 0
"""The user of a server's pool."""
_NONE: Lasting = ((), (), ())


class Funds(NamedTuple):
    """A `balance` with everything that it counts: lasting `buckets`, and `dues` that are not
    written yet; of what is `over`, nothing is counted any more. A `new` one was never used. `today`
    is the bucket of what is used of today's allowance, None while there is none. `carries` is of
    what allowance something rolls over from now on, None where that is as it was."""

    balance: Balance
    buckets: Sequence[Bucket]
    dues: Sequence[Due]
    over: Sequence[Bucket]
    started_at: float
    new: bool
    today: int | None
    carries: str | None


def of(
    connection: sqlite3.Connection, account: Account, quota: Quota, roles: Iterable[int],
    now: float, seen: Glance | None = None,
) -> Funds:  # fmt: skip
    """What the account has under this quota; only reads. What was `seen` of it may be known."""
    seen = seen or glance(connection, account)
    new = seen.started_at is None
    start = now if seen.started_at is None else seen.started_at
    began, ends = quota.period.span(now, start)
    used, today = _used_until(connection, account, began, now)
    dues = [
        *([_welcome(quota, ends)] if new and quota.welcome else []),
        *(_rollover(connection, account, quota, start, now) if quota.rollover else ()),
        *(_offers(connection, account, roles, now) if seen.offered and account.user else []),
    ]
    own, shared, over = _lasting(connection, account, quota.pool, now) if seen.lasting else _NONE
    room = None
    if quota.most is not None:
        room = max(0, quota.most - _charged(connection, account, began))
    balance = Balance(
        allowance_left=max(0, quota.credits - used),
        lasting=sum(each.left for each in own) + sum(due.amount for due in dues),
        held=seen.held,
        allowance=quota.credits,
        resets_at=ends,
        room=room,
        pooled=sum(each.left for each in shared),
    )
    carries = f"{quota.credits} {quota.period}" if quota.rollover and quota.credits else ""
    anew = carries if new or carries != seen.carries else None
    return Funds(balance, [*own, *shared], dues, over, start, new, today, anew)


def afford(
    connection: sqlite3.Connection, jobs: Sequence[Job], quota: Quota, roles: Iterable[int],
    seen: Glance,
) -> Payment:  # fmt: skip
    """What pays jobs of one account and moment that are not stored yet; what was due to it is
    written, and what has ended. Raises OutOfCredits."""
    account, now = jobs[0].account, jobs[0].created_at
    cost = sum(job.cost for job in jobs)
    funds = of(connection, account, quota, roles, now, seen)
    if funds.balance.spendable < cost:
        raise OutOfCredits(refusals.poor(funds.balance, quota, [job.cost for job in jobs]))
    settle(connection, account, funds, now)
    if funds.dues:
        funds = of(connection, account, quota, roles, now)
    parts = payment(funds.balance, funds.buckets, cost)
    return [(funds.today if bucket is None else bucket, part) for bucket, part in parts]


def settle(connection: sqlite3.Connection, account: Account, funds: Funds, now: float) -> None:
    """Write what was due, what has ended, when the account began, and what it carries over."""
    if funds.carries is not None:
        connection.execute(
            "INSERT INTO accounts (guild_id, user_id, started_at, carries, carries_since)"
            " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET carries = ?4,"
            " carries_since = ?5",
            (account.guild, account.user, now // 86_400 * 86_400.0, funds.carries, now),
        )
    for due in funds.dues:
        actor = account.user if due.actor is None else due.actor
        bucket = due.bucket or entries.bucket(
            connection, account, due.source, now, due.expires_at, due.key
        )
        reason = due.reason or due.source
        entries.write(connection, bucket, "grant", due.amount, None, actor, reason, now)
    for each in funds.over:
        entries.write(connection, each.id, "expire", -each.left, None, 0, "expired", now)


def sweep(connection: sqlite3.Connection, now: float, limit: int = 500) -> int:
    """Write off what has ended, of whoever, some at a time; returns of how many buckets."""
    ended = connection.execute(
        "SELECT id, balance FROM buckets WHERE kind = 'lasting' AND balance > 0"
        " AND expires_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?",
        (now, limit),
    ).fetchall()
    for id, left in ended:
        entries.write(connection, id, "expire", -left, None, 0, "expired", now)
    return len(ended)


def _lives(each: Bucket, now: float) -> bool:
    return each.expires_at is None or each.expires_at > now


def _welcome(quota: Quota, ends: float) -> Due:
    return Due("welcome", "welcome", quota.welcome, ends if quota.lapse else None)


def _rollover(
    connection: sqlite3.Connection, account: Account, quota: Quota, start: float, now: float
) -> Iterable[Due]:
    """What the period before left, and jobs of it gave back since; whoever began later, or drew
    under no such allowance before this period, has nothing to carry over."""
    began, ends = quota.period.span(now, start)
    most = _carried(connection, account, quota, began) if began > start else 0
    if not most:
        return
    key = f"rollover:{began:.0f}"
    bucket, until, given = connection.execute(
        _GIVEN, (account.guild, account.user, key)
    ).fetchone() or (None, ends, 0)
    since = max(quota.period.before(now, start), start)
    left = most - _used(connection, account, since, began) - given
    if left > 0 and until == ends:
        yield Due("rollover", key, left, ends, bucket=bucket)


_GIVEN = """
SELECT id, expires_at, (SELECT SUM(amount) FROM ledger l
    WHERE l.bucket_id = b.id AND l.kind = 'grant' AND l.amount > 0)
FROM buckets b WHERE guild_id = ? AND user_id = ? AND origin = ?
"""


def _carried(connection: sqlite3.Connection, account: Account, quota: Quota, began: float) -> int:
    """How much of an allowance there was to carry over when a period began."""
    carries, since = connection.execute(
        "SELECT carries, carries_since FROM accounts WHERE guild_id = ? AND user_id = ?",
        (account.guild, account.user),
    ).fetchone()
    if carries is None:
        return quota.credits
    credits, _, period = carries.partition(" ")
    return min(int(credits), quota.credits) if period == quota.period and since < began else 0


def _offers(
    connection: sqlite3.Connection, account: Account, roles: Iterable[int], now: float
) -> list[Due]:
    held = {account.guild, *roles}  # the role of everybody has the server's own id
    found = connection.execute(
        "SELECT id, role_id, amount, expires_at, actor_id, reason FROM offers WHERE guild_id = ?"
        " AND (expires_at IS NULL OR expires_at > ?) ORDER BY id",
        (account.guild, now),
    ).fetchall()
    dues = {
        f"offer:{row['id']}": Due("grant", f"offer:{row['id']}", *row[2:])
        for row in found
        if row["role_id"] in held
    }
    taken = _taken(connection, account, list(dues)) if dues else set()
    return [due for key, due in dues.items() if key not in taken]


def _taken(connection: sqlite3.Connection, account: Account, keys: list[str]) -> set[str]:
    rows = connection.execute(
        "SELECT origin FROM buckets WHERE guild_id = ? AND user_id = ? AND origin <> ''"
        " AND origin IN (SELECT value FROM json_each(?))",
        (account.guild, account.user, json.dumps(keys)),
    )
    return {row[0] for row in rows}


def _used(connection: sqlite3.Connection, account: Account, since: float, until: float) -> int:
    return connection.execute(
        "SELECT COALESCE(-SUM(balance), 0) FROM buckets WHERE guild_id = ? AND user_id = ?"
        " AND kind = 'allowance' AND forgiven_at IS NULL AND granted_at >= ? AND granted_at < ?",
        (account.guild, account.user, since, until),
    ).fetchone()[0]


def _used_until(
    connection: sqlite3.Connection, account: Account, since: float, now: float
) -> tuple[int, int | None]:
    """What was used of the allowance, by whatever clock; and the bucket that is written to now."""
    return connection.execute(
        "SELECT COALESCE(-SUM(balance), 0), MAX(CASE granted_at WHEN ? THEN id END) FROM buckets"
        " WHERE guild_id = ? AND user_id = ? AND kind = 'allowance' AND forgiven_at IS NULL"
        " AND granted_at >= ?",
        (Period.DAY.began(now), account.guild, account.user, since),
    ).fetchone()


def _charged(connection: sqlite3.Connection, account: Account, since: float) -> int:
    return connection.execute(_CHARGED, (account.guild, account.user, since)).fetchone()[0]


_OF_ACCOUNT = "FROM jobs WHERE guild_id = ?1 AND user_id = ?2 AND created_at >= ?3"
_CHARGED = f"""
SELECT COALESCE((SELECT SUM(cost) {_OF_ACCOUNT} AND state IN ('waiting', 'running')), 0)
    + COALESCE((SELECT SUM(cost) {_OF_ACCOUNT} AND state NOT IN ('waiting', 'running')
        AND state = 'succeeded'), 0)
"""


def _lasting(connection: sqlite3.Connection, account: Account, pool: bool, now: float) -> Lasting:
    """Those of the account's own, of the `pool` where that is asked for and is not the account
    itself, and of its own that have ended; each soonest to end first."""
    rows = connection.execute(
        "SELECT id, balance, expires_at, user_id <> ?2 FROM buckets WHERE guild_id = ?1"
        " AND user_id IN (?2, ?3) AND kind = 'lasting' AND balance > 0"
        " ORDER BY expires_at IS NULL, expires_at, id",
        (account.guild, account.user, POOL if pool else account.user),
    )
    there = [Bucket(id, left, until, bool(shared)) for id, left, until, shared in rows]
    living = [each for each in there if _lives(each, now)]
    return (
        [each for each in living if not each.pool],
        [each for each in living if each.pool],
        [each for each in there if not each.pool and not _lives(each, now)],
    )
