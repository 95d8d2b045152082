"""Which job starts on which worker: the rules one by one, then days of work in a second."""

from __future__ import annotations

import heapq
import math
import random
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.queue import Entry, JobQueue
from bot.domain.routing import Beside, Choice, Standing, paused_for, route

LOADS = {"old": 10.0, "new": 10.0, "other": 10.0}


def waiting(*models: str) -> list[Entry]:
    """One job of each model, in fair order; a job bears its model's name."""
    return [Entry(model, ("home", model), 1.0, model=model) for model in models]


def worker(
    id: str, *models: str, busy: float | None = None, kept: float = math.inf,
    failed: str = "", load: float = 10.0,
) -> Standing:  # fmt: skip
    """A worker with models in memory; it is free unless it is busy for a while."""
    return Standing(
        id, busy is None, frozenset(models), dict.fromkeys(LOADS, load), busy or 0.0, kept,
        frozenset(failed.split()),
    )  # fmt: skip


def chosen(jobs: list[Entry], *workers: Standing) -> tuple[str, str, float] | None:
    choice = route(jobs, workers)
    return None if choice is None else (choice.job, choice.worker, choice.load_s)


def test_nothing_starts_without_a_job_or_a_worker() -> None:
    assert route([], [worker("w1", "old")]) is None
    assert route(waiting("old"), []) is None
    assert route(waiting("old"), [worker("w1", "old", busy=1.0)]) is None


def test_a_worker_that_has_the_model_comes_before_one_that_must_load_it() -> None:
    workers = worker("w1", "new"), worker("w2"), worker("w3", "old")
    assert chosen(waiting("old"), *workers) == ("old", "w3", 0.0)


def test_of_equals_the_one_with_the_least_in_memory_loads() -> None:
    workers = worker("w1", "old"), worker("w2"), worker("w3", "old")
    assert chosen(waiting("new"), *workers) == ("new", "w2", 10.0)


def test_of_equals_the_one_that_draws_quicker_starts() -> None:
    slow = replace(worker("w1", "old"), draw_s={"old": 9.0})
    quick = replace(worker("w2", "old", "new"), draw_s={"old": 2.0})
    assert chosen(waiting("old"), slow, quick) == ("old", "w2", 0.0)
    busy = replace(quick, free=False, busy_s=8.0)
    assert chosen(waiting("old"), slow, busy) == ("old", "w1", 0.0)


def test_the_quicker_load_wins() -> None:
    assert chosen(waiting("new"), worker("w1"), worker("w2", load=3.0)) == ("new", "w2", 3.0)


def test_a_job_waits_for_a_busy_worker_that_begins_it_sooner_than_a_free_one_has_loaded() -> None:
    soon, late = worker("w1", "old", busy=9.0), worker("w1", "old", busy=11.0)
    assert chosen(waiting("old"), soon, worker("w2")) is None
    assert chosen(waiting("old"), late, worker("w2")) == ("old", "w2", 10.0)


def test_a_worker_that_loads_counts_with_the_rest_of_its_load_and_is_handed_nothing() -> None:
    # What it is loading is among its models; it is busy for as long as that takes.
    nearly, just_begun = worker("w1", "old", busy=2.0), worker("w1", "old", busy=600.0)
    assert chosen(waiting("old"), nearly) is None
    assert chosen(waiting("old"), nearly, worker("w2")) is None
    assert chosen(waiting("old"), just_begun, worker("w2", "old")) == ("old", "w2", 0.0)
    assert chosen(waiting("old"), just_begun, worker("w2", "old", busy=5.0)) is None


def test_what_cannot_start_holds_up_nobody() -> None:
    assert chosen(waiting("new", "old"), worker("w1", "old", failed="new")) == ("old", "w1", 0.0)
    busy = worker("w1", "new", busy=1.0)
    assert chosen(waiting("new", "old"), busy, worker("w2", "old")) == ("old", "w2", 0.0)


def test_a_model_that_failed_everywhere_waits_and_one_that_failed_somewhere_does_not() -> None:
    assert chosen(waiting("new"), worker("w1", failed="new"), worker("w2", failed="new")) is None
    workers = worker("w1", failed="new"), worker("w2", "old")
    assert chosen(waiting("new"), *workers) == ("new", "w2", 10.0)


