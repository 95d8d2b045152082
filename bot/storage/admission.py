"""Whether jobs that are not stored yet may be: limits and price. Belongs inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.job import Job
from bot.domain.quota import Claim, Payment, Quota
from bot.storage import ledger, limits, quotas


def check(
    connection: sqlite3.Connection, jobs: Sequence[Job], claim: Claim, queue_limit: int
) -> tuple[Quota, Payment]:
    """What holds for the account of all of them, and what would pay them now. Raises QueueFull and
    OutOfCredits."""
    quota = quotas.quota_of(connection, jobs[0].account, claim)
    limits.check(connection, jobs, quota, queue_limit)
    return quota, ledger.afford(connection, jobs, quota)
