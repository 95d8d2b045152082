"""How many jobs may wait: of one person on a server, and in all. Belongs inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.admission import NEARLY_FULL, may_join
from bot.domain.errors import QueueFull
from bot.domain.job import Job
from bot.domain.quota import Quota
from bot.storage.glance import Glance


def check(
    connection: sqlite3.Connection, jobs: Sequence[Job], quota: Quota, queue_limit: int,
    seen: Glance,
) -> None:  # fmt: skip
    """Raises QueueFull where these jobs of one person are too many to wait beside the others."""
    own, running = seen.waiting, seen.running
    # A job that may start at once still passes through the queue, so what is free counts too.
    room = quota.waiting + max(0, quota.running - running) - own
    if len(jobs) > room:
        raise QueueFull(_own_refusal(len(jobs), max(0, room), own, running, quota))
    if seen.of_all + len(jobs) - 1 >= NEARLY_FULL * queue_limit:
        _check_share(connection, jobs[0].user, len(jobs), queue_limit, seen.of_all)


def _own_refusal(wanted: int, room: int, own: int, running: int, quota: Quota) -> str:
    taken = (
        f"{own} of your jobs are waiting and {running} being drawn, and your limits are"
        f" {quota.waiting} and {quota.running}"
    )
    if wanted == 1:
        return f"Your queue is full: {taken}; wait for one to finish or cancel one."
    most = quota.waiting + quota.running
    never = f", and never more than {most} at once" if wanted > most else ""
    return f"Your queue has no room for {wanted} grids: {taken}; {room} would fit now{never}."


def _check_share(
    connection: sqlite3.Connection, user: int, wanted: int, queue_limit: int, total: int
) -> None:
    """Whether so many of this user may wait, one after another."""
    mine, others = connection.execute(
        "SELECT COALESCE(SUM(user_id = ?1), 0), COUNT(DISTINCT NULLIF(user_id, ?1)) FROM jobs"
        " WHERE state IN ('waiting', 'running') AND state = 'waiting'",
        (user,),
    ).fetchone()
    fit = sum(may_join(total + n, queue_limit, mine + n, others) for n in range(wanted))
    if fit == wanted:
        return
    if total + wanted > queue_limit:
        again = "please try again in a moment" if wanted == 1 else _would_fit(fit, wanted)
        raise QueueFull(f"The queue is full for everybody just now; {again}.")
    less = "wait for one of yours to finish or cancel one"
    raise QueueFull(
        f"The queue is nearly full and {mine} of its jobs are yours, so what is left is for"
        f" others; {less if wanted == 1 else _would_fit(fit, wanted)}."
    )


def _would_fit(fit: int, wanted: int) -> str:
    return f"of these {wanted} grids {fit} would fit"
