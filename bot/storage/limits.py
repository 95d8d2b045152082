"""How many jobs may wait: of one person on a server, and in all. Belongs inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.admission import NEARLY_FULL, may_join
from bot.domain.errors import QueueFull
from bot.domain.job import Job
from bot.domain.quota import Quota


def check(
    connection: sqlite3.Connection, jobs: Sequence[Job], quota: Quota, queue_limit: int
) -> None:  # fmt: skip
    """Raises QueueFull where these jobs of one person are too many to wait beside the others."""
    account = jobs[0].account
    own, running = connection.execute(
        "SELECT COALESCE(SUM(state = 'waiting'), 0), COALESCE(SUM(state = 'running'), 0) FROM jobs"
        " WHERE guild_id = ? AND user_id = ? AND state IN ('waiting', 'running')",
        (account.guild, account.user),
    ).fetchone()
    # A job that may start at once still passes through the queue, so what is free counts too.
    if own + len(jobs) > quota.waiting + max(0, quota.running - running):
        raise QueueFull(
            f"Your queue is full: {own} of your jobs are waiting and {running} being drawn, and "
            f"your limits are {quota.waiting} and {quota.running}; wait for one to finish or "
            "cancel one."
        )
    _check_share(connection, account.user, len(jobs) - 1, queue_limit)


def _check_share(connection: sqlite3.Connection, user: int, more: int, queue_limit: int) -> None:
    """Whether one more may wait after `more` others of this user."""
    total = connection.execute("SELECT COUNT(*) FROM jobs WHERE state = 'waiting'").fetchone()[0]
    if total + more < NEARLY_FULL * queue_limit:
        return
    mine, others = connection.execute(
        "SELECT COALESCE(SUM(user_id = ?1), 0), COUNT(DISTINCT NULLIF(user_id, ?1)) FROM jobs"
        " WHERE state = 'waiting'",
        (user,),
    ).fetchone()
    if total + more >= queue_limit:
        raise QueueFull("The queue is full for everybody just now; please try again in a moment.")
    if not may_join(total + more, queue_limit, mine + more, others):
        raise QueueFull(
            f"The queue is nearly full and {mine} of its jobs are yours, so what is left is for"
            " others; wait for one of yours to finish or cancel one."
        )