def test_nobody_waits_for_a_busy_worker_that_failed() -> None:
    workers = worker("w1", busy=0.5, failed="new"), worker("w2")
    assert chosen(waiting("new"), *workers) == ("new", "w2", 10.0)


def test_a_worker_keeps_to_what_it_has_for_the_time_that_the_other_load_takes() -> None:
    jobs = waiting("new", "old")
    assert chosen(jobs, worker("w1", "old", kept=9.9)) == ("old", "w1", 0.0)
    assert chosen(jobs, worker("w1", "old", kept=10.0)) == ("new", "w1", 10.0)


def test_it_keeps_to_nothing_that_nobody_waits_for() -> None:
    assert chosen(waiting("new"), worker("w1", "old", kept=0.0)) == ("new", "w1", 10.0)
    jobs = waiting("new", "other")
    assert chosen(jobs, worker("w1", "old", kept=0.0)) == ("new", "w1", 10.0)


def test_fair_order_decides_between_models_in_memory() -> None:
    both = worker("w1", "old", "new", kept=0.0)
    assert chosen(waiting("new", "old"), both) == ("new", "w1", 0.0)
    assert chosen(waiting("old", "new"), both) == ("old", "w1", 0.0)


# Slow workers


def pair(behind: int, busy_s: float = 1.0, slow_s: float = 10.0) -> tuple[str, str, float] | None:
    """A job before so many others; a quick worker is busy, a slow one free."""
    quick = replace(worker("quick", "old", busy=busy_s), draw_s={"old": 1.0})
    slow = replace(worker("slow", "old"), draw_s={"old": slow_s})
    jobs = [replace(entry, behind=behind) for entry in waiting("old")]
    return chosen(jobs, quick, slow)


def test_a_slow_worker_draws_what_a_quick_one_has_no_time_for() -> None:
    assert pair(behind=0) is None
    assert pair(behind=8) is None
    assert pair(behind=9) == ("old", "slow", 0.0)
    assert pair(behind=0, busy_s=9.5) == ("old", "slow", 0.0)
    assert pair(behind=0, slow_s=2.0) == ("old", "slow", 0.0)


def test_who_waits_for_a_quick_worker_comes_after_those_who_wait_already() -> None:
    quick = replace(worker("quick", "old", "new", busy=1.0), draw_s={"old": 8.0, "new": 8.0})
    slow = replace(worker("slow", "old", "new"), draw_s={"old": 10.0, "new": 10.0})
    assert chosen(waiting("old"), quick, slow) is None
    assert chosen(waiting("old", "new"), quick, slow) == ("new", "slow", 0.0)


def test_a_crowd_has_another_worker_load_what_one_has() -> None:
    has = replace(worker("w1", "old", busy=2.0), draw_s={"old": 5.0})
    idle = replace(worker("w2"), draw_s={"old": 5.0})
    few, many = ([replace(one, behind=n) for one in waiting("old")] for n in (0, 40))
    assert chosen(few, has, idle) is None
    assert chosen(many, has, idle) == ("old", "w2", 10.0)


def test_what_fits_beside_the_others_is_loaded_although_somebody_waits_for_them() -> None:
    jobs, kept = waiting("new", "old"), worker("w1", "old", kept=0.0)
    assert chosen(jobs, kept) == ("old", "w1", 0.0)
    assert chosen(jobs, replace(kept, fitting=frozenset({"new"}))) == ("new", "w1", 10.0)
    roomy = replace(worker("w2", "other"), fitting=frozenset({"new"}))
    assert chosen(waiting("new"), worker("w1", "old"), roomy) == ("new", "w2", 10.0)


# In company


def drawing(
    id: str, room: int = 0, left: float = 0.0, busy: float = 5.0, others: int = 1
) -> Standing:
    """A worker that draws with the model "old"; so many pictures may join."""
    return Standing(
        id, True, frozenset({"old"}), dict.fromkeys(LOADS, 10.0), busy, idle=False,
        beside={("old", 64): Beside(room, left, others)},
    )  # fmt: skip


