"""Which models stay in memory: the rules one by one, then days of work with the real routing."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.queue import Entry, JobQueue
from bot.domain.residence import Residence
from bot.domain.routing import Choice, Standing, route

GB = 1 << 30


def residence(*models: tuple[str, int, float]) -> Residence:
    """(name, GB, seconds to load), the one used longest ago first."""
    made = Residence()
    for name, size, load_s in models:
        made.came(name, size * GB, load_s)
    return made


def test_of_equals_the_least_recently_used_leaves() -> None:
    one = residence(("a", 4, 10), ("b", 4, 10), ("c", 4, 10))
    assert one.leaving(GB) == ["a"]
    one.used("a")
    assert one.leaving(GB) == ["b"]
    assert one.leaving(5 * GB) == ["b", "c"]


def test_who_takes_long_to_load_for_its_size_stays_longer_and_not_for_ever() -> None:
    one = residence(("slow", 4, 60), ("quick", 4, 10))
    assert one.leaving(GB) == ["quick"]
    for number in range(20):
        if one.leaving(GB) == ["slow"]:
            break
        (leaving,) = one.leaving(GB)
        one.left(leaving)
        one.came(f"quick {number}", 4 * GB, 10)
    assert 3 <= number <= 8


def test_pinned_and_used_ones_stay() -> None:
    one = residence(("a", 4, 10), ("b", 4, 10), ("c", 4, 10))
    assert one.leaving(GB, staying={"a"}) == ["b"]
    assert one.leaving(GB, staying={"a", "b"}) == ["c"]
    assert one.leaving(GB, staying={"a", "b", "c"}) == []


def test_nobody_leaves_needlessly() -> None:
    assert residence(("a", 4, 10)).leaving(0) == []
    # The large one has to leave, so the small ones that were used before it need not.
    one = residence(("small", 1, 2), ("tiny", 1, 2), ("large", 8, 16.1))
    assert one.leaving(6 * GB) == ["large"]
    assert one.leaving(9 * GB) == ["small", "large"]


def test_everybody_leaves_where_that_does_not_suffice() -> None:
    assert residence(("a", 4, 10), ("b", 4, 10)).leaving(99 * GB, staying={"b"}) == ["a"]


def test_what_is_not_there_changes_nothing() -> None:
    one = residence(("a", 4, 10))
    one.used("b")
    one.left("b")
    assert "a" in one
    assert (len(one), one.leaving(GB)) == (1, ["a"])


NAMES = "abcdef"
CAME = st.tuples(st.just("came"), st.sampled_from(NAMES), st.integers(1, 9), st.floats(0, 99))
OTHER = st.tuples(st.sampled_from(["used", "left"]), st.sampled_from(NAMES))
STEPS = st.lists(st.one_of(CAME, OTHER))


@given(STEPS, st.integers(0, 40), st.sets(st.sampled_from(NAMES)))
def test_who_leaves_suffices_and_is_needed(steps: list, room: int, staying: set[str]) -> None:
    one, sizes = Residence(), {}
    for what, name, *more in steps:
        if what == "came":
            one.came(name, more[0], more[1])
            sizes[name] = more[0]
        elif what == "used":
            one.used(name)
        else:
            one.left(name)
            sizes.pop(name, None)
    able = sizes.keys() - staying
    leaving = one.leaving(room, staying)
    assert set(leaving) <= able
    if sum(sizes[name] for name in able) < room:
        assert set(leaving) == able
        return
    freed = sum(sizes[name] for name in leaving)
    assert freed >= room
    assert all(freed - sizes[name] < room for name in leaving)


# Days of work in a second


@dataclass
class Kind:
    """A model: bytes, seconds to load."""

    size: int
    load_s: float


@dataclass
class Card:
    """A worker with so many bytes for models, some of which never leave."""

    id: str
    room: int
    kinds: dict[str, Kind]
    pinned: frozenset[str] = frozenset()
    models: Residence = field(default_factory=Residence)
    there: set[str] = field(default_factory=set)
    until: float = 0.0
    since: float = -math.inf

    def standing(self, now: float) -> Standing:
        loads = {name: kind.load_s for name, kind in self.kinds.items()}
        busy = max(0.0, self.until - now)
        return Standing(self.id, not busy, frozenset(self.there), loads, busy, now - self.since)

    def load(self, model: str) -> None:
        kind = self.kinds[model]
        free = self.room - sum(self.kinds[one].size for one in self.there)
        for one in self.models.leaving(kind.size - free, self.pinned):
            self.models.left(one)
            self.there.discard(one)
        self.there.add(model)
        self.models.came(model, kind.size, kind.load_s)
        assert sum(self.kinds[one].size for one in self.there) <= self.room


class Shop:
    """A real queue, real routing, and workers whose memories keep to the policy."""

    def __init__(self, kinds: dict[str, Kind], rooms: list[int], draw_s: float) -> None:
        self.kinds, self.draw_s = kinds, draw_s
        self.cards = {f"w{n}": Card(f"w{n}", room, kinds) for n, room in enumerate(rooms)}
        self.queue, self.now = JobQueue(), 0.0
        self.came: dict[str, float] = {}
        self.persons: dict[str, str] = {}
        self.began: dict[str, float] = {}
        self.loading = 0.0
        self._ends: list[tuple[float, str]] = []

    def ask(self, person: str, model: str) -> None:
        job = f"{model} {len(self.came)}"
        self.came[job] = self.now
        self.persons[job] = person
        self.queue.add(Entry(job, ("home", person), 1.0, 3, model))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            while choice := route(
                self.queue.heads(), [card.standing(self.now) for card in self.cards.values()]
            ):
                self._begin(choice)
            upcoming = self._ends[0][0] if self._ends else math.inf
            self.now = min(upcoming, math.floor(self.now) + 1.0)
            while self._ends and self._ends[0][0] <= self.now:
                self.queue.done(heapq.heappop(self._ends)[1])

    def _begin(self, choice: Choice) -> None:
        entry, card = self.queue.take(choice.job), self.cards[choice.worker]
        if entry.model not in card.there:
            card.load(entry.model)
            card.since = self.now + choice.load_s
            self.loading += choice.load_s
        card.models.used(entry.model)
        self.began[entry.job] = self.now + choice.load_s
        card.until = self.began[entry.job] + self.draw_s
        heapq.heappush(self._ends, (card.until, entry.job))

    def waits(self, model: str) -> list[float]:
        """How long jobs of a model waited, those that still wait included, since they came or, if
        that was later, since their person's turn before: nobody's own jobs starve each other."""
        jobs = [job for job in self.came if job.split()[0] == model]
        return [self.began.get(job, self.now) - self._since(job) for job in jobs]

    def _since(self, job: str) -> float:
        person, began = self.persons[job], self.began.get(job, self.now)
        turns = (at for each, at in self.began.items() if self.persons[each] == person)
        return max(self.came[job], max((at for at in turns if at < began), default=0.0))


KINDS = st.lists(st.builds(Kind, st.integers(1, 24), st.floats(2, 40)), min_size=2, max_size=8).map(
    lambda kinds: {f"m{n}": kind for n, kind in enumerate(kinds)}
)


@settings(max_examples=40)
@given(
    KINDS, st.lists(st.integers(24, 80), min_size=1, max_size=3), st.integers(0, 1 << 30),
)  # fmt: skip
def test_swaps_starve_no_model_whatever_the_sizes(
    kinds: dict[str, Kind], rooms: list[int], seed: int
) -> None:
    rng = random.Random(seed)
    world = Shop(kinds, rooms, draw_s=4.0)
    favourite, *others = rng.sample(sorted(kinds), len(kinds))
    for _ in range(60):
        for fan in range(3):
            world.ask(f"fan{fan}", favourite)
        if rng.random() < 0.5:
            world.ask(f"guest{rng.randrange(3)}", rng.choice(others))
        world.run(rng.expovariate(1 / (8.0 / len(rooms))))
    world.run(60 * 3 * 5 + 40 * 60)
    assert len(world.queue) == 0
    # A round of every model: its load, as long for who is loaded already, and some drawing.
    round_s = sum(2 * kind.load_s + 3 * 4.0 for kind in kinds.values())
    for model in others:
        assert max(world.waits(model), default=0.0) <= 2 * round_s


def test_pinned_models_never_leave_and_the_rest_is_shared_by_the_others() -> None:
    kinds = {"pinned": Kind(10, 20.0), "one": Kind(10, 20.0), "two": Kind(10, 20.0)}
    world = Shop(kinds, [20], draw_s=4.0)
    card = world.cards["w0"]
    card.pinned = frozenset({"pinned"})
    card.load("pinned")
    for number in range(200):
        world.ask(f"fan{number % 3}", ("one", "two")[number % 2])
        if number % 10 == 0:
            world.ask("owner", "pinned")
        world.run(10.0)
        assert "pinned" in card.there
    world.run(4000.0)
    assert len(world.queue) == 0
    assert max(world.waits("pinned")) <= 2 * (20 + 20 + 3 * 4)


@pytest.mark.parametrize("seed", range(3))
def test_it_spends_less_time_on_loads_than_clearing_everything_does(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room for three or four of six models, some of which are asked for more often."""
    kinds = {
        "xl": Kind(7, 14.0), "small": Kind(3, 6.0), "odd": Kind(4, 30.0),
        "flux": Kind(22, 44.0), "old": Kind(3, 6.0), "new": Kind(7, 14.0),
    }  # fmt: skip

    def seconds() -> float:
        rng = random.Random(seed)
        world = Shop(kinds, [32], draw_s=4.0)
        for _ in range(1500):
            (model,) = rng.choices(sorted(kinds), [1, 4, 3, 8, 8, 12])
            world.ask(f"person{rng.randrange(12)}", model)
            world.run(rng.expovariate(1 / 12.0))
        return world.loading

    ours = seconds()
    with monkeypatch.context() as patch:
        everybody = lambda self, room, staying=(): (  # noqa: E731
            [] if room <= 0 else list(self._residents)
        )
        patch.setattr(Residence, "leaving", everybody)
        all_out = seconds()
    assert ours < 0.75 * all_out, (ours, all_out)
