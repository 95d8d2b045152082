"""The loop of a worker, turn by turn: who steps with whom, who leaves, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.errors import Cancelled, RenderFailed
from bot.engine import frames
from bot.engine.frames import Frame
from bot.engine.seam import Attempt, Begun, Event, LoadingModel, Paused, Progress, Run
from bot.worker import painter
from bot.worker.attempts import Attempts
from bot.worker.encoding import Drawn
from bot.worker.painter import Order, Painter, Prepare
from bot.worker.simulated import SimulatedEngine, SimulatedRun
from tests.kit.workers import attempt

SIDE = 64


class Engine(SimulatedEngine):
    """The simulated one, which notes who steps with whom and when it loads what."""

    def __init__(self, **options: Any) -> None:
        super().__init__({"step_seconds": 0.001, "previews": 0} | options)
        self.steps: list[str] = []
        self.loads: list[str] = []
        self.retired: list[str] = []
        self.on_step: Callable[[str], None] = lambda names: None

    def load(self, model: str, say: Callable[[str], None]) -> None:
        self.loads.append(f"{model} after {len(self.steps)}")
        super().load(model, say)

    def step(self, runs: Sequence[Run]) -> None:
        names = "".join(run.attempt.job for run in runs)
        self.on_step(names)
        super().step(runs)
        self.steps.append(names)

    def retire(self, run: Run) -> Any:
        self.retired.append(f"{run.attempt.job} after {len(self.steps)}")
        return super().retire(run)


class Studio:
    """A painter with its engine, and everything that it said."""

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine = engine or Engine()
        self.frames: list[Frame] = []
        self.drawn: list[Drawn] = []
        self.attempts = Attempts(self.frames.append)
        self.painter = Painter(self.engine, self.attempts, self.drawn.append, self.frames.append)

    def order(self, *orders: Order) -> Studio:
        for order in orders:
            if isinstance(order, Attempt):
                self.attempts.add((order.job, order.no))
            self.painter.put(order)
        return self

    def turns(self, count: int) -> Studio:
        for _ in range(count):
            self.painter.turn()
        return self

    def until_done(self) -> str:
        """Turns until nothing is left; who made which steps."""
        while self.under_way():
            self.painter.turn()
        return " ".join(self.engine.steps)

    def under_way(self) -> set[str]:
        """Jobs that were ordered and have no end yet."""
        begun = {key[0] for key in self.attempts._open}
        return begun - {one.attempt.job for one in self.drawn}

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        return [frame.data for frame in self.frames if frame.kind == kind]

    def ends(self) -> dict[str, str]:
        """Outcome, or code of a failure, by job; of those that were drawn "drawn"."""
        ended = {end["job"]: end.get("code") or end["outcome"] for end in self.of("end")}
        return {one.attempt.job: "drawn" for one in self.drawn} | ended

    def said(self, job: str) -> list[Event]:
        events = [frame for frame in self.frames if frame.kind == "event"]
        return [frames.unpack_event(frame) for frame in events if frame.data["job"] == job]


def ask(job: str, steps: int = 3, pictures: int = 1, **more: Any) -> Attempt:
    return attempt(job, tuple(range(pictures)), steps=steps, **more)


def test_attempts_of_one_company_step_together_and_leave_as_they_are_done() -> None:
    studio = Studio().order(ask("a", 2), ask("b", 3), ask("c", 3))
    assert studio.until_done() == "abc abc bc"
    assert studio.ends() == dict.fromkeys("abc", "drawn")
    assert [one.attempt.job for one in studio.drawn] == ["a", "b", "c"]
    assert [free["job"] for free in studio.of("free")] == ["a", "b", "c"]
    steps = [event.step for event in studio.said("b") if isinstance(event, Progress)]
    assert steps == [1, 2, 3]


@pytest.mark.parametrize(("ahead", "when"), [(True, 3), (False, 2)])
def test_pictures_come_to_be_while_others_make_a_step_where_the_engine_can(
    ahead: bool, when: int
) -> None:
    studio = Studio(Engine(ahead=ahead)).order(ask("a", 2), ask("b", 3), ask("c", 4))
    assert studio.until_done() == "abc abc bc c"
    assert studio.engine.retired == [f"a after {when}", f"b after {when + 1}", "c after 4"]
    assert studio.ends() == dict.fromkeys("abc", "drawn")


def test_who_is_cancelled_while_its_pictures_come_to_be_has_none() -> None:
    studio = Studio(Engine(ahead=True)).order(ask("a", 1), ask("b", 4)).turns(1)
    studio.attempts.cancel(("a", 1))
    assert studio.until_done() == "ab b b b"
    assert studio.ends() == {"a": "cancelled", "b": "drawn"}
    assert studio.engine.retired == ["b after 4"]
    assert [free["job"] for free in studio.of("free")] == ["a", "b"]


def test_a_later_one_joins_at_the_next_step() -> None:
    studio = Studio().order(ask("a", 4)).turns(2)
    studio.order(ask("b", 3))
    assert studio.until_done() == "a a ab ab b"


def test_pictures_are_the_same_in_company_as_alone() -> None:
    jobs = [ask(name, 3, 2, text=f"a fox {name}") for name in "abc"]
    together = Studio().order(*jobs)
    together.until_done()
    for job, drawn in zip(jobs, together.drawn, strict=True):
        alone = Studio().order(job)
        alone.until_done()
        assert [one.tobytes() for one in alone.drawn[0].images] == [
            one.tobytes() for one in drawn.images
        ]


def test_other_sizes_take_turns_and_a_short_one_does_not_wait_for_a_long_one() -> None:
    studio = Studio().order(ask("L", 50, 4)).turns(3)
    studio.order(ask("s", 4, width=2 * SIDE))
    assert studio.until_done() == " ".join(["L"] * 3 + ["s"] * 4 + ["L"] * 47)


def test_jobs_of_one_person_follow_each_other() -> None:
    # As many pixels each, and no company.
    mine = [
        replace(ask(name, 2, width=w, height=4096 // w), person="Anna")
        for name, w in (("a", 64), ("b", 128))
    ]
    studio = Studio().order(*mine, replace(ask("o", 2, width=32, height=128), person="Bert"))
    assert studio.until_done() == "a a o o b b"


def test_who_had_much_is_paused_for_others_and_says_so() -> None:
    studio = Studio().order(replace(ask("d", 6), before=9.0)).turns(2)
    studio.order(ask("n", 5, width=2 * SIDE), ask("m", 1, width=4 * SIDE))
    assert studio.until_done() == " ".join(["d"] * 2 + ["m"] + ["n"] * 5 + ["d"] * 4)
    said = [type(event) for event in studio.said("d")][1:]
    assert said == [Begun, *[Progress] * 2, Paused, Begun, *[Progress] * 4]
    # Who had to wait for one step only was not paused.
    assert [type(event) for event in studio.said("n")] == [Begun, *[Progress] * 5]


def test_company_that_was_paused_goes_on_together() -> None:
    much = [replace(ask(name, 4), before=9.0) for name in "de"]
    studio = Studio().order(*much).turns(1)
    studio.order(ask("n", 3, width=2 * SIDE))
    assert studio.until_done() == "de n n n de de de"


def test_a_cancelled_one_is_paused_no_longer() -> None:
    studio = Studio().order(replace(ask("d", 9), before=9.0)).turns(2)
    studio.order(ask("n", 4, width=2 * SIDE)).turns(3)
    studio.attempts.cancel(("d", 1))
    assert studio.until_done() == "d d n n n n"
    assert studio.ends() == {"d": "cancelled", "n": "drawn"}


def test_what_is_drawn_in_one_go_has_no_room_for_others_from_its_beginning() -> None:
    class Whole(Engine):
        def begin(self, attempt: Attempt, emit: Any, cancelled: Any) -> SimulatedRun:
            run = super().begin(attempt, emit, cancelled)
            run.company = None
            return run

    studio = Studio(Whole()).order(ask("a", 2)).turns(1)
    kinds = [frame.kind for frame in studio.frames]
    assert studio.of("room") == [{"model": "embedded", "pixels": SIDE * SIDE, "pictures": 0}]
    assert kinds.index("room") < kinds.index("event", kinds.index("room"))


def test_a_cancelled_one_leaves_at_the_next_step_and_the_others_go_on() -> None:
    studio = Studio().order(ask("a", 4), ask("b", 4)).turns(1)
    studio.attempts.cancel(("a", 1))
    assert studio.until_done() == "ab b b b"
    assert studio.ends() == {"a": "cancelled", "b": "drawn"}
    assert [free["job"] for free in studio.of("free")] == ["a", "b"]


def test_one_cancelled_before_it_began_is_not_begun() -> None:
    studio = Studio().order(ask("a", 2), ask("b", 2))
    studio.attempts.cancel(("b", 1))
    assert studio.until_done() == "a a"
    assert not any(isinstance(event, Begun) for event in studio.said("b"))
    assert sorted(free["job"] for free in studio.of("free")) == ["a", "b"]


def test_one_cancelled_before_its_load_holds_up_nobody() -> None:
    studio = Studio().order(ask("a", 5)).turns(2)
    studio.order(ask("other", 2, model="other"), ask("b", 2)).turns(1)
    studio.attempts.cancel(("other", 1))
    assert studio.until_done() == "a a a ab ab"
    assert studio.engine.loads == ["embedded after 0"]
    assert studio.ends() == {"a": "drawn", "other": "cancelled", "b": "drawn"}


def test_one_cancelled_in_its_last_step_is_not_drawn() -> None:
    studio = Studio().order(ask("a", 2), ask("b", 2))

    def cancel(names: str) -> None:
        if studio.engine.steps:
            studio.attempts.cancel(("a", 1))

    studio.engine.on_step = cancel
    assert studio.until_done() == "ab ab"
    assert studio.ends() == {"a": "cancelled", "b": "drawn"}


@pytest.mark.parametrize(
    ("word", "steps"), [("fail", "a c ac"), ("bad_input", "a c ac"), ("out_of_memory", "a c a c")]
)
def test_who_fails_alone_has_failed_and_its_mates_are_spared(word: str, steps: str) -> None:
    studio = Studio(Engine(**{f"{word}_on": ["bad"]}))
    studio.order(ask("a", 2), ask("b", 2, text="bad"), ask("c", 2))
    assert studio.until_done() == steps
    codes = {"fail": "error"}
    assert studio.ends() == {"a": "drawn", "b": codes.get(word, word), "c": "drawn"}


def test_a_mistake_in_a_company_is_its_own_as_well() -> None:
    studio = Studio().order(ask("a", 2), ask("b", 2))

    def mistaken(names: str) -> None:
        if "b" in names:
            raise KeyError("no such tensor")

    studio.engine.on_step = mistaken
    assert studio.until_done() == "a a"
    assert studio.ends() == {"a": "drawn", "b": "error"}


def test_memory_that_runs_out_halves_the_company_and_is_remembered() -> None:
    studio = Studio(Engine(room=2))
    studio.order(*(ask(name, 2) for name in "abcd"))
    assert studio.until_done() == "ab cd ab cd"
    assert studio.ends() == dict.fromkeys("abcd", "drawn")
    assert studio.of("room")[-1] == {"model": "embedded", "pixels": SIDE * SIDE, "pictures": 2}


def test_who_had_stepped_before_the_failure_does_not_step_twice() -> None:
    class Half(Engine):
        def step(self, runs: Sequence[Run]) -> None:
            if len(runs) > 1:
                assert isinstance(runs[0], SimulatedRun)
                runs[0].advance()
                raise RenderFailed("error", "The second half is missing.")
            super().step(runs)

    studio = Studio(Half()).order(ask("a", 2), ask("b", 3))
    studio.until_done()
    assert studio.ends() == {"a": "drawn", "b": "drawn"}
    for name, of in (("a", 2), ("b", 3)):
        steps = [event.step for event in studio.said(name) if isinstance(event, Progress)]
        assert steps == list(range(1, of + 1))


def test_a_failure_at_the_end_is_only_its_own() -> None:
    class Blank(Engine):
        def retire(self, run: Run) -> Any:
            if run.attempt.job == "a":
                raise RenderFailed("not_finite", "It is black.")
            return super().retire(run)

    studio = Studio(Blank()).order(ask("a", 2), ask("b", 2))
    studio.until_done()
    assert studio.ends() == {"a": "not_finite", "b": "drawn"}


def test_a_newcomer_for_another_model_waits_for_the_others_and_those_behind_it_do_too() -> None:
    studio = Studio().order(ask("a", 3)).turns(1)
    studio.order(ask("n", 2, model="new"), ask("b", 2))
    assert studio.until_done() == "a a a n n b b"
    assert studio.engine.loads == ["embedded after 0", "new after 3"]


def test_a_model_ordered_ahead_is_loaded_when_nothing_is_drawn() -> None:
    studio = Studio().order(Prepare("new"), ask("a", 2), Prepare("newer")).turns(1)
    assert studio.engine.loads == ["new after 0", "embedded after 0"]
    studio.until_done()
    studio.turns(1)
    assert studio.engine.loads[2:] == ["newer after 2"]
    assert studio.of("state")[-1]["loaded"] == {"embedded": {}, "new": {}, "newer": {}}


def test_a_model_that_left_the_memory_while_others_were_drawn_with_is_told() -> None:
    studio = Studio().order(Prepare("idle"), ask("a", 3))
    studio.engine.on_step = lambda names: studio.engine._loaded.pop("idle", None)
    studio.turns(1)
    before = len(studio.of("state"))
    assert studio.of("state")[-1]["loaded"].keys() == {"embedded", "idle"}
    studio.until_done()
    assert [state["loaded"].keys() for state in studio.of("state")[before:]] == [{"embedded"}]


def test_one_without_a_step_is_retired_at_once() -> None:
    studio = Studio().order(ask("a", 0), ask("b", 1))
    assert studio.until_done() == "b"
    assert studio.ends() == {"a": "drawn", "b": "drawn"}


def test_seconds_are_shares_of_what_the_engine_took() -> None:
    studio = Studio(Engine(step_seconds=0.02)).order(ask("a", 4), ask("b", 4, 3))
    studio.until_done()
    small, large = (one.seconds for one in studio.drawn)
    assert small + large >= 4 * 0.02
    assert large > 2 * small


def test_a_run_that_draws_everything_at_once_asks_by_itself() -> None:
    class Whole(Engine):
        def step(self, runs: Sequence[Run]) -> None:
            raise Cancelled

    studio = Studio(Whole()).order(ask("a"))
    studio.until_done()
    assert studio.ends() == {"a": "cancelled"}


def test_the_room_grows_while_larger_steps_pay() -> None:
    studio = Studio(Engine(step_seconds=0.01))
    for number in range(3):
        studio.order(*(ask(f"{number}{name}", 3, 4) for name in "abcdefgh"))
        studio.until_done()
    assert [told["pictures"] for told in studio.of("room")] == [8, 16, 32, 64]


def test_the_room_stays_small_where_they_do_not() -> None:
    studio = Studio(Engine(step_seconds=0, picture_seconds=0.004))
    for number in range(2):
        studio.order(*(ask(f"{number}{name}", 4, 4, width=1024) for name in "abc"))
        studio.until_done()
    assert studio.of("room")[-1]["pictures"] == 4


def test_an_idle_worker_is_told_so_until_nothing_more_is_to_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(painter, "_IDLE_S", 0.001)

    class Restless(Engine):
        looks = 0

        def idle(self, say: Callable[[str], None]) -> bool:
            self.looks += 1
            if self.looks == 3:
                say("speeding up")
                studio.attempts.add(("late", 1))
                studio.order(Prepare("embedded"))
            return self.looks < 3

    engine = Restless()
    studio = Studio(engine)
    studio.painter.turn()
    assert (engine.looks, len(engine.loads)) == (3, 1)
    told = [frames.unpack_event(each) for each in studio.frames if each.kind == "event"]
    assert [each.text for each in told if isinstance(each, LoadingModel)] == [
        "speeding up", "loading embedded",
    ]  # fmt: skip
    studio.attempts.add(("later", 1))
    assert studio.frames[-1].kind != "event"


def test_who_waits_does_not_wait_for_what_makes_drawing_faster() -> None:
    class Slow(Engine):
        def idle(self, say: Callable[[str], None]) -> bool:
            raise AssertionError("somebody waits")

    engine = Slow()
    Studio(engine).order(Prepare("embedded")).painter.turn()
    assert len(engine.loads) == 1
