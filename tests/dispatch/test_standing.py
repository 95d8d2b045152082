"""What workers say, and what was measured, as the times by which jobs are routed."""

from __future__ import annotations

import math

import pytest

from bot.dispatch.standing import Assignment, Standings
from bot.domain.pace import UNKNOWN_LOAD_S, Pace
from bot.domain.routing import Choice, Standing
from bot.engine.seam import Failed, Loaded, Loading
from tests.kit.executor import Clock, FakeExecutor

NOW = 1000.0
SEAT = ("here", "fake:1")


class Desk:
    """One worker as it stands, for jobs of two models."""

    def __init__(self, **worker: object) -> None:
        self.clock, self.pace = Clock(NOW), Pace()
        self.executor = FakeExecutor(0)
        self.executor.join(**worker)
        self.standings = Standings(self.executor, self.pace, self.clock)

    def stands(self, given: Assignment | None = None, starting: bool = False) -> Standing:
        jobs = {} if given is None else {"w1": given}
        (one,) = self.standings.now({"tiny", "large"}, jobs, {"w1"} if starting else set())
        return one


def test_a_worker_with_a_free_slot_is_free_until_a_job_is_on_its_way() -> None:
    desk = Desk()
    assert desk.stands().free
    given = Assignment("w1", SEAT, NOW, 5.0)
    assert not desk.stands(given, starting=True).free
    # The last pictures of that job are being encoded.
    assert desk.stands(given).free


def test_a_loading_worker_is_busy_for_what_is_left_of_its_load() -> None:
    desk = Desk(models={"tiny": Loaded(), "large": Loading("", since=NOW - 12)})
    desk.pace.loaded("large", SEAT, 30)
    standing = desk.stands()
    assert (standing.free, standing.models) == (False, {"tiny", "large"})
    assert standing.start_s("large") == standing.start_s("tiny") == 18


def test_a_drawing_worker_is_busy_for_what_is_left_and_who_is_late_takes_longer_still() -> None:
    desk = Desk(slots_free=0)
    given = Assignment("w1", SEAT, NOW - 4, 10.0)
    assert desk.stands(given).start_s("tiny") == 6
    desk.clock.now += 6 + 25
    assert desk.stands(given).start_s("tiny") == 25


def test_of_a_worker_that_is_still_starting_nothing_is_known() -> None:
    assert Desk(models={}, slots_free=0).stands().start_s("tiny") == math.inf


@pytest.mark.parametrize("trouble", [{"error": "It cannot be started."}, {"draining": True}])
def test_a_worker_that_takes_nothing_does_not_count(trouble: dict[str, object]) -> None:
    assert Desk(**trouble).standings.now({"tiny"}, {}, set()) == []


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
    assert desk.standings.assign(Choice("a", "w1", 3.0), "tiny", 10.0).expected_s == 3
    desk.pace.measured("tiny", SEAT, work=2, seconds=4)
    given = desk.standings.assign(Choice("a", "w1", 3.0), "tiny", 10.0)
    assert given == Assignment("w1", SEAT, NOW, 23.0)
