"""Who may still join a queue that is nearly full."""

from __future__ import annotations

NEARLY_FULL = 0.8
"""The share of the limit from which on who has much of the queue is refused."""


def may_join(waiting: int, limit: int, own: int, others: int) -> bool:
    """Whether one more job may wait, of a person with `own` waiting beside `others` people.

    When the queue is nearly full, who has a share or more of it is refused first, where one share
    stays free for somebody who has not come yet.
    """
    if waiting >= limit:
        return False
    return waiting < NEARLY_FULL * limit or own < limit / (others + 2)
