"""How the workers stand, in the plain values by which `bot.domain.routing` chooses.

Turns what workers say of themselves, and what was measured, into times from now. What takes longer
than expected is expected to take as much longer as it is late already. Knows no queue.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from bot.domain.pace import Device, Pace
from bot.domain.routing import Choice, Standing
from bot.engine.seam import Executor, Failed, Loaded, Loading, Worker


@dataclass(frozen=True)
class Assignment:
    """A job was given to a worker at `since`, in monotonic seconds; `expected_s` were expected
    until it is drawn."""

    worker: str
    device: Device
    since: float
    expected_s: float


class Standings:
    """`clock` returns the monotonic seconds in which workers tell times."""

    def __init__(
        self, executor: Executor, pace: Pace, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._executor = executor
        self._pace = pace
        self._clock = clock

    def assign(self, choice: Choice, model: str, work: float) -> Assignment:
        """What a choice means for the worker, which is there."""
        workers = self._executor.workers()
        device = next(each.seat for each in workers if each.id == choice.worker)
        draw_s = self._pace.draw_s(model, device, work) or 0.0
        return Assignment(choice.worker, device, self._clock(), choice.load_s + draw_s)

    def now(
        self, models: Collection[str], given: Mapping[str, Assignment], starting: Collection[str]
    ) -> list[Standing]:
        """Every worker that can work at all. `models` are waited for, `given` is the newest job of
        each worker, and the workers in `starting` may not know of it yet."""
        return [
            self._standing(worker, models, given.get(worker.id), worker.id in starting)
            for worker in self._executor.workers()
            if worker.error is None and not worker.draining
        ]

    def _standing(
        self, worker: Worker, models: Collection[str], given: Assignment | None, starting: bool
    ) -> Standing:
        self._learn(worker)
        seat = worker.seat
        paces = {model: self._pace.draw_s(model, seat, 1.0) for model in models}
        loading = [id for id, state in worker.models.items() if isinstance(state, Loading)]
        return Standing(
            worker.id,
            free=worker.slots_free > 0 and not loading and not starting,
            models=worker.loaded | set(loading),
            load_s={model: self._pace.load_s(model, seat) for model in models},
            draw_s={model: pace for model, pace in paces.items() if pace is not None},
            busy_s=max(self._rests(worker, given), default=math.inf),
            kept_s=self._clock() - max(_loaded_at(worker), default=-math.inf),
            failed=frozenset(self._failed(worker)),
        )

    def _learn(self, worker: Worker) -> None:
        for model, state in worker.models.items():
            if isinstance(state, Loaded):
                self._pace.loaded(model, worker.seat, state.took_s)

    def _rests(self, worker: Worker, given: Assignment | None) -> Iterator[float]:
        """How long each of the things that it does may still take."""
        if given is not None:
            yield self._rest(given.since, given.expected_s)
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


def _loaded_at(worker: Worker) -> Iterator[float]:
    return (state.since for state in worker.models.values() if isinstance(state, Loaded))


def could_not_load(executor: Executor, worker: str, model: str) -> bool:
    """Whether a worker says that it failed to load a model."""
    states = (one.models.get(model) for one in executor.workers() if one.id == worker)
    return any(isinstance(state, Failed) for state in states)
