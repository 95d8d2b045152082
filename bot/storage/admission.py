"""Whether jobs that are not stored yet may be: limits and price. Belongs inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.credits import Payment
from bot.domain.job import Job
from bot.domain.quota import Claim, Quota
from bot.storage import funds, limits, quotas


def check(
    connection: sqlite3.Connection, jobs: Sequence[Job], claim: Claim, queue_limit: int
) -> tuple[Quota, Payment]:
    """What holds for the account of all of them, and what would pay them now. Raises QueueFull and
    OutOfCredits."""
    quota = quotas.quota_of(connection, jobs[0].account, claim, jobs[0].created_at)
    backlog = limits.backlog(connection, jobs[0].account)
    limits.check(connection, jobs, quota, queue_limit, backlog)
    return quota, funds.afford(connection, jobs, quota, claim.roles, backlog.held)
