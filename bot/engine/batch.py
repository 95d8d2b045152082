"""The events of attempts that were started together, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from bot.domain.errors import EngineError
from bot.engine.patience import Key
from bot.engine.seam import Attempt, Event, Image, Images


class Batch:
    """What `run_batch` yields: one side says, the other listens until all attempts ended."""

    def __init__(self, attempts: Sequence[Attempt]) -> None:
        self.attempts = attempts
        self.open: set[Key] = {(attempt.job, attempt.no) for attempt in attempts}
        self.closed = asyncio.Event()
        self._said: deque[tuple[str, Event]] = deque()
        self._news = asyncio.Event()
        self._error: EngineError | None = None

    def say(self, job: str, event: Event) -> None:
        """Pass on what a job said; pictures that follow each other are heard together."""
        if isinstance(event, Image):
            event = self._joined(job, event)
        self._said.append((job, event))
        self._news.set()

    def _joined(self, job: str, image: Image) -> Images:
        before = Images({})
        match self._said and self._said[-1]:
            case (of, Images() as unheard) if of == job:
                self._said.pop()
                before = unheard
        score = {} if image.score is None else {image.index: image.score}
        data = {**before.data, image.index: image.data}
        return Images(data, {**before.scores, **score}, image.t)

    def end(self, key: Key, error: EngineError | None = None) -> None:
        """Attempt `key` is over; the first error is the batch's."""
        self.open.discard(key)
        self._error = self._error or error
        if not self.open:
            self.closed.set()
            self._news.set()

    async def events(self) -> AsyncIterator[tuple[str, Event]]:
        """Everything said until all attempts ended; then raises the first error."""
        while self._said or self.open:
            if self._said:
                yield self._said.popleft()
                continue
            self._news.clear()
            await self._news.wait()
        if self._error:
            raise self._error