def job(name: str, model: str = "old", pictures: int = 1, work: float = 1.0, alone=False) -> Entry:
    return Entry(name, ("home", name), work, 3, model, pictures, 64, alone)


def test_a_job_joins_where_its_pictures_pay_and_rather_goes_where_nothing_is_drawn() -> None:
    assert chosen([job("a", pictures=4)], drawing("w1", 4)) == ("a", "w1", 0.0)
    assert chosen([job("a", pictures=4)], drawing("w1", 3)) is None
    assert chosen([job("a")], drawing("w1", 4), worker("w2", "old")) == ("a", "w2", 0.0)
    other = replace(job("a"), pixels=128)
    assert chosen([other], drawing("w1", 4)) is None


def test_a_job_joins_a_quick_worker_rather_than_have_a_slow_one_to_itself() -> None:
    quick = replace(drawing("w1", 4), draw_s={"old": 1.0})
    for draw_s, expected in ((1.5, "w2"), (9.0, "w1")):
        slow = replace(worker("w2", "old"), draw_s={"old": draw_s})
        assert chosen([job("a")], quick, slow) == ("a", expected, 0.0)


def test_a_short_job_does_not_wait_for_long_ones() -> None:
    assert chosen([job("s", pictures=4, work=2.0)], drawing("w1", left=4.0)) == ("s", "w1", 0.0)
    assert chosen([job("s", pictures=4, work=2.1)], drawing("w1", left=4.0)) is None


def test_a_first_job_pauses_what_others_have_beyond_their_own() -> None:
    first, second = job("a"), replace(job("b"), attained=4.0)
    assert paused_for(job("n"), [first, second]) == {"b"}
    assert paused_for(replace(job("n"), attained=1.0), [first, second]) == set()
    assert paused_for(job("n", alone=True), [first, second]) == set()


def test_a_job_goes_where_the_fewest_are_drawn_beside_it() -> None:
    crowded, quiet = drawing("w1", 4, others=2), drawing("w2", 4, others=1)
    assert chosen([job("a")], crowded, quiet) == ("a", "w2", 0.0)
    paused = replace(drawing("w3", 4, others=0), draw_s={"old": 1.0})
    assert chosen([job("a")], crowded, quiet, paused, worker("w4", "old")) == ("a", "w4", 0.0)
    # It has all of a worker to itself where the others are paused.
    slow = replace(worker("w4", "old"), draw_s={"old": 1.5})
    assert chosen([job("a")], paused, slow) == ("a", "w3", 0.0)


def test_what_must_be_loaded_joins_nobody() -> None:
    assert chosen([job("n", "new", work=0.1)], drawing("w1", 4, left=100.0)) is None


def test_fairness_beats_batching() -> None:
    # Four of `b` could share the steps that are made; `a`, which is first, could not.
    assert chosen([job("b", pictures=4)], drawing("w1", 4)) == ("b", "w1", 0.0)
    large = replace(job("a", pictures=4), model="both")
    both = replace(drawing("w1", 4), models=frozenset({"old", "both"}))
    assert chosen([large, job("b", pictures=4)], both) is None


def test_who_waits_for_a_load_is_not_put_off_by_those_who_could_join() -> None:
    first = [job("n", "new"), job("b")]
    assert chosen(first, replace(drawing("w1", 4), kept_s=10.0)) is None
    # As long as the worker keeps to what it has, they join.
    assert chosen(first, replace(drawing("w1", 4), kept_s=9.0)) == ("b", "w1", 0.0)


def test_each_holds_one_worker_alone() -> None:
    first = [job("n", "new"), job("b")]
    near, far = drawing("w1", 4, busy=1.0), drawing("w2", 4, busy=9.0)
    assert chosen(first, near, far) == ("b", "w2", 0.0)


def test_a_suspect_is_drawn_alone() -> None:
    suspect = job("a", work=0.1, alone=True)
    assert chosen([suspect], drawing("w1", 4, left=100.0)) is None
    assert chosen([suspect], worker("w1", "old")) == ("a", "w1", 0.0)


