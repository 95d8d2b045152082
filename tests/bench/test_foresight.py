"""The bound on every order: by hand, and against all orders there are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bench import foresight
from bot.bench.foresight import Work


def test_in_order_everybody_waits_for_those_before() -> None:
    assert foresight.in_order([(0.0, 4.0), (1.0, 2.0), (10.0, 1.0)]) == [4.0, 5.0, 1.0]


def test_what_comes_when_nothing_is_left_to_do_stands_apart() -> None:
    works = [(0.0, 2.0), (1.0, 1.0), (3.0, 1.0), (9.0, 1.0)]
    assert list(foresight.unpaused(works)) == [works[:2], works[2:3], works[3:]]
    assert list(foresight.unpaused([])) == []


def test_the_largest_is_let_be_late_where_that_spares_others() -> None:
    works = [(0.0, 6.0), (0.0, 2.0), (0.0, 2.0)]
    assert foresight.fewest_late(works, 4.0, 10.0) == 1
    assert foresight.fewest_late(works, 10.0, 10.0) == 0


def test_who_is_late_may_not_wait_for_ever() -> None:
    # The one of 6 would be done at 10 if it were put off.
    works = [(0.0, 6.0), (1.0, 2.0), (2.0, 2.0)]
    assert foresight.fewest_late(works, 6.0, 10.0) == 1
    assert foresight.fewest_late(works, 6.0, 8.5) == 2


def test_the_least_wait_of_a_share_is_found_from_below() -> None:
    works = [(0.0, 1.0)] * 4
    assert foresight.least(works, 1.0, 4.0) == pytest.approx(4.0, abs=0.25)
    assert 2.75 <= foresight.least(works, 0.75, 4.0) < 3.0


def test_a_search_that_takes_too_long_proves_less(monkeypatch: pytest.MonkeyPatch) -> None:
    works = [(0.0, 6.0), (1.0, 2.0), (2.0, 2.0)]
    monkeypatch.setattr(foresight, "TRIES", 1)
    assert foresight.fewest_late(works, 6.0, 8.5) <= 2


WORKS = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 3)), min_size=1, max_size=5)


@given(WORKS, st.integers(1, 8), st.integers(0, 6))
def test_no_order_of_steps_has_fewer_late(
    whole: list[tuple[int, int]], soon: int, more: int
) -> None:
    works: list[Work] = [(float(comes), float(takes)) for comes, takes in whole]
    longest = max(*foresight.in_order(works), float(soon)) + more
    best = min(len(late) for late in _sets(len(works)) if _kept(whole, late, soon, longest))
    assert foresight.fewest_late(works, soon, longest) == best


def _sets(count: int) -> list[tuple[int, ...]]:
    sizes = range(count + 1)
    return [late for size in sizes for late in itertools.combinations(range(count), size)]


def _kept(
    works: Sequence[tuple[int, int]], late: Sequence[int], soon: float, longest: float
) -> bool:
    """Step by step, who is due first: if that is too late for somebody, every order is."""
    dues = [comes + (longest if one in late else soon) for one, (comes, _) in enumerate(works)]
    left = [takes for _, takes in works]
    for now in range(sum(left) + max(comes for comes, _ in works)):
        here = [one for one, (comes, _) in enumerate(works) if comes <= now and left[one]]
        if here:
            first = min(here, key=lambda one: dues[one])
            left[first] -= 1
            if not left[first] and now + 1 > math.floor(dues[first]):
                return False
    return True
