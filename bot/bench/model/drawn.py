"""One model in a worker process, as the bot has it: when it starts, loads and draws.

Knows executors; not processors, prices or tables. Times are seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.bench import asking
from bot.bench.asking import Grid
from bot.commands import shot
from bot.domain.request import GenerationRequest
from bot.engine.seam import Executor, Loaded, Worker
from bot.models.cards import ModelCard
from bot.models.catalogue import Catalogue
from bot.service import requests
from bot.service.choice import Choice

Result = TypeVar("Result")

_ENOUGH_S = 15.0
_FEW, _MANY, _MOST = 3, 9, 40
PROMPT = "a cat in the forest, drawing {number} --seed {number}"
"""Another one each time, as people type them: what is known of an earlier prompt helps nothing."""


@dataclass(frozen=True)
class Drawn:
    """What was measured.

    `alone` are jobs one after the other; `crowd` of them waited at the same time and took
    `crowd_s` together. For `preparing` was waited until the device drew as fast as it does for
    long; 0 where it did so from the beginning.
    """

    request: GenerationRequest
    device: str
    start: float
    load: float
    first: Grid
    preparing: float
    alone: Sequence[Grid]
    crowd: int
    crowd_s: float

    @property
    def engine(self) -> str:
        """What drew, in the recipe's words."""
        return self.alone[-1].engine

    @property
    def grid(self) -> float:
        """Median of the jobs that were drawn alone."""
        return statistics.median(each.seconds for each in self.alone)

    @property
    def step(self) -> float | None:
        """Median of their steps; None where a job has one."""
        steps = [step for each in self.alone for step in each.steps]
        return statistics.median(steps) if steps else None

    @property
    def images_per_second(self) -> float:
        """While others wait."""
        return self.crowd * self.request.count / self.crowd_s


@dataclass(frozen=True)
class Surroundings:
    """What else happens around a measurement.

    `say` is told in words what goes on; `prepared` waits until nothing is under way that makes
    drawing faster, and returns whether there was something; `look` is called between jobs, to read
    how much memory is in use.
    """

    say: Callable[[str], None]
    prepared: Callable[[], Awaitable[bool]]
    look: Callable[[Worker], Awaitable[None]]


def request_of(card: ModelCard, choice: Choice, number: int = 1) -> GenerationRequest:
    """The `number`-th job. Raises UserError for what this model cannot be asked for."""
    made = requests.imagine(card, PROMPT.format(number=number))
    return choice.applied(card, made)


def rounds(seconds: float, few: int, many: int) -> int:
    """So many jobs of `seconds` each that it takes a while, but not for ever."""
    return min(many, max(few, math.ceil(_ENOUGH_S / max(seconds, 1e-3))))


class Measurement:
    """One model on the first worker of an executor that has been started at `began`."""

    def __init__(
        self, executor: Executor, catalogue: Catalogue, choice: Choice, around: Surroundings
    ) -> None:
        self._executor = executor
        self._catalogue = catalogue
        self._choice = choice
        self._around = around
        self._numbers = itertools.count(1)
        self._worker: Worker
        self._engine = ""
        self._changed = False
        self._waited = 0.0

    async def run(self, began: float, *, quick: bool) -> Drawn:
        """Measure; `quick` only sees that everything works. Raises EaselError."""
        say = self._around.say
        say("starting a worker")
        await self._started()
        ready = time.monotonic()
        say("loading the model")
        await self._load()
        loaded = time.monotonic()
        say("drawing the first grid")
        first = await self._grid()
        await self._prepared()
        count = 1 if quick else rounds(first.seconds, _FEW, _MANY)
        alone = await self._at_its_best(lambda: self._alone(count))
        usual = statistics.median(each.seconds for each in alone)
        crowd = 2 if quick else rounds(usual, _FEW, _MOST)
        crowd_s = await self._at_its_best(lambda: self._together(crowd))
        return Drawn(
            self._request(), self._worker.device, ready - began, loaded - ready, first,
            self._waited, alone, crowd, crowd_s,
        )  # fmt: skip

    async def _started(self) -> None:
        while not any(worker.slots_free or worker.error for worker in self._executor.workers()):
            await self._executor.changed(self._executor.version)

    async def _load(self) -> None:
        model = self._catalogue.default.id
        self._worker = await shot.loaded_worker(self._executor, model)
        if isinstance(state := self._worker.models[model], Loaded):
            self._catalogue.confirm(model, state.card)

    async def _at_its_best(self, measure: Callable[[], Awaitable[Result]]) -> Result:
        """What is measured when nothing becomes faster meanwhile: a card compiles a shape when it
        was asked for some times, each size of a company by itself."""
        while True:
            self._changed = False
            result = await measure()
            if not await self._prepared() and not self._changed:
                return result

    async def _prepared(self) -> bool:
        """Whether something was under way that makes drawing faster; it draws from here on."""
        self._around.say("waiting for what makes it faster")
        began = time.monotonic()
        if not await self._around.prepared():
            return False
        self._waited += time.monotonic() - began
        self._around.say("drawing with it")
        await self._grid()
        return True

    async def _alone(self, count: int) -> list[Grid]:
        grids: list[Grid] = []
        for number in range(count):
            self._around.say(f"drawing alone, {number + 1} of {count}")
            grids.append(await self._grid())
        return grids

    async def _together(self, count: int) -> float:
        """Seconds of so many jobs that all wait from the beginning."""
        self._around.say(f"drawing {count} that wait")
        began = time.monotonic()
        await asyncio.gather(*(self._drawn(self._request()) for _ in range(count)))
        seconds = time.monotonic() - began
        await self._around.look(self._worker)
        return seconds

    def _request(self) -> GenerationRequest:
        return request_of(self._catalogue.default, self._choice, next(self._numbers))

    async def _grid(self) -> Grid:
        grid = await self._drawn(self._request())
        await self._around.look(self._worker)
        return grid

    async def _drawn(self, request: GenerationRequest) -> Grid:
        grid = await asking.drawn(self._executor, self._worker.id, request)
        self._changed |= grid.loaded or grid.engine != self._engine
        self._engine = grid.engine
        return grid
