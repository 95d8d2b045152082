"""How many jobs may wait: of one person on a server, and in all. Belongs inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.admission import NEARLY_FULL, may_join
from bot.domain.errors import QueueFull
from bot.domain.job import Job
from bot.domain.language import _, counted
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
    said = {"own": own, "running": running, "waits": quota.waiting, "runs": quota.running}
    if wanted == 1:
        return _(
            "Your queue is full: {own} of your jobs are waiting and {running} being drawn, and your"
            " limits are {waits} and {runs}; wait for one to finish or cancel one.",
            **said,
        )
    most = quota.waiting + quota.running
    if wanted <= most:
        return counted(
            "Your queue has no room for {n} grid: {own} of your jobs are waiting and {running}"
            " being drawn, and your limits are {waits} and {runs}; {room} would fit now.",
            "Your queue has no room for {n} grids: {own} of your jobs are waiting and {running}"
            " being drawn, and your limits are {waits} and {runs}; {room} would fit now.",
            wanted,
            room=room,
            **said,
        )
    return counted(
        "Your queue has no room for {n} grid: {own} of your jobs are waiting and {running}"
        " being drawn, and your limits are {waits} and {runs}; {room} would fit now, and never"
        " more than {most} at once.",
        "Your queue has no room for {n} grids: {own} of your jobs are waiting and {running}"
        " being drawn, and your limits are {waits} and {runs}; {room} would fit now, and never"
        " more than {most} at once.",
        wanted,
        room=room,
        most=most,
        **said,
    )


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
        raise QueueFull(_full(fit, wanted))
    raise QueueFull(_nearly_full(mine, fit, wanted))


def _full(fit: int, wanted: int) -> str:
    if wanted == 1:
        return _("The queue is full for everybody just now; please try again in a moment.")
    return counted(
        "The queue is full for everybody just now; of this {n} grid {fit} would fit.",
        "The queue is full for everybody just now; of these {n} grids {fit} would fit.",
        wanted,
        fit=fit,
    )


def _nearly_full(mine: int, fit: int, wanted: int) -> str:
    if wanted == 1:
        return _(
            "The queue is nearly full and {mine} of its jobs are yours, so what is left is for"
            " others; wait for one of yours to finish or cancel one.",
            mine=mine,
        )
    return counted(
        "The queue is nearly full and {mine} of its jobs are yours, so what is left is for others;"
        " of this {n} grid {fit} would fit.",
        "The queue is nearly full and {mine} of its jobs are yours, so what is left is for others;"
        " of these {n} grids {fit} would fit.",
        wanted,
        fit=fit,
        mine=mine,
    )
