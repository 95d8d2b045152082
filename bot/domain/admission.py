"""Who may still join a queue that is nearly full."""

from __future__ import annotations

NEARLY_FULL = 0.8
"""The share of the limit from which on who has much of the queue is refused."""
ALMOST_FULL = 0.9
"""From which on what is left is for who has nothing in it, however many share the rest."""


def may_join(waiting: int, limit: int, own: int, others: int) -> bool:
    """Whether one more job may wait, of a person with `own` waiting beside `others` people.

    When the queue is nearly full, who has a share or more of it is refused first, where one share
    stays free for somebody who has not come yet. The last tenth is for first jobs only: else a
    few people who come one after another would fill all of it.
    """
    if waiting >= limit or (own and waiting >= ALMOST_FULL * limit):
        return False
    return waiting < NEARLY_FULL * limit or own < limit / (others + 2)
