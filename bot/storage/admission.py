"""Whether jobs that are not stored yet may be: limits and price. Belongs inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from bot.domain.credits import Payment
from bot.domain.job import Job
from bot.domain.quota import Claim, Quota, decide
from bot.storage import funds, limits, quotas
from bot.storage.glance import glance


class Admitted(NamedTuple):
    """What holds for the account, what would pay the jobs now, and whether there is something of
    its that moderators allowed to be drawn."""

    quota: Quota
    parts: Payment
    allowed: bool


def check(
    connection: sqlite3.Connection, jobs: Sequence[Job], claim: Claim, queue_limit: int
) -> Admitted:
    """All of them are of one account. Raises QueueFull and OutOfCredits."""
    account, now = jobs[0].account, jobs[0].created_at
    seen = glance(connection, account)
    quota = decide(claim.fallback, (), claim.caps).quota
    if seen.ruled:
        quota = quotas.quota_of(connection, account, claim, now)
    limits.check(connection, jobs, quota, queue_limit, seen)
    return Admitted(quota, funds.afford(connection, jobs, quota, claim.roles, seen), seen.allowed)
