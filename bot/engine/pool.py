"""Several executors as one: workers of this machine and of a cluster, chosen from alike.

Satisfies `bot.engine.seam.Executor`. Knows whose each worker is, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from bot.domain.errors import WorkerLost
from bot.engine.seam import Answer, Attempt, Event, Executor, Question, Worker


class Pool:
    """Started, closed and asked together."""

    def __init__(self, executors: Sequence[Executor]) -> None:
        self._executors = executors
        self._following: list[asyncio.Task[None]] = []
        self._change = asyncio.Event()

    async def start(self) -> None:
        """All of them. Raises what the first raises that cannot start, and closes the others."""
        self._following = [asyncio.create_task(self._follow(each)) for each in self._executors]
        try:
            async with asyncio.TaskGroup() as starting:
                for each in self._executors:
                    starting.create_task(each.start())
        except BaseExceptionGroup as errors:
            await self.close()
            raise errors.exceptions[0] from None

    async def close(self, drain_s: float = 0) -> None:
        """All of them, together."""
        await asyncio.gather(*(each.close(drain_s) for each in self._executors))
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)

    async def _follow(self, executor: Executor) -> None:
        version = executor.version
        while True:
            version = await executor.changed(version)
            change, self._change = self._change, asyncio.Event()
            change.set()

    def workers(self) -> Sequence[Worker]:
        """Everybody's, in order."""
        return [worker for each in self._executors for worker in each.workers()]

    @property
    def version(self) -> int:
        """Grows with every change of `workers()`."""
        return sum(each.version for each in self._executors)

    async def changed(self, since: int) -> int:
        """See the protocol."""
        while self.version == since:
            await self._change.wait()
        return self.version

    def serve(self, cards: Sequence[Mapping[str, Any]]) -> None:
        """See the protocol."""
        for each in self._executors:
            each.serve(cards)

    async def prepare(self, worker_id: str, models: Iterable[str], pin: bool = False) -> None:
        """See the protocol."""
        await self._whose(worker_id).prepare(worker_id, models, pin)

    async def ask(self, worker_id: str, question: Question) -> Answer:
        """See the protocol."""
        return await self._whose(worker_id).ask(worker_id, question)

    def run_batch(
        self, worker_id: str, attempts: Sequence[Attempt]
    ) -> AsyncIterator[tuple[str, Event]]:
        """See the protocol."""
        return self._whose(worker_id).run_batch(worker_id, attempts)

    async def cancel(self, worker_id: str, job: str, no: int) -> None:
        """See the protocol."""
        with contextlib.suppress(WorkerLost):
            await self._whose(worker_id).cancel(worker_id, job, no)

    async def kill(self, worker_id: str) -> None:
        """See the protocol."""
        with contextlib.suppress(WorkerLost):
            await self._whose(worker_id).kill(worker_id)

    def _whose(self, worker_id: str) -> Executor:
        for each in self._executors:
            if any(worker.id == worker_id for worker in each.workers()):
                return each
        raise WorkerLost(f"Worker {worker_id} is gone.")
