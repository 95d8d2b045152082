"""A town of people who ask, and cards that draw: the product's own queue, routing and batching,
with a clock that jumps. Pure; only what a step takes is given instead of measured.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.domain.batching import Key, Limits, Turns
from bot.domain.knee import Knee
from bot.domain.lanes import Lanes
from bot.domain.lines import Entry
from bot.domain.routing import Beside, Standing, paused_for, route

SLOTS = 16
GRID = 8.0
"""Samples in a step of a grid: four pictures, with guidance."""
MODEL, PIXELS = "model", 1


@dataclass(frozen=True)
class Ask:
    """A grid that `person` asks for at `at` seconds."""

    at: float
    person: str
    steps: int


@dataclass(frozen=True)
class Machine:
    """A step of some samples takes `launch_s` and `sample_s` for each, `least_s` at least; decoding
    a grid takes `decode_s`."""

    launch_s: float
    sample_s: float
    least_s: float
    decode_s: float

    def step_s(self, samples: float) -> float:
        """Seconds of a step."""
        return max(self.least_s, self.launch_s + self.sample_s * samples)

    def grid_s(self, steps: float) -> float:
        """Seconds of a grid that is drawn alone."""
        return steps * self.step_s(GRID) + self.decode_s


@dataclass(frozen=True)
class Policy:
    """`fair` takes from the queue, else first come, first served; `batching` draws several at once
    on a card."""

    name: str
    fair: bool = True
    batching: bool = False


@dataclass
class _Card:
    """Jobs under way, as the queue gave them, with the steps that each has left."""

    id: str
    turns: Turns = field(default_factory=Turns)
    left: dict[Key, int] = field(default_factory=dict)
    entries: dict[Key, Entry] = field(default_factory=dict)
    knee: Knee = field(default_factory=lambda: Knee(GRID))
    stepping: bool = False

    def take(self, entry: Entry, ask: Ask) -> None:
        """A job is handed over."""
        self.left[entry.job], self.entries[entry.job] = ask.steps, entry
        self.turns.join(entry.job, MODEL, GRID, ask.steps, ask.person, entry.before)

    def drawn(self, job: Key) -> None:
        """It is not under way any more."""
        self.turns.leave(job)
        del self.left[job], self.entries[job]

    def standing(self, entry: Entry, batching: bool) -> Standing:
        """As the bot sees it for a job."""
        slots = SLOTS if batching else 1
        return Standing(
            self.id, len(self.left) < slots, frozenset({MODEL}), {MODEL: 0.0}, 1.0,
            idle=not self.left, beside={entry.shape: self._beside(entry)} if batching else {},
        )  # fmt: skip

    def _beside(self, entry: Entry) -> Beside:
        paused = paused_for(entry, self.entries.values())
        left = [left for job, left in self.left.items() if job not in paused]
        room = int((self.knee.most - GRID * len(left)) / GRID * 4)
        return Beside(room, min(left, default=math.inf), len(left))


class Town:
    """`waits` are seconds from asking to the grid, by person, once it was run."""

    def __init__(self, cards: int, machine: Machine, policy: Policy) -> None:
        self.waits: dict[str, list[float]] = {}
        self._machine = machine
        self._policy = policy
        self._cards = {f"{number}": _Card(f"{number}") for number in range(cards)}
        self._queue = Lanes()
        self._first: dict[str, Entry] = {}
        self._asked: dict[str, Ask] = {}
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._now = 0.0

    def run(self, asks: Sequence[Ask]) -> None:
        """Everything that is asked for, until it is drawn."""
        for ask in asks:
            self._at(ask.at, lambda ask=ask: self._ask(ask))
        while self._events:
            self._now, _, happen = heapq.heappop(self._events)
            happen()

    def _at(self, time: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._numbers), happen))

    def _ask(self, ask: Ask) -> None:
        job = f"{len(self._asked)}"
        self._asked[job] = ask
        entry = Entry(job, ("town", ask.person), float(ask.steps), 3, MODEL, 4, PIXELS)
        if self._policy.fair:
            self._queue.add(entry)
        else:
            self._first[job] = entry
        self._dispatch()

    def _dispatch(self) -> None:
        while (heads := self._heads()) and (choice := route(heads, self._standings(heads[0]))):
            card, ask = self._cards[choice.worker], self._asked[choice.job]
            queue = self._queue.take if self._policy.fair else self._first.pop
            card.take(queue(choice.job), ask)
            if not card.stepping:
                self._step(card)

    def _heads(self) -> list[Entry]:
        if self._policy.fair:
            return self._queue.heads()
        return list(itertools.islice(self._first.values(), 1))

    def _standings(self, head: Entry) -> list[Standing]:
        return [card.standing(head, self._policy.batching) for card in self._cards.values()]

    def _step(self, card: _Card) -> None:
        """Begin the next step, if there is one."""
        jobs = card.turns.next(lambda key: Limits(card.knee.most, card.knee.free(GRID)))
        card.stepping = bool(jobs)
        if jobs:
            seconds = self._machine.step_s(GRID * len(jobs))
            card.knee.stepped(GRID * len(jobs), seconds)
            ends = sum(card.left[job] == 1 for job in jobs) * self._machine.decode_s
            self._at(self._now + seconds + ends, lambda: self._stepped(card, jobs))

    def _stepped(self, card: _Card, jobs: Sequence[Key]) -> None:
        for job in jobs:
            card.turns.stepped(job)
            card.left[job] -= 1
        drawn = [str(job) for job in jobs if not card.left[job]]
        for job in drawn:
            self._drawn(card, job)
        if drawn or self._policy.batching:  # else there is no more room than before
            self._dispatch()
        self._step(card)

    def _drawn(self, card: _Card, job: str) -> None:
        card.drawn(job)
        self._queue.done(job)
        ask = self._asked[job]
        self.waits.setdefault(ask.person, []).append(self._now - ask.at)