MODELS = st.sampled_from(sorted(LOADS))
STANDINGS = st.builds(
    Standing,
    id=st.uuids().map(str),
    free=st.booleans(),
    models=st.frozensets(MODELS, max_size=2),
    load_s=st.fixed_dictionaries(dict.fromkeys(LOADS, st.sampled_from([1.0, 10.0, 60.0]))),
    busy_s=st.sampled_from([0.0, 5.0, 30.0, math.inf]),
    kept_s=st.sampled_from([0.0, 9.0, 100.0]),
    failed=st.frozensets(MODELS, max_size=2),
    idle=st.booleans(),
    draw_s=st.dictionaries(MODELS, st.sampled_from([0.5, 5.0, 50.0])),
    beside=st.dictionaries(
        st.tuples(MODELS, st.just(0)),
        st.builds(Beside, st.integers(0, 2), st.sampled_from([0.0, 1.0, 2.0]), st.integers(0, 3)),
    ),
)


@given(st.lists(MODELS, unique=True), st.lists(STANDINGS, max_size=4), st.integers(0, 50))
def test_whatever_starts_could_not_end_sooner_at_others_expense(
    models: list[str], workers: list[Standing], behind: int
) -> None:
    choice = route([replace(one, behind=behind) for one in waiting(*models)], workers)
    if choice is None:
        # Whoever is free, and has what is waited for, is slower than somebody who is not.
        idle = [one for one in workers if one.free and one.idle]
        for one in idle:
            for entry in waiting(*(model for model in models if model in one.models - one.failed)):
                busy = [other for other in workers if not other.open_to(entry)]
                assert any(other.end_s(entry) < one.end_s(entry) for other in busy)
        return
    (worker,) = [one for one in workers if one.id == choice.worker]
    assert worker.free
    assert choice.job not in worker.failed
    assert choice.load_s == (0.0 if choice.job in worker.models else worker.load_s[choice.job])
    (entry,) = [one for one in waiting(*models) if one.job == choice.job]
    assert worker.idle or entry.model in worker.models
    if not behind:
        busy = [one for one in workers if not one.open_to(entry)]
        assert all(worker.end_s(entry) <= one.end_s(entry) for one in busy)


# Days of work in a second


@dataclass
class Card:
    """A worker with room for some models, the newest last."""

    id: str
    room: int
    models: list[str] = field(default_factory=list)
    slowness: float = 1.0
    until: float = 0.0
    since: float = -math.inf

    def standing(
        self, now: float, loads: dict[str, float], guess: float, draw_s: float = 0.0
    ) -> Standing:
        busy, paces = max(0.0, self.until - now), dict.fromkeys(LOADS, draw_s * self.slowness)
        return Standing(
            self.id, not busy, frozenset(self.models), loads, busy * guess, now - self.since,
            draw_s=paces if draw_s else {},
        )  # fmt: skip


@dataclass
class Drawn:
    """A job's life, in seconds."""

    came: float
    model: str
    began: float = math.inf
    ended: float = math.inf
    by: str = ""


