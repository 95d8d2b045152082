"""A line through readings, and how sure its slope is."""

from __future__ import annotations

import random
import statistics

import pytest

from bot.bench.slope import slope


def test_a_straight_line_has_its_slope_and_no_error() -> None:
    found = slope([0, 1, 2, 5], [3, 5, 7, 13])
    assert found.change == pytest.approx(2)
    assert found.error == pytest.approx(0, abs=1e-9)
    assert not found.flat()
    assert not found.flat(1.9)
    assert found.flat(2.1)


def test_what_does_not_move_is_flat_and_what_falls_does_not_grow() -> None:
    assert slope([0, 1, 2], [4, 4, 4]).flat()
    assert slope([0, 1, 2, 3], [9, 6, 3, 0]).flat()


def test_the_error_is_that_of_the_book() -> None:
    """Anscombe's first quartet: slope 0.5001, standard error 0.1179."""
    xs = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
    ys = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
    by_time = slope(xs, ys)
    assert by_time.change == pytest.approx(0.5001, abs=1e-4)
    pairs = sorted(zip(xs, ys, strict=True))
    in_order = slope([x for x, _ in pairs], [y for _, y in pairs])
    assert in_order.error == pytest.approx(0.1179, abs=1e-4)


def test_readings_that_resemble_the_one_before_leave_a_slope_less_sure() -> None:
    """Of 300 series without a trend few seem to grow, though each wanders for a while."""
    rnd, times, seeming = random.Random(3), [*range(200)], 0
    for _ in range(300):
        value, values = 0.0, []
        for _ in times:
            value = 0.8 * value + rnd.gauss(0, 1)
            values.append(value)
        seeming += not slope(times, values).flat()
    assert seeming < 0.08 * 300


def test_a_trend_below_noise_is_found_all_the_same() -> None:
    rnd = random.Random(4)
    found = [
        slope(range(400), [0.01 * time + rnd.gauss(0, 1) for time in range(400)]) for _ in range(20)
    ]
    assert statistics.median(each.change for each in found) == pytest.approx(0.01, abs=0.001)
    assert not any(each.flat() for each in found)


@pytest.mark.parametrize(("times", "values"), [([1, 2], [1, 2]), ([1, 1, 1], [1, 2, 3])])
def test_too_little_has_no_slope(times: list[float], values: list[float]) -> None:
    with pytest.raises(ValueError):
        slope(times, values)
