"""A nearly full queue: who has much of it is refused first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.admission import may_join


@pytest.mark.parametrize(
    ("waiting", "own", "others", "joins"),
    [
        (0, 0, 0, True),
        (79, 79, 0, True),
        (80, 80, 0, False),
        (80, 49, 0, True),
        (80, 50, 0, False),
        (99, 0, 50, True),
        (99, 1, 98, False),
        (89, 1, 10, True),
        (90, 1, 10, False),
        (90, 0, 10, True),
        (100, 0, 50, False),
    ],
)
def test_who_has_the_share_of_a_nearly_full_queue_is_refused_first(
    waiting: int, own: int, others: int, joins: bool
) -> None:
    assert may_join(waiting, 100, own, others) is joins


@given(st.integers(1, 500), st.integers(0, 50))
def test_one_person_never_fills_the_queue_alone(limit: int, others: int) -> None:
    own = 0
    while may_join(own, limit, own, others):
        own += 1
    assert own <= max(0.8 * limit + 1, limit / 2 + 1)


@given(st.integers(10, 500), st.integers(1, 50))
def test_greedy_people_leave_room_for_those_who_have_nothing_in_line(
    limit: int, greedy: int
) -> None:
    waiting = 0
    for others in range(greedy):
        own = 0
        while may_join(waiting, limit, own, others):
            own, waiting = own + 1, waiting + 1
    # Each of those who come when it is almost full gets one job in, and no more.
    assert waiting <= 0.9 * limit + greedy
    assert may_join(waiting, limit, 0, greedy) is (waiting < limit)


@pytest.mark.parametrize("limit", [50, 1000])
def test_two_greedy_people_do_not_shut_the_queue(limit: int) -> None:
    waiting = 0
    for others in range(2):
        own = 0
        while may_join(waiting, limit, own, others):
            own, waiting = own + 1, waiting + 1
    newcomers = 0
    while may_join(waiting, limit, 0, 2 + newcomers):
        newcomers, waiting = newcomers + 1, waiting + 1
    assert newcomers >= 0.1 * limit - 1
