"""The events of attempts that were started together, in the order in which they came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from bot.domain.errors import EngineError
from bot.engine.patience import Key
from bot.engine.seam import Attempt, Event


class Batch:
    """What `run_batch` yields: one side says, the other listens until all attempts ended."""

    def __init__(self, attempts: Sequence[Attempt]) -> None:
        self.attempts = attempts
        self.open: set[Key] = {(attempt.job, attempt.no) for attempt in attempts}
        self.closed = asyncio.Event()
        self._said: asyncio.Queue[tuple[str, Event] | None] = asyncio.Queue()
        self._error: EngineError | None = None

    def say(self, job: str, event: Event) -> None:
        """Pass on what a job said."""
        self._said.put_nowait((job, event))

    def end(self, key: Key, error: EngineError | None = None) -> None:
        """Attempt `key` is over; the first error is the batch's."""
        self.open.discard(key)
        self._error = self._error or error
        if not self.open:
            self.closed.set()
            self._said.put_nowait(None)

    async def events(self) -> AsyncIterator[tuple[str, Event]]:
        """Everything said until all attempts ended; then raises the first error."""
        while said := await self._said.get():
            yield said
        if self._error:
            raise self._error
