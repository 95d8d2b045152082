"""How the workers stand, in the plain values by which `bot.domain.routing` chooses.

Turns what workers say of themselves, and what was measured, into times from now. What takes longer
than expected is expected to take as much longer as it is late already. Knows no queue.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.lines import Entry
from bot.domain.pace import Device, Pace
from bot.domain.placement import Spot
from bot.domain.routing import Beside, Choice, Standing, paused_for
from bot.engine.seam import ROOM, Executor, Failed, Loaded, Loading, Worker


@dataclass(frozen=True)
class Assignment:
    """A job was given to a worker at `since`, in monotonic seconds; `expected_s` were expected
    until it is drawn."""

    worker: str
    device: Device
    since: float
    expected_s: float
    entry: Entry


@dataclass(frozen=True)
class UnderWay:
    """An assignment of which `fraction` is drawn; while it is `starting`, nothing was heard of it
    yet, and its worker may not know of it."""

    given: Assignment
    starting: bool = False
    fraction: float = 0.0

    @property
    def left(self) -> float:
        """Work that is still to be done."""
        return self.given.entry.work * (1.0 - self.fraction)


class Standings:
    """`clock` returns the monotonic seconds in which workers tell times."""

    def __init__(
        self, executor: Executor, pace: Pace, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._executor = executor
        self._pace = pace
        self._clock = clock
        self._short: set[str] = set()
        self._sizes: dict[str, int] = {}

    def ran_out(self, worker: str) -> None:
        """The memory of a worker did not suffice for several: it pauses nobody for others any more,
        so that it has no more to hold than what pays."""
        self._short &= {one.id for one in self._executor.workers()}
        self._short.add(worker)

    def assign(self, choice: Choice, entry: Entry) -> Assignment:
        """What a choice means for the worker, which is there."""
        workers = self._executor.workers()
        device = next(each.seat for each in workers if each.id == choice.worker)
        draw_s = self._pace.draw_s(entry.model, device, entry.work) or 0.0
        expected_s = choice.load_s + draw_s
        return Assignment(choice.worker, device, self._clock(), expected_s, entry)

    def now(
        self, waiting: Sequence[Entry], given: Mapping[str, Sequence[UnderWay]]
    ) -> list[Standing]:
        """Every worker that can work at all. `waiting` holds a job of each model that is waited
        for, `given` the jobs of each worker."""
        return [
            self._standing(worker, waiting, _drawn(worker, given.get(worker.id, ())))
            for worker in self._executor.workers()
            if worker.error is None and not worker.draining
        ]

    def _standing(
        self, worker: Worker, waiting: Sequence[Entry], drawn: Sequence[UnderWay]
    ) -> Standing:
        self._learn(worker)
        seat, models = worker.seat, {entry.model for entry in waiting}
        paces = {model: self._pace.draw_s(model, seat, 1.0) for model in models}
        loading = [id for id, state in worker.models.items() if isinstance(state, Loading)]
        return Standing(
            worker.id,
            free=not loading and _free(worker, drawn),
            models=worker.loaded | set(loading),
            load_s={model: self._pace.load_s(model, seat) for model in models},
            draw_s={model: pace for model, pace in paces.items() if pace is not None},
            busy_s=max(self._rests(worker, drawn), default=math.inf),
            kept_s=self._clock() - max(_loaded_at(worker), default=-math.inf),
            failed=frozenset(self._failed(worker)),
            idle=not worker.drawing and not drawn,
            beside={entry.shape: self._beside(worker, entry, drawn) for entry in waiting},
            fitting=frozenset(self._fitting(worker, models)),
        )

    def _fitting(self, worker: Worker, models: Collection[str]) -> Iterator[str]:
        """Of these models those that nobody has to leave for."""
        spot = Spot(worker.id, worker.vram_mb, worker.sizes)
        return (model for model in models if spot.fits(self._sizes.get(model, 0)))

    def _beside(self, worker: Worker, entry: Entry, drawn: Sequence[UnderWay]) -> Beside:
        paused = frozenset[str]()
        if worker.id not in self._short:
            paused = paused_for(entry, _pausable(worker, drawn))
        staying = [one for one in drawn if one.given.entry.job not in paused]
        jobs = {*worker.drawing, *(one.given.entry.job for one in drawn)} - paused
        left = min((one.left for one in staying), default=0.0 if jobs or not paused else math.inf)
        return Beside(_room(worker, entry, staying, paused), left, len(jobs))

    def _learn(self, worker: Worker) -> None:
        for model, state in worker.models.items():
            if isinstance(state, Loaded):
                self._pace.loaded(model, worker.seat, state.took_s)
                self._sizes[model] = state.size_mb or self._sizes.get(model, 0)

    def _rests(self, worker: Worker, drawn: Sequence[UnderWay]) -> Iterator[float]:
        """How long each of the things that it does may still take."""
        for one in drawn:
            yield self._rest(one.given.since, one.given.expected_s)
        for model, state in worker.models.items():
            if isinstance(state, Loading):
                yield self._rest(state.since, self._pace.load_s(model, worker.seat))

    def _rest(self, since: float, expected_s: float) -> float:
        return abs(expected_s - (self._clock() - since))

    def _failed(self, worker: Worker) -> Iterator[str]:
        """Models that it is not to try again yet; without a time, somebody else sees to that."""
        for model, state in worker.models.items():
            if isinstance(state, Failed) and not 0 < state.retry_at <= self._clock():
                yield model


def _drawn(worker: Worker, given: Sequence[UnderWay]) -> list[UnderWay]:
    """Those that are drawn or on their way; of others the pictures are being encoded."""
    known = [
        replace(one, starting=one.starting and one.given.entry.job not in worker.drawing)
        for one in given
    ]
    return [one for one in known if one.starting or (worker.busy and one.fraction < 1)]


def _free(worker: Worker, drawn: Sequence[UnderWay]) -> bool:
    starting = sum(one.starting for one in drawn)
    return worker.slots_free > starting and not any(one.given.entry.alone for one in drawn)


def _pausable(worker: Worker, drawn: Sequence[UnderWay]) -> Iterator[Entry]:
    entries = (one.given.entry for one in drawn)
    return (entry for entry in entries if worker.rooms.get(entry.shape, ROOM))


def _room(worker: Worker, entry: Entry, drawn: Sequence[UnderWay], paused: Collection[str]) -> int:
    """How many pictures of a waiting job's shape may join, with those that are on their way."""
    coming = [one.given.entry for one in drawn if one.starting]
    if any(other.shape != entry.shape for other in coming):
        return 0
    room = worker.room(*entry.shape, paused) - sum(other.pictures for other in coming)
    return max(0, room)


def _loaded_at(worker: Worker) -> Iterator[float]:
    return (state.since for state in worker.models.values() if isinstance(state, Loaded))


def could_not_load(executor: Executor, worker: str, model: str) -> bool:
    """Whether a worker says that it failed to load a model."""
    states = (one.models.get(model) for one in executor.workers() if one.id == worker)
    return any(isinstance(state, Failed) for state in states)