class Shop:
    """A real queue, workers that forget a model when they need its room, and a clock that jumps.

    `guesses` says how wrong the estimates of busy workers are, as factors. Somebody looks whenever
    a worker comes free or a job comes, and every second.
    """

    def __init__(
        self, cards: list[Card], loads: dict[str, float], draw_s: float,
        guesses: tuple[float, float] = (1.0, 1.0), seed: int = 0, measured: bool = False,
    ) -> None:  # fmt: skip
        self.measured = measured
        self.cards = {card.id: card for card in cards}
        self.loads, self.draw_s, self.guesses = loads, draw_s, guesses
        self.random = random.Random(seed)
        self.queue, self.now = JobQueue(), 0.0
        self.jobs: dict[str, Drawn] = {}
        self.loaded: list[tuple[float, str, str]] = []
        self._streams: dict[str, tuple[str, str, int]] = {}
        self._ends: list[tuple[float, str]] = []

    def add(self, person: str, model: str, limit: int = 3) -> str:
        job = f"{len(self.jobs)}"
        self.jobs[job] = Drawn(self.now, model)
        self.queue.add(Entry(job, ("home", person), 1.0, limit, model))
        return job

    def stream(self, person: str, model: str, deep: int = 3) -> None:
        """A person who always has some jobs waiting."""
        for _ in range(deep):
            self._streams[self.add(person, model)] = person, model, deep

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        self._look()
        while self.now < end:
            upcoming = self._ends[0][0] if self._ends else math.inf
            self.now = min(upcoming, math.floor(self.now) + 1.0)
            while self._ends and self._ends[0][0] <= self.now:
                self.queue.done(heapq.heappop(self._ends)[1])
            self._look()

    def _look(self) -> None:
        while (choice := self._route()) is not None:
            self._begin(choice)

    def _route(self) -> Choice | None:
        cards = self.cards.values()
        standings = [
            card.standing(
                self.now, self.loads, self.random.uniform(*self.guesses),
                self.draw_s if self.measured else 0.0,
            )
            for card in cards
        ]  # fmt: skip
        return route(self._heads(), standings)

    def _heads(self) -> list[Entry]:
        heads = self.queue.heads()
        return [replace(one, behind=self.queue.count(one.model) - 1) for one in heads]

    def _begin(self, choice: Choice) -> None:
        entry, card = self.queue.take(choice.job), self.cards[choice.worker]
        drawn = self.jobs[entry.job]
        drawn.began = self.now + choice.load_s
        card.until = drawn.began + self.draw_s * card.slowness
        drawn.ended, drawn.by = card.until, card.id
        if entry.model not in card.models:
            assert choice.load_s == self.loads[entry.model]
            self.loaded.append((self.now, card.id, entry.model))
            card.models = [*card.models, entry.model][-card.room :]
            card.since = drawn.began
        heapq.heappush(self._ends, (card.until, entry.job))
        if stream := self._streams.pop(entry.job, None):
            self._streams[self.add(*stream[:2])] = stream

    def waits(self, model: str | None = None) -> list[float]:
        """How long jobs waited until they were drawn, those that still wait included."""
        jobs = [drawn for drawn in self.jobs.values() if model in (None, drawn.model)]
        return [min(drawn.began, self.now) - drawn.came for drawn in jobs]

    def drawn(self) -> Counter[str]:
        return Counter(one.model for one in self.jobs.values() if one.began < self.now)


def shop(cards: str, room: int = 1, draw_s: float = 5.0, load_s: float = 20.0, **more) -> Shop:
    """Workers with a model each ("old old new"; "-" for none)."""
    made = [
        Card(f"w{n}", room, [model] if model != "-" else [])
        for n, model in enumerate(cards.split())
    ]
    return Shop(made, dict.fromkeys(LOADS, load_s), draw_s, **more)


@pytest.mark.parametrize("workers", ["old", "old old old"])
def test_a_model_that_nobody_has_gets_a_worker_however_many_jobs_come_for_another(workers) -> None:
    world = shop(workers)
    for number in range(4):
        world.stream(f"fan{number}", "old")
    world.run(100)
    for _ in range(20):
        job = world.add("Mia", "new")
        world.run(300)
        # The time that the worker keeps to what it has, a drawing, its own load.
        assert world.jobs[job].began - world.jobs[job].came <= 20 + 5 + 20 + 1
    assert world.drawn()["old"] > world.drawn()["new"] * 8


def test_two_models_on_one_worker_take_turns_of_a_load_and_share_it_fairly() -> None:
    world = shop("old")
    world.stream("Anna", "old")
    world.stream("Bert", "new")
    world.run(10_000)
    # Each load of 20 s is followed by 20 s of drawing at least, and by no more than needed.
    assert 10_000 / 50 <= len(world.loaded) <= 10_000 / 40
    drawn = world.drawn()
    assert abs(drawn["old"] - drawn["new"]) <= 10
    assert max(world.waits()) <= 3 * 100


def test_with_a_worker_for_each_model_nothing_is_ever_loaded_again() -> None:
    world = shop("- -")
    world.stream("Anna", "old")
    world.stream("Bert", "new")
    world.run(10_000)
    assert len(world.loaded) == 2
    assert min(world.drawn().values()) >= 1900


