"""An engine that draws an attempt in one call, as one that makes steps: its only step is all of it.

For engines that have no loop of their own yet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any

from bot.engine.seam import Attempt, Event, Run


class WholeRun:
    """Satisfies `bot.engine.seam.Run`; nobody is of its company."""

    def __init__(self, attempt: Attempt, draw: Callable[[], Sequence[Any]]) -> None:
        self.attempt = attempt
        self.company: Hashable = self
        self.cost = 1.0
        self.left = 1
        self.images: Sequence[Any] = ()
        self._draw = draw

    @property
    def done(self) -> bool:
        return self.left == 0

    def paint(self) -> None:
        """Everything at once."""
        self.images = self._draw()
        self.left = 0


class Whole:
    """Satisfies `bot.engine.seam.Engine` by an engine with `draw(attempt, emit, cancelled)`."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.device: str = engine.device
        self.vram_mb: int = engine.vram_mb

    def learn(self, cards: Sequence[Mapping[str, Any]]) -> Collection[str]:
        return self._engine.learn(cards)

    def load(self, model: str, say: Callable[[str], None]) -> None:
        self._engine.load(model, say)

    def loaded(self) -> Mapping[str, Mapping[str, Any]]:
        return self._engine.loaded()

    def drawn_by(self, model: str) -> str:
        return self._engine.drawn_by(model)

    def begin(
        self, attempt: Attempt, emit: Callable[[Event], None], cancelled: Callable[[], bool]
    ) -> WholeRun:
        return WholeRun(attempt, lambda: self._engine.draw(attempt, emit, cancelled))

    def step(self, runs: Sequence[Run]) -> None:
        for run in runs:
            assert isinstance(run, WholeRun)
            run.paint()

    def retire(self, run: Run) -> Sequence[Any]:
        assert isinstance(run, WholeRun)
        return run.images
