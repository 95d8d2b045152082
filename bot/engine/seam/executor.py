"""The bot's side: what runs attempts on workers, wherever those are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Protocol

from bot.engine.seam.attempt import Attempt, Event
from bot.engine.seam.question import Answer, Question
from bot.engine.seam.worker import Worker


class Executor(Protocol):
    """Runs attempts on workers; the bot owns queue, fairness, retries and routing."""

    async def start(self) -> None: ...

    async def close(self, drain_s: float = 0) -> None: ...

    def workers(self) -> Sequence[Worker]: ...

    @property
    def version(self) -> int:
        """Grows with every change of `workers()`."""
        ...

    async def changed(self, since: int) -> int:
        """Wait until `version` is not `since`; return it. No wake-up is lost."""
        ...

    def serve(self, cards: Sequence[Mapping[str, Any]]) -> None:
        """These are the models from here on, by the fields of their cards: every worker knows them
        and no others, those of later incarnations too. One whose `revision` is another leaves the
        memory of workers that have it."""
        ...

    async def prepare(self, worker_id: str, models: Iterable[str], pin: bool = False) -> None:
        """Order models to be loaded ahead of need; returns at once, `workers()` tells how it went.

        Pinned models are loaded again by every incarnation that follows. Raises WorkerLost.
        """
        ...

    async def ask(self, worker_id: str, question: Question) -> Answer:
        """What a model says, which is loaded first where it is not in memory; between two steps of
        what is drawn meanwhile. It takes no slot. Raises WorkerLost or RenderFailed."""
        ...

    def run_batch(
        self, worker_id: str, attempts: Sequence[Attempt]
    ) -> AsyncIterator[tuple[str, Event]]:
        """Start attempts together; yields (job id, event) until each job is done.

        No queueing: raises Busy when the worker has too few free slots. Raises WorkerLost (which
        tells whether the attempt had begun), Cancelled or RenderFailed. The slot is free again as
        soon as drawing ended, which may be before the last pictures are encoded and said.
        """
        ...

    async def cancel(self, worker_id: str, job: str, no: int) -> None:
        """Idempotent; that job's stream ends with Cancelled within one step."""
        ...

    async def kill(self, worker_id: str) -> None:
        """The worker did not answer in time: recycle it."""
        ...
