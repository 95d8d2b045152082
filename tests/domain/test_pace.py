"""How long work takes is measured for each model on each device, and guessed from the nearest."""

from __future__ import annotations

import pytest

from bot.domain.pace import UNKNOWN_LOAD_S, Pace

HERE, THERE = ("attic", "cuda:0"), ("cellar", "cuda:0")


def test_nothing_is_known_before_it_was_measured() -> None:
    pace = Pace()
    pace.measured("tiny", HERE, 0, 5)
    pace.measured("tiny", HERE, 5, 0)
    assert pace.draw_s("tiny", HERE, 10) is None
    assert pace.estimate("tiny", 10, [HERE]) is None
    assert pace.load_s("tiny", HERE) == UNKNOWN_LOAD_S


def test_estimates_are_by_work_and_by_those_who_share_it() -> None:
    pace = Pace()
    pace.measured("tiny", HERE, work=2, seconds=4)
    pace.measured("tiny", THERE, work=2, seconds=12)
    assert pace.draw_s("tiny", HERE, 10) == 20
    assert pace.estimate("tiny", 10, [HERE]) == 20
    assert pace.estimate("tiny", 10, [HERE, HERE]) == 10
    assert pace.estimate("tiny", 10, [HERE, THERE]) == 15
    assert pace.estimate("tiny", 10, []) is None


def test_it_follows_slowly() -> None:
    pace = Pace()
    pace.measured("tiny", HERE, 1, 1)
    pace.measured("tiny", HERE, 1, 2)
    assert pace.draw_s("tiny", HERE, 1) == pytest.approx(1.2)


def test_a_model_and_a_device_have_their_own_pace() -> None:
    pace = Pace()
    pace.measured("tiny", HERE, 1, 1)
    pace.measured("large", HERE, 1, 30)
    pace.measured("tiny", THERE, 1, 5)
    assert (pace.draw_s("tiny", HERE, 1), pace.draw_s("tiny", THERE, 1)) == (1, 5)
    assert pace.draw_s("large", HERE, 1) == 30


def test_what_was_not_measured_is_guessed_from_the_nearest() -> None:
    pace = Pace()
    pace.measured("tiny", HERE, 1, 1)
    assert pace.draw_s("large", THERE, 1) == 1
    pace.measured("large", HERE, 1, 30)
    assert pace.draw_s("large", THERE, 1) == 30
    assert pace.draw_s("other", HERE, 1) == 15.5


def test_the_last_load_counts_and_may_be_told_twice() -> None:
    pace = Pace()
    pace.loaded("tiny", HERE, 300)  # with a download
    pace.loaded("tiny", HERE, 4)
    pace.loaded("tiny", HERE, 4)
    pace.loaded("tiny", HERE, 0)
    assert (pace.load_s("tiny", HERE), pace.load_s("tiny", THERE)) == (4, 4)
    pace.loaded("tiny", THERE, 9)
    assert (pace.load_s("tiny", HERE), pace.load_s("tiny", THERE)) == (4, 9)
