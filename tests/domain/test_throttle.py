"""Buckets of tokens: what is allowed in any stretch of time, and what is remembered."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.throttle import Throttle

ANNA, BERT = 31, 32


def test_a_burst_then_one_at_a_time() -> None:
    throttle = Throttle(60, 3)
    assert [throttle.take(ANNA, 0) for _ in range(3)] == [0, 0, 0]
    assert throttle.take(ANNA, 0) == 1
    assert throttle.take(ANNA, 0.75) == 0.25
    assert throttle.take(ANNA, 1) == 0
    assert throttle.take(ANNA, 1) == 1


def test_who_is_refused_waits_no_longer_for_having_asked() -> None:
    throttle = Throttle(60, 1)
    assert throttle.take(ANNA, 0) == 0
    assert {throttle.take(ANNA, 0.5) for _ in range(100)} == {0.5}
    assert throttle.take(ANNA, 1) == 0


def test_people_have_their_own() -> None:
    throttle = Throttle(60, 1)
    assert throttle.take(ANNA, 0) == throttle.take(BERT, 0) == 0
    assert throttle.take(ANNA, 0) == throttle.take(BERT, 0) == 1


def test_a_part_of_a_token() -> None:
    throttle = Throttle(60, 1)
    assert [throttle.take(ANNA, 0, 0.25) for _ in range(5)] == [0, 0, 0, 0, 0.25]


def test_none_a_minute_is_no_limit() -> None:
    throttle = Throttle(0, 1)
    assert not any(throttle.take(ANNA, 0) for _ in range(1000))
    assert len(throttle) == 0


def test_other_numbers_hold_from_now_on() -> None:
    throttle = Throttle(60, 5)
    throttle.take(ANNA, 0)
    throttle.become(60, 1)
    assert throttle.take(ANNA, 0) == 0
    assert throttle.take(ANNA, 0) == 1


def test_only_so_many_people_are_remembered() -> None:
    throttle = Throttle(60, 1, most=100)
    for person in range(1000):
        assert throttle.take(person, 0) == 0
    assert len(throttle) == 100
    assert throttle.take(999, 0) == 1
    assert throttle.take(0, 0) == 0


@given(
    st.lists(st.floats(0, 5), max_size=200),
    st.integers(1, 600),
    st.integers(1, 50),
)
def test_in_no_stretch_is_more_than_burst_and_rate_let_through(
    pauses: list[float], per_minute: int, burst: int
) -> None:
    throttle, now, let = Throttle(per_minute, burst), 0.0, []
    for pause in pauses:
        now += pause
        if throttle.take(ANNA, now) == 0:
            let.append(now)
    for first, began in enumerate(let):
        for last in range(first, len(let)):
            most = burst + (let[last] - began) * per_minute / 60
            assert last - first + 1 <= most + 1e-6
