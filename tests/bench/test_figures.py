"""The arithmetic of the bench, by hand-made samples."""

from __future__ import annotations

import math

import pytest

from bot.bench import memory
from bot.bench.drawings import Drawing, busy_fraction, gaps
from bot.bench.figures import at_least, below, percentile, spread
from bot.bench.order import Order
from bot.bench.ticker import Ticker


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1.0), (0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0)]
)
def test_percentile_is_the_nearest_rank(share: float, value: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == value


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_a_spread_is_in_milliseconds() -> None:
    assert spread([0.001, 0.002, 1.5]) == "2 / 1500 / 1500 ms"
    assert spread([math.inf]) == "inf / inf / inf ms"


def test_an_aim_is_met_or_missed() -> None:
    assert below("lag", 19.9, 20, "ms").met is True
    assert below("lag", 20.0, 20, "ms").met is False
    assert at_least("busy", 0.97, 0.97).met is True
    assert at_least("busy", 0.96, 0.97).met is False


def test_busy_is_time_drawn_over_time_passed() -> None:
    drawings = [Drawing("b", 11.5, 13.0), Drawing("a", 10.0, 11.0)]
    assert busy_fraction(drawings) == pytest.approx(2.5 / 3.0)
    assert gaps(drawings) == pytest.approx([0.5])


def test_a_stall_counts_as_often_as_ticks_were_due() -> None:
    ticker = Ticker(every_s=1.0)
    assert ticker.tick(due=10.0, now=12.5) == 13.0
    assert ticker.samples == pytest.approx([2.5, 1.5, 0.5])
    assert ticker.tick(due=13.0, now=12.9) == 13.0
    ticker.mark()
    assert ticker.samples == []


@pytest.mark.parametrize(
    ("value", "aim", "result"),
    [(0.0012345, 20, "0.00123 ms"), (99.96, 20, "100 ms"), (1234.5, 2000, "1234 ms")],
)
def test_a_figure_has_three_digits_and_no_exponent(value: float, aim: float, result: str) -> None:
    figure = below("lag", value, aim, "ms")
    assert (figure.result, figure.aim) == (result, f"< {aim} ms")
    assert below("count", 3, 5).result == "3"


def test_drawings_that_overlap_have_a_negative_gap_and_one_has_none() -> None:
    first, second = Drawing("a", 0.0, 2.0), Drawing("b", 1.5, 3.0)
    assert gaps([second, first]) == [-0.5]
    assert gaps([first]) == []
    assert busy_fraction([first]) == 1.0


def test_a_tick_that_is_on_time_counts_at_once() -> None:
    ticker = Ticker(every_s=0.5)
    assert ticker.tick(due=1.0, now=1.0) == 1.5
    assert ticker.tick(due=1.5, now=1.4) == 1.5
    assert ticker.samples == [0.0]
    ticker.work.append(1.0)
    ticker.mark()
    assert ticker.work == []


def test_two_orders_share_nothing() -> None:
    one, other = (Order("http://here", "token", "folder") for _ in range(2))
    one.options["steps"] = 4
    assert (other.options, other.settings, other.engine, other.bare) == ({}, {}, "", False)


@pytest.mark.parametrize("text", ["", "\n\n", "VmPeak: 1 kB\n", "Rssx: 1 kB"])
def test_other_lines_say_nothing_of_memory(text: str) -> None:
    assert memory.parse(text) == {}


def test_memory_is_read_from_what_linux_says() -> None:
    text = (
        "00400000-7ff rollup\nVmHWM: 4096 kB\nRss:   2048 kB\nPss:   1024 kB\nPss_Dirty:  512 kB\n"
    )
    assert memory.parse(text) == {"peak": 4.0, "rss": 2.0, "pss": 1.0}
    assert memory.held()["peak"] > 1
