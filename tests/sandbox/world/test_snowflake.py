"""Ids and times as Discord writes them."""

from __future__ import annotations

import itertools

import pytest

from bot.sandbox.world.snowflake import MovableClock, Snowflakes, is_snowflake, iso, seconds
from tests.kit.sandbox import NOON


def test_an_id_of_discords_documentation_tells_its_time() -> None:
    """From the reference, "Snowflake Format"."""
    assert seconds("175928847299117063") == 1_462_015_105.796


def test_the_first_id_is_of_the_epoch_and_none_is_older() -> None:
    assert seconds("0") == 1_420_070_400.0
    early = Snowflakes(lambda: 0.0)
    assert [early.next(), early.next()] == ["1", "2"]


def test_ids_grow_within_a_millisecond_and_when_the_clock_goes_back() -> None:
    times = iter([NOON, NOON, NOON + 0.001, NOON - 60, NOON + 0.002])
    ids = Snowflakes(lambda: next(times))
    made = [int(ids.next()) for _ in range(5)]
    assert all(earlier < later for earlier, later in itertools.pairwise(made))
    assert made[1] == made[0] + 1
    assert [seconds(str(each)) for each in made[2:]] == [NOON + 0.001, NOON + 0.001, NOON + 0.002]


def test_an_id_made_after_another_was_kept_is_later_by_the_clock() -> None:
    clock = MovableClock(lambda: NOON)
    ids = Snowflakes(clock)
    first = ids.next()
    clock.advance(3600)
    assert seconds(ids.next()) - seconds(first) == 3600


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2026-06-01T12:00:00.000000+00:00"),
        (NOON + 0.25, "2026-06-01T12:00:00.250000+00:00"),
        (0, "1970-01-01T00:00:00.000000+00:00"),
    ],
)
def test_times_have_microseconds_and_their_zone(moment: float, text: str) -> None:
    assert iso(moment) == text


@pytest.mark.parametrize(
    ("text", "fine"),
    [("175928847299117063", True), (7, True), ("", False), ("-7", False), ("@me", False),
     ("@original", False), ("1.5", False), (None, False), (1.5, False)],
)  # fmt: skip
def test_what_looks_like_an_id(text: object, fine: bool) -> None:
    assert is_snowflake(text) is fine


def test_a_moved_clock_goes_on_with_its_source() -> None:
    now = [100.0]
    clock = MovableClock(lambda: now[0])
    clock.advance(5)
    clock.advance(2.5)
    assert clock() == 107.5
    now[0] = 101.0
    assert clock() == 108.5
