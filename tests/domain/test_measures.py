"""Counts and spreads that cost little and stay small."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.measures import COUNTS, LONG, OTHER, SECONDS, Spread, Spreads, Tally


def test_each_tuple_of_words_has_its_count() -> None:
    tally = Tally()
    tally.add("imagine", "fast")
    tally.add("imagine", "fast")
    tally.add("imagine", "turbo", by=3)
    assert dict(tally) == {("imagine", "fast"): 2, ("imagine", "turbo"): 3}
    assert tally["imagine", "fast"] == 2
    assert tally["vary", "fast"] == 0
    assert tally.total == 5


def test_a_count_without_words() -> None:
    tally = Tally()
    tally.add()
    assert dict(tally) == {(): 1}


def test_new_words_are_others_once_there_are_many() -> None:
    tally, spreads = Tally(most=3), Spreads(most=3)
    for number in range(10):
        tally.add(f"model {number}", "gpu")
        spreads.add(number, f"model {number}", "gpu")
    tally.add("model 1", "gpu")
    assert tally["model 1", "gpu"] == 2
    assert tally[OTHER, OTHER] == 7
    assert len(dict(tally)) == 4
    assert tally.total == 11
    assert spreads[OTHER, OTHER].count == 7
    assert [words[0] for words, _ in spreads] == ["model 0", "model 1", "model 2", OTHER]


def test_a_value_that_is_a_bound_is_within_it() -> None:
    spread = Spread((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 2.5):
        spread.add(value)
    assert spread.counts == [2, 2, 1]
    assert (spread.count, spread.sum) == (5, 7.5)


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False)))
def test_nothing_is_lost_of_a_spread(values: list[float]) -> None:
    spread = Spread(SECONDS)
    for value in values:
        spread.add(value)
    assert spread.count == len(values)
    assert spread.sum == pytest.approx(sum(values))
    for index, bound in enumerate(SECONDS):
        within = sum(spread.counts[: index + 1])
        assert within == sum(value <= bound for value in values)


def test_what_was_never_counted_is_nothing() -> None:
    spreads = Spreads()
    assert spreads["nobody"].count == 0
    assert list(spreads) == []


@pytest.mark.parametrize("bounds", [SECONDS, LONG, COUNTS])
def test_bounds_grow(bounds: tuple[float, ...]) -> None:
    assert list(bounds) == sorted(set(bounds))
