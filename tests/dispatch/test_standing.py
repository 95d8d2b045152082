"""What workers say, and what was measured, as the times by which jobs are routed."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from bot.dispatch.standing import Assignment, Standings, UnderWay
from bot.domain.lines import Entry
from bot.domain.pace import UNKNOWN_LOAD_S, Pace
from bot.domain.routing import Beside, Choice, Standing
from bot.engine.seam import Failed, Loaded, Loading
from tests.kit.executor import Clock, FakeExecutor

NOW = 1000.0
SEAT = ("here", "fake:1")
TINY, LARGE = (Entry(model, ("home", "Anna"), 10.0, 3, model, 4, 64) for model in ("tiny", "large"))


def given(since: float, expected_s: float, entry: Entry = TINY) -> Assignment:
    return Assignment("w1", SEAT, since, expected_s, entry)


class Desk:
    """One worker as it stands, for jobs of two models."""

    def __init__(self, **worker: object) -> None:
        self.clock, self.pace = Clock(NOW), Pace()
        self.executor = FakeExecutor(0)
        self.executor.join(**worker)
        self.standings = Standings(self.executor, self.pace, self.clock)

    def stands(self, *given: UnderWay) -> Standing:
        (one,) = self.standings.now([TINY, LARGE], {"w1": given})
        return one


def test_a_worker_with_a_free_slot_is_free_until_a_job_is_on_its_way() -> None:
    desk = Desk()
    assert desk.stands().free
    assert not desk.stands(UnderWay(given(NOW, 5.0), starting=True)).free
    # The last pictures of that job are being encoded.
    encoded = desk.stands(UnderWay(given(NOW, 5.0)))
    assert (encoded.free, encoded.idle) == (True, True)


def test_a_loading_worker_is_busy_for_what_is_left_of_its_load() -> None:
    desk = Desk(models={"tiny": Loaded(), "large": Loading("", since=NOW - 12)})
    desk.pace.loaded("large", SEAT, 30)
    standing = desk.stands()
    assert (standing.free, standing.models) == (False, {"tiny", "large"})
    assert standing.start_s(LARGE) == standing.start_s(TINY) == 18


def test_a_drawing_worker_is_busy_for_what_is_left_and_who_is_late_takes_longer_still() -> None:
    desk, job = Desk(slots_free=0), UnderWay(given(NOW - 4, 10.0))
    assert desk.stands(job).start_s(TINY) == 6
    desk.clock.now += 6 + 25
    assert desk.stands(job).start_s(TINY) == 25


def test_of_a_worker_that_is_still_starting_nothing_is_known() -> None:
    assert Desk(models={}, slots_free=0).stands().start_s(TINY) == math.inf


@pytest.mark.parametrize("trouble", [{"error": "It cannot be started."}, {"draining": True}])
def test_a_worker_that_takes_nothing_does_not_count(trouble: dict[str, object]) -> None:
    assert Desk(**trouble).standings.now([TINY], {}) == []


def test_a_failed_model_is_tried_again_when_its_time_has_come() -> None:
    states = {"tiny": Failed("It is damaged."), "large": Failed("It is full.", retry_at=NOW + 60)}
    desk = Desk(models=states)
    assert desk.stands().failed == {"tiny", "large"}
    desk.clock.now += 60
    assert desk.stands().failed == {"tiny"}


def test_loads_are_learned_from_those_who_had_them() -> None:
    desk = Desk(models={"tiny": Loaded(since=NOW - 100, took_s=7), "large": Loaded(NOW - 9)})
    assert desk.stands().load_s == {"tiny": 7, "large": 7}
    assert Desk().stands().load_s == {"tiny": UNKNOWN_LOAD_S, "large": UNKNOWN_LOAD_S}


def test_a_worker_has_kept_its_models_since_the_last_load() -> None:
    desk = Desk(models={"tiny": Loaded(since=NOW - 100), "large": Loaded(since=NOW - 9)})
    assert desk.stands().kept_s == 9
    assert Desk(models={}).stands().kept_s == math.inf


def test_a_choice_becomes_an_assignment_with_the_time_of_load_and_drawing() -> None:
    desk = Desk()
    assert desk.standings.assign(Choice("a", "w1", 3.0), TINY).expected_s == 3
    desk.pace.measured("tiny", SEAT, work=2, seconds=4)
    assert desk.standings.assign(Choice("a", "w1", 3.0), TINY) == given(NOW, 23.0)


def test_what_fits_beside_the_others_puts_nobody_out() -> None:
    both = {"tiny": Loaded(size_mb=4000), "large": Loaded(size_mb=4000)}
    desk = Desk(models=both, vram_mb=10_000)
    assert desk.stands().fitting == set()
    desk.executor.alter("w1", models={"tiny": both["tiny"]})
    assert desk.stands().fitting == {"tiny", "large"}
    desk.executor.alter("w1", vram_mb=8000)
    assert desk.stands().fitting == set()
    assert Desk(models=both).stands().fitting == set()


# Several on one worker

FOUR = {("tiny", 64): 4}
SMALL = replace(TINY, work=1.0, pictures=1)


def rooms(standing: Standing) -> dict[tuple[str, int], int]:
    return {shape: beside.pictures for shape, beside in standing.beside.items()}


def test_a_worker_has_room_beside_what_it_draws_and_what_is_on_its_way() -> None:
    drawing = {SMALL.job: (SMALL.shape, 1)}
    desk = Desk(slots_free=9, drawing=drawing, rooms=FOUR)
    job = UnderWay(given(NOW, 5.0, SMALL), fraction=0.5)
    assert rooms(desk.stands(job)) == {TINY.shape: 3, LARGE.shape: 0}
    assert not desk.stands(job).idle
    coming = UnderWay(given(NOW, 5.0, replace(SMALL, job="next")), starting=True)
    assert rooms(desk.stands(job, coming, coming))[TINY.shape] == 1
    # It has begun, though nothing was heard of it yet.
    known = replace(job, starting=True)
    assert rooms(desk.stands(known))[TINY.shape] == 3
    other = replace(coming, given=given(NOW, 5.0, LARGE))
    assert rooms(desk.stands(job, other))[TINY.shape] == 0
    full = Desk(slots_free=1, drawing=drawing, rooms=FOUR)
    assert full.stands(job).free
    assert not full.stands(job, coming).free


def test_an_idle_worker_that_something_is_on_its_way_to_is_not_idle() -> None:
    desk = Desk(slots_free=9)
    assert desk.stands().idle
    assert not desk.stands(UnderWay(given(NOW, 5.0), starting=True)).idle


def test_the_least_that_is_left_of_any_counts() -> None:
    desk = Desk(slots_free=9, drawing={"a": (TINY.shape, 8)})
    jobs = [UnderWay(given(NOW, 5.0), fraction=share) for share in (0.2, 0.7)]
    assert desk.stands(*jobs).beside[TINY.shape].left == pytest.approx(3.0)
    encoded = UnderWay(given(NOW, 5.0), fraction=1.0)
    assert desk.stands(*jobs, encoded).beside[TINY.shape].left == pytest.approx(3.0)
    assert desk.stands().beside[TINY.shape].left == 0


SECOND = UnderWay(given(NOW, 5.0, replace(LARGE, job="second", attained=10.0)), fraction=0.5)


def beside_second(desk: Desk) -> Beside:
    return desk.stands(SECOND).beside[TINY.shape]


def test_what_somebody_has_beyond_the_first_is_as_if_it_were_not_there() -> None:
    drawing = {"second": (LARGE.shape, 4)}
    desk = Desk(slots_free=9, drawing=drawing, rooms=FOUR)
    assert beside_second(desk) == Beside(4, math.inf, 0)
    desk.executor.alter("w1", drawing=drawing | {"tiny": (TINY.shape, 1)})
    beside = desk.stands(SECOND, UnderWay(given(NOW, 5.0), fraction=0.5)).beside[TINY.shape]
    assert beside == Beside(3, 5.0, 1)


def test_a_drawing_in_one_go_cannot_be_paused() -> None:
    desk = Desk(slots_free=9, drawing={"second": (LARGE.shape, 4)}, rooms={LARGE.shape: 0})
    assert beside_second(desk) == Beside(0, 5.0, 1)


def test_a_worker_that_ran_out_of_memory_pauses_nobody() -> None:
    desk = Desk(slots_free=9, drawing={"second": (LARGE.shape, 4)}, rooms=FOUR)
    desk.standings.ran_out("another")
    assert beside_second(desk).others == 0
    desk.standings.ran_out("w1")
    assert beside_second(desk) == Beside(0, 5.0, 1)


def test_nothing_joins_a_job_that_is_drawn_alone() -> None:
    alone = UnderWay(given(NOW, 5.0, replace(SMALL, alone=True)))
    desk = Desk(slots_free=9, drawing={"tiny": (TINY.shape, 1)})
    assert not desk.stands(alone).free
    desk.executor.alter("w1", drawing={}, slots_free=10)
    # Its pictures are drawn.
    assert desk.stands(alone).free
