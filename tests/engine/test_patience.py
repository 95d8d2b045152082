"""bot.engine.patience: what counts as silence and as a stall, without a process or a clock."""

from __future__ import annotations

import pytest

from bot.engine.patience import Patience, Watch

PATIENCE = Patience(silence=15, start=120, stall=60, first_step=1800, grace=10)
ONE, TWO = ("one", 1), ("two", 1)


def watch(now: float = 0.0) -> Watch:
    watch = Watch(PATIENCE, now)
    watch.heard(now)
    return watch


def test_the_first_word_may_take_longer_than_later_ones() -> None:
    silent = Watch(PATIENCE, 0)
    silent.spawned(100)
    assert silent.trouble(219) == ""
    assert silent.trouble(221) == "was silent for 120 s"
    silent.heard(221)
    assert silent.trouble(236) == ""
    assert silent.trouble(237) == "was silent for 15 s"


def test_the_first_step_ever_has_its_own_time() -> None:
    busy = watch()
    busy.handed_over(ONE, work=1, now=0)
    busy.begun(ONE, 5)
    busy.heard(1804)
    assert busy.trouble(1804) == ""
    busy.heard(1806)
    assert busy.trouble(1806) == "made no step for 1800 s"


@pytest.mark.parametrize(("step_s", "limit"), [(1, 60), (30, 300)])
def test_a_step_may_take_ten_times_the_last(step_s: float, limit: float) -> None:
    busy = watch()
    busy.handed_over(ONE, work=1, now=0)
    busy.begun(ONE, 0)
    busy.stepped(ONE, 100)  # the first step warms up, so it is no measure
    busy.stepped(ONE, 100 + step_s)
    late = 100 + step_s + limit
    busy.heard(late + 1)
    assert busy.trouble(late - 1) == ""
    assert busy.trouble(late + 1) == f"made no step for {limit:.0f} s"


def test_the_measure_grows_with_the_size_of_the_work() -> None:
    busy = watch()
    busy.handed_over(ONE, work=1, now=0)
    busy.begun(ONE, 0)
    busy.stepped(ONE, 0)
    busy.stepped(ONE, 10)
    busy.ended(ONE)
    busy.handed_over(TWO, work=4, now=10)
    busy.begun(TWO, 10)
    busy.heard(411)
    assert busy.trouble(409) == ""
    assert busy.trouble(411) == "made no step for 400 s"


def test_nothing_is_expected_while_a_model_is_loaded_or_pictures_are_encoded() -> None:
    busy = watch()
    busy.handed_over(ONE, work=1, now=0)
    busy.loading(ONE)
    busy.heard(9000)
    assert busy.trouble(9000) == ""
    busy.begun(ONE, 9000)
    busy.drawn(ONE, 9001)
    busy.heard(99_000)
    assert busy.trouble(99_000) == ""


def test_the_clock_runs_from_the_word_that_drawing_begins_again() -> None:
    busy = watch()
    busy.handed_over(ONE, work=1, now=0)
    busy.begun(ONE, 10)
    busy.loading(ONE)
    busy.heard(5000)
    assert busy.trouble(5000) == ""
    busy.begun(ONE, 5000)
    busy.heard(6801)
    assert busy.trouble(6801) == "made no step for 1800 s"


def test_sleep_of_the_bot_is_forgiven() -> None:
    busy = watch()
    busy.handed_over(ONE, work=1, now=0)
    busy.begun(ONE, 0)
    busy.stepped(ONE, 1)
    busy.stepped(ONE, 2)
    busy.forgive(1000)
    assert busy.trouble(1010) == ""
    assert busy.trouble(1016) == "was silent for 15 s"


def test_an_abandoned_attempt_has_the_time_of_three_steps() -> None:
    busy = watch()
    busy.handed_over(ONE, work=2, now=0)
    assert busy.grace([ONE]) == 10
    busy.begun(ONE, 0)
    busy.stepped(ONE, 0)
    busy.stepped(ONE, 20)
    assert busy.grace([ONE]) == 60
    assert busy.grace([]) == 10
