"""An attempt while it is under way, and what it may say of itself."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bot.domain.errors import RenderFailed
from bot.engine.seam import Attempt, Begun, Engine, Event, LoadingModel, Paused, Run
from bot.worker.attempts import Attempts, Key
from bot.worker.stock import Stock

MISSES = 2
"""Who has missed so many steps of others is paused: the first may have been the end of its own."""


@dataclass(eq=False)
class Painting:
    """Each of the `left` steps costs `cost`; `finishing` once they are made while others go on.
    `shape` is its model and the pixels of a picture, `by`
    what draws it. `seconds` of the engine's time it has taken: of a step made together, its
    share. It has `missed` so many steps of others in a row."""

    attempt: Attempt
    run: Run
    cost: float
    left: int
    shape: tuple[str, int]
    by: str
    seconds: float = 0.0
    finishing: bool = False
    missed: int = 0

    @property
    def key(self) -> Key:
        return self.attempt.job, self.attempt.no

    def stepped(self) -> bool:
        """Whether its run has come further since this was last asked."""
        before, self.left = self.left, self.run.left
        return self.left != before

    def awaited(self, steps: bool) -> Event | None:
        """What is to be said before a step, which it makes or only others."""
        paused, self.missed = self.missed >= MISSES, 0 if steps else self.missed + 1
        if steps:
            return Begun(time.monotonic()) if paused else None
        return Paused(time.monotonic()) if self.missed == MISSES else None


def painting(attempt: Attempt, run: Run, engine: Engine, seconds: float) -> Painting:
    """An attempt whose beginning took so many seconds."""
    request = attempt.request
    shape = attempt.model, request["width"] * request["height"]
    return Painting(
        attempt, run, run.cost, run.left, shape, engine.drawn_by(attempt.model), seconds
    )


class Voice:
    """What the engine is given to say of an attempt, and to ask whether it is still wanted."""

    def __init__(self, attempt: Attempt, attempts: Attempts, stock: Stock) -> None:
        self._key = attempt.job, attempt.no
        self._model = attempt.model
        self._attempts = attempts
        self._stock = stock

    def begun(self) -> None:
        """From here on a death may be its own."""
        self.emit(Begun(time.monotonic()))

    def emit(self, event: Event) -> None:
        if isinstance(event, LoadingModel):  # once more, in another precision
            self._stock.loads_again(self._model, event.text)
        elif isinstance(event, Begun):
            self._stock.drawn_with()
        self._attempts.say(self._key, event)

    def cancelled(self) -> bool:
        return self._attempts.cancelled(self._key)


def ran_out_of_memory(error: Exception) -> bool:
    """Whether less at once might do."""
    out = isinstance(error, RenderFailed) and error.code == "out_of_memory"
    return out or isinstance(error, MemoryError)
