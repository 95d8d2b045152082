"""Refusals, and the time-outs that they lead to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.moderation import (
    DAY_S,
    Ban,
    Refusals,
    ServerRules,
    TimeoutRule,
    WordKind,
)

RULE = TimeoutRule(3, 600, 300)


def after(*moments: float, rule: TimeoutRule = RULE) -> Refusals:
    made = Refusals()
    for at in moments:
        made = made.one_more(at, rule)
    return made


def test_the_last_of_some_within_a_while_is_one_too_many() -> None:
    assert after(0, 10).ends_at == 0
    assert after(0, 10, 20) == Refusals((), 320, 1)
    assert after(0, 10, 601).ends_at == 0
    assert after(0, 10, 601, 602).ends_at == 902


def test_each_further_time_out_is_twice_as_long_up_to_a_day() -> None:
    made, now, lasted = Refusals(), 0.0, []
    for _ in range(12):
        for _ in range(3):
            now += 1
            made = made.one_more(now, RULE)
        lasted.append(made.ends_at - now)
        now = made.ends_at
    assert lasted[:4] == [300, 600, 1200, 2400]
    assert lasted[-1] == DAY_S
    assert lasted == sorted(lasted)


def test_a_day_without_any_begins_anew() -> None:
    first = after(0, 1, 2)
    again = first
    for at in (1, 2, 3):
        again = again.one_more(first.ends_at + DAY_S + at, RULE)
    assert (again.timeouts, again.ends_at) == (1, first.ends_at + DAY_S + 3 + 300)


def test_no_number_switches_them_off() -> None:
    assert after(*range(50), rule=TimeoutRule(0, 600, 300)).ends_at == 0
    assert after(5, rule=TimeoutRule(1, 600, 300)).ends_at == 305


def test_a_clock_that_goes_back_forgets_what_is_to_come() -> None:
    assert after(1000, 1001, 10).moments == (10,)


@given(st.lists(st.floats(0, 1e6), max_size=40), st.integers(1, 5))
def test_no_more_is_kept_than_counts(moments: list[float], count: int) -> None:
    rule = TimeoutRule(count, 600, 60)
    made = Refusals()
    for at in sorted(moments):
        made = made.one_more(at, rule)
        assert len(made.moments) < count
        assert made.ends_at <= at + DAY_S


def test_a_ban_ends_or_does_not() -> None:
    assert Ban(1, "", 2, 0.0).holds(1e12)
    assert Ban(1, "", 2, 0.0, 10.0).holds(9.9)
    assert not Ban(1, "", 2, 0.0, 10.0).holds(10.0)


def test_words_by_kind() -> None:
    rules = ServerRules((("a", WordKind.BLOCKED), ("b", WordKind.ADULT), ("c", WordKind.BLOCKED)))
    assert rules.of(WordKind.BLOCKED) == ["a", "c"]
    assert rules.of(WordKind.ALLOWED) == []
