"""Lanes: who is in a hurry is before who is not, and nobody starves."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.lanes import RELAX, TURBO, Lanes
from bot.domain.lines import Entry
from bot.domain.speed import Speed
from tests.domain.test_queue_servers import calls

HOME = "home"
T, F, R = Speed
SPEEDS = {"t": T, "f": F, "r": R}


def entry(job: str, user: str = "", work: float = 1.0, limit: int = 3, model: str = "") -> Entry:
    """A job whose first letter is its speed; without a user, the rest is its user."""
    return Entry(job, (HOME, user or job[1:]), work, limit, model, speed=SPEEDS[job[0]])


def filled(*entries: Entry) -> Lanes:
    lanes = Lanes()
    for one in entries:
        lanes.add(one)
    return lanes


def drawn(lanes: Lanes, count: int = 10_000) -> list[str]:
    """The order in which one worker draws."""
    order = []
    while len(order) < count and (taken := lanes.next()) is not None:
        order.append(taken.job)
        lanes.done(taken.job)
    return order


def taken_now(lanes: Lanes) -> list[str]:
    """Everything that may be drawn at once, in its order."""
    return [taken.job for _ in range(len(lanes)) if (taken := lanes.next()) is not None]


def test_turbo_is_before_fast_and_fast_before_relaxed() -> None:
    assert drawn(filled(entry("ra"), entry("fb"), entry("tc"))) == ["tc", "fb", "ra"]


def test_within_a_lane_people_take_turns() -> None:
    jobs = [entry(f"{speed}{user}{n}", user) for speed in "tr" for user in "ab" for n in range(2)]
    assert drawn(filled(*jobs)) == ["ta0", "tb0", "ta1", "tb1", "ra0", "rb0", "ra1", "rb1"]


def test_ones_own_jobs_are_drawn_by_their_speed_too() -> None:
    assert drawn(filled(entry("r", "a"), entry("f", "a"), entry("t", "a"))) == ["t", "f", "r"]


@settings(max_examples=25)
@given(st.integers(1, 8), st.integers(1, 8), st.sampled_from([1.0, 2.0, 3.0]))
def test_one_in_turbo_gets_twice_as_much_as_one_of_the_fast(
    turbo: int, fast: int, work: float
) -> None:
    people = [*(f"t{n}" for n in range(turbo)), *(f"f{n}" for n in range(fast))]
    lanes = filled(*(entry(f"{who}.{n}", who, work) for who in people for n in range(12)))
    served = Counter[str]()
    while all(any(job.startswith(f"{who}.") for job in lanes.jobs()) for who in people):
        served[drawn(lanes, 1)[0].partition(".")[0]] += 1
    hasty = [served[who] for who in people if who[0] == "t"]
    others = [served[who] for who in people if who[0] == "f"]
    assert max(hasty) <= TURBO * (min(others) + 1) + 1
    assert max(others) <= min(hasty) + 1


def test_a_newcomer_in_turbo_pays_no_debts_of_others() -> None:
    fast = [entry(f"f{who}{n}", f"f{who}") for who in range(20) for n in range(5)]
    lanes = filled(*fast, *(entry(f"ta{n}", "a") for n in range(20)))
    order = drawn(lanes, 15)
    assert order[0] == "ta0"
    assert [job[0] for job in order].count("t") == 2  # of eleven one: twice as much as of twenty
    lanes.add(entry("tb0", "b"))
    assert drawn(lanes, 1) == ["tb0"]


@settings(max_examples=25)
@given(st.integers(1, 20), st.sampled_from(["f", "t", "ft"]), st.sampled_from([1.0, 2.0, 4.0]))
def test_relaxed_jobs_under_constant_load_are_served_within_their_bound(
    relaxed: int, hurry: str, work: float
) -> None:
    """Of people who come without end there is always one more who waits."""
    lanes, new = Lanes(), itertools.count()
    for number in range(relaxed):
        lanes.add(entry(f"r{number}", work=work))
    before, waited = 0.0, []
    while len(waited) < relaxed:
        for speed in hurry:
            lanes.add(entry(f"{speed}new{next(new)}"))
        (job,) = drawn(lanes, 1)
        before += job[0] != "r"
        if job[0] == "r":
            waited.append(before)
    assert waited == [RELAX * work * place for place in range(1, relaxed + 1)]


@settings(max_examples=25)
@given(st.integers(0, 200), st.integers(1, 40))
def test_however_many_are_relaxed_the_fast_wait_no_more_than_an_eighth_longer(
    relaxed: int, fast: int
) -> None:
    lanes = filled(
        *(entry(f"r{n}") for n in range(relaxed)), *(entry(f"f{n}") for n in range(fast))
    )
    order = drawn(lanes)
    for number in range(fast):
        assert order.index(f"f{number}") <= number * (1 + 1 / RELAX)


def test_what_goes_back_among_the_relaxed_has_waited_already() -> None:
    lanes = filled(entry("ra"))
    taken = lanes.next()
    assert taken is not None
    lanes.done("ra")
    lanes.add(entry("fb"))
    lanes.add(taken, front=True)
    assert drawn(lanes) == ["ra", "fb"]


def test_the_running_limit_counts_in_all_lanes_together() -> None:
    lanes = filled(
        entry("r", "a", limit=2), entry("f1", "a", limit=2), entry("f2", "a", limit=2),
        *(entry(f"t{n}", "a", limit=4) for n in range(3)), entry("r1", "b"),
    )  # fmt: skip
    assert taken_now(lanes) == ["t0", "f1", "t1", "t2", "r1"]  # four of hers, one of b's
    lanes.done("t0")
    lanes.done("f1")
    assert taken_now(lanes) == []  # two are drawn, which is the limit of those that are left
    lanes.done("t1")
    assert taken_now(lanes) == ["f2"]
    lanes.done("t2")
    assert taken_now(lanes) == ["r"]


def test_of_each_model_one_job_is_the_next() -> None:
    lanes = filled(
        entry("ra", model="large"), entry("rb", model="rare"),
        entry("tc", model="small"), entry("fd", model="large"),
    )  # fmt: skip
    assert [each.job for each in lanes.heads()] == ["tc", "fd", "rb"]
    for number in range(int(RELAX)):
        lanes.add(entry(f"t{number}", model="small"))
        assert lanes.take(lanes.heads()[0].job).model == "small"
    assert [each.job for each in lanes.heads()] == ["ra", "tc" if "tc" in lanes else "t7", "rb"]


def test_only_a_first_job_of_the_hasty_has_the_right_of_a_newcomer() -> None:
    lanes = filled(entry("r1", "a", 2.0), entry("f1", "a"))
    assert [each.attained for each in lanes.heads()] == [0.0]
    assert lanes.take("r1").attained == 2.0
    assert lanes.take("f1").attained == 0.0
    lanes.add(entry("t1", "a"))
    assert [each.attained for each in lanes.heads()] == [1.0]


def test_unknown_jobs() -> None:
    lanes = filled(entry("ra"))
    assert not lanes.remove("gone")
    lanes.done("gone")
    assert lanes.place("gone") is None
    with pytest.raises(KeyError):
        lanes.take("gone")
    with pytest.raises(ValueError, match="ra"):
        lanes.add(entry("ra"))


JOBS = st.lists(
    st.tuples(st.sampled_from("tffr"), st.sampled_from("abcd"), st.sampled_from([1.0, 2.0, 3.0])),
    max_size=30,
)


@given(JOBS, st.integers(0, 12))
def test_places_come_true(jobs: list[tuple[str, str, float]], begun: int) -> None:
    lanes = filled(*(entry(f"{job}{n}", user, work) for n, (job, user, work) in enumerate(jobs)))
    drawn(lanes, begun)
    places = list(lanes.places())
    assert [place for _, place, _ in places] == list(range(1, len(lanes) + 1))
    assert [job for job, _, _ in places] == drawn(lanes)


@given(st.lists(st.sampled_from("tfffrr"), max_size=60), st.integers(0, 20))
def test_a_place_that_is_reckoned_is_near_the_truth(jobs: list[str], begun: int) -> None:
    lanes = filled(*(entry(f"{job}{n}") for n, job in enumerate(jobs)))
    drawn(lanes, begun)
    for job, place, work in lanes.places():
        told = lanes.place(job)
        assert told is not None
        assert abs(told[0] - place) <= 2 + len(lanes) // 8
        assert abs(told[1] - work) <= 2 + len(lanes) // 8


@pytest.mark.parametrize("speed", "tfr")
def test_no_call_costs_more_for_long_lanes(speed: str) -> None:
    def cost(people: int) -> list[int]:
        jobs = (entry(f"{each}{n}") for n in range(people) for each in "tfr")
        lanes, last = filled(*jobs), entry(f"{speed}last")
        work = [
            lambda: lanes.add(last), lambda: lanes.place(last.job), lanes.heads,
            lambda: lanes.take(lanes.heads()[0].job), lambda: lanes.remove(last.job),
        ]  # fmt: skip
        return [calls(each) for each in work]

    short, long = cost(30), cost(3000)
    assert all(more <= 2 * few for few, more in zip(short, long, strict=True))


class LanesMachine(RuleBasedStateMachine):
    """Whatever comes and goes, the books are right and limits are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes, self.count = Lanes(), 0
        self.waiting: dict[str, Entry] = {}
        self.running: dict[str, Entry] = {}

    @rule(speed=st.sampled_from("tfr"), user=st.sampled_from("abc"), model=st.sampled_from("xy"))
    def add(self, speed: str, user: str, model: str) -> None:
        self.count += 1
        limit = 4 if speed == "t" else 2
        one = entry(f"{speed}{self.count}", user, 1.0 + self.count % 3, limit, model)
        self.lanes.add(one)
        self.waiting[one.job] = one

    def _may_run(self, one: Entry) -> bool:
        return sum(each.path == one.path for each in self.running.values()) < one.limit

    @rule(which=st.integers(0, 1))
    def take(self, which: int) -> None:
        heads = self.lanes.heads()
        able = {one.model for one in self.waiting.values() if self._may_run(one)}
        assert {one.model for one in heads} == able
        assert len(heads) == len(able)
        if which < len(heads):
            taken = self.lanes.take(heads[which].job)
            assert taken.attained == heads[which].attained
            self.running[taken.job] = self.waiting.pop(taken.job)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), back=st.booleans())
    def end(self, data: st.DataObject, back: bool) -> None:
        one = self.running.pop(data.draw(st.sampled_from(sorted(self.running))))
        self.lanes.done(one.job)
        if back:
            self.lanes.add(one, front=True)
            self.waiting[one.job] = one

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(sorted(self.waiting)))
        del self.waiting[job]
        assert self.lanes.remove(job)

    @invariant()
    def the_books_are_right(self) -> None:
        assert (len(self.lanes), self.lanes.running) == (len(self.waiting), len(self.running))
        assert sorted(self.lanes.jobs()) == sorted(self.waiting)
        assert sorted(job for job, _, _ in self.lanes.places()) == sorted(self.waiting)
        assert self.running or self.waiting or not self.lanes.remembered

    @invariant()
    def nobody_waits_for_a_debt_beyond_one_job(self) -> None:
        assert -3.0 * TURBO * 3 <= self.lanes._owed <= 3.0


TestLanes = LanesMachine.TestCase
TestLanes.settings = settings(max_examples=40, stateful_step_count=30)