def test_a_burst_for_a_new_model_does_not_turn_every_worker_over_and_over() -> None:
    world = shop("old " * 8)
    for number in range(12):
        world.stream(f"fan{number}", "old")
    world.run(100)
    for number in range(16):
        world.add(f"guest{number}", "new")
    world.run(600)
    assert max(world.waits("new")) <= 100
    # There and back again, once for each worker at most.
    assert len(world.loaded) <= 16


@pytest.mark.parametrize("seed", range(6))
def test_days_of_mixed_work_starve_nobody_and_are_no_storm_of_loads(seed: int) -> None:
    rng = random.Random(seed)
    world = shop("- " * rng.randint(1, 4), rng.choice([1, 2]), guesses=(0.2, 4.0), seed=seed)
    count = len(world.cards)
    for _ in range(1500):
        model = rng.choices(["new", "old", "other"], [8, 3, 1])[0]
        world.add(f"person{rng.randrange(12)}", model)
        world.run(rng.expovariate(0.12 * count))
    world.run(3000)
    assert len(world.queue) == 0
    assert len(world.loaded) <= count * world.now / 40 + count
    assert max(world.waits("other")) <= max(world.waits("new")) + 100
    assert max(world.waits()) <= 2000


# A fleet of quick and slow cards


DRAW_S = 10.0


def fleet(*slowness: float, measured: bool = True) -> Shop:
    cards = [Card(f"w{n}", 1, ["old"], each) for n, each in enumerate(slowness)]
    return Shop(cards, dict.fromkeys(LOADS, 20.0), DRAW_S, measured=measured)


def taken(world: Shop) -> Counter[str]:
    """How many jobs each card drew."""
    return Counter(one.by for one in world.jobs.values() if one.ended <= world.now)


def spent(world: Shop) -> float:
    """The mean time from question to picture."""
    lives = [one.ended - one.came for one in world.jobs.values() if one.ended <= world.now]
    return sum(lives) / len(lives)


@pytest.mark.parametrize("slowness", [(1.0, 10.0), (1.0, 1.0, 4.0), (1.0, 2.0, 8.0, 8.0)])
def test_under_full_load_every_card_draws_at_its_own_pace(slowness: tuple[float, ...]) -> None:
    world = fleet(*slowness)
    for number in range(40):
        world.stream(f"fan{number}", "old")
    world.run(8000)
    drawn = taken(world)
    for number, each in enumerate(slowness):
        assert drawn[f"w{number}"] == pytest.approx(8000 / DRAW_S / each, rel=0.03)


@pytest.mark.parametrize("seed", range(4))
def test_at_ease_nobody_is_given_to_a_slow_card(seed: int) -> None:
    means = {}
    for measured in (True, False):
        world, rng = fleet(1.0, 10.0, measured=measured), random.Random(seed)
        for number in range(800):
            world.add(f"person{number}", "old")
            world.run(rng.expovariate(0.5 / DRAW_S))
        world.run(10 * DRAW_S)
        means[measured] = spent(world)
        if measured:
            assert taken(world)["w1"] <= 20
    assert means[True] < means[False] / 1.5


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from([1.0, 1.5, 3.0, 10.0, 40.0]), min_size=1, max_size=5),
    st.lists(st.tuples(st.floats(0, 100), st.integers(0, 5)), max_size=20),
)
def test_whatever_comes_is_drawn_and_no_card_rests_beside_a_long_line(
    slowness: list[float], visits: list[tuple[float, int]]
) -> None:
    world = fleet(*slowness)
    for pause, person in visits:
        world.add(f"person{person}", "old", limit=50)
        world.run(pause)
    world.run((len(visits) + 1) * DRAW_S * max(slowness))
    assert len(world.queue) == 0
    assert all(one.ended < math.inf for one in world.jobs.values())
    # All together never take longer than the quickest alone would have.
    alone = DRAW_S * min(slowness) * len(visits)
    last = max((one.ended for one in world.jobs.values()), default=0.0)
    came = max((one.came for one in world.jobs.values()), default=0.0)
    assert last <= came + alone + DRAW_S * max(slowness) + 1
