"""What every executor does whose workers sit somewhere: it finds the one that is meant.

Knows seats and who sits there; which there are, and how a process is reached, is for those who make
them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from bot.domain.errors import WorkerLost
from bot.engine.batch import Batch
from bot.engine.peer import Peer
from bot.engine.seam import Answer, Attempt, Event, Question, Worker
from bot.engine.seat import Order, Seat

log = logging.getLogger(__name__)


class Seated:
    """All of `bot.engine.seam.Executor` but `start`. A seat that is added has one process after
    another until it is closed; `order` says what for."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._seats: dict[Seat, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._version = 0
        self._workers: Sequence[Worker] | None = None
        self._change = asyncio.Event()

    def _add(self, seat: Seat) -> None:
        self._seats[seat] = asyncio.create_task(seat.keep(), name=f"seat {len(self._seats)}")
        self._bump()

    async def close(self, drain_s: float = 0) -> None:
        """End all processes, after waiting at most `drain_s` seconds for what they draw."""
        for seat in self._seats:
            seat.drain()
        if drain_s > 0:
            await self._drain(drain_s)
        await asyncio.gather(*(seat.close() for seat in self._seats))
        tasks = [*self._seats.values(), *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._seats.clear()
        self._bump()

    async def _drain(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while any(seat.peer and seat.peer.busy for seat in self._seats):
                    await self.changed(self._version)
        except TimeoutError:
            log.info("jobs still running after %g s are stopped", seconds)

    def workers(self) -> Sequence[Worker]:
        """Living workers, and those that cannot work: they have an error and no slot."""
        if self._workers is None:
            self._workers = [worker for seat in self._seats if (worker := seat.worker())]
        return self._workers

    def process(self, worker_id: str) -> int | None:
        """The process id of a worker; None where it is gone."""
        try:
            return self._find(worker_id)[0].process
        except WorkerLost:
            return None

    @property
    def version(self) -> int:
        """Grows with every change of `workers()`."""
        return self._version

    async def changed(self, since: int) -> int:
        """Wait until `version` is not `since`; return it."""
        while self._version == since:
            await self._change.wait()
        return self._version

    def _bump(self) -> None:
        self._version += 1
        self._workers = None
        change, self._change = self._change, asyncio.Event()
        change.set()

    def serve(self, cards: Sequence[Mapping[str, Any]]) -> None:
        """These are the models from here on, also for every process that follows."""
        self._order = self._order.serving(cards)
        for seat in self._seats:
            seat.serve(cards)

    async def prepare(self, worker_id: str, models: Iterable[str], pin: bool = False) -> None:
        """Order models to be loaded; returns at once, `workers()` tells how it went.

        Pinned models are also loaded by every later incarnation. A model that killed its process
        is not loaded before its `retry_at`. Raises WorkerLost.
        """
        seat, peer = self._find(worker_id)
        wanted = list(models)
        if pin:
            seat.pin(wanted)
        await peer.prepare(wanted)

    async def ask(self, worker_id: str, question: Question) -> Answer:
        """See the protocol."""
        return await self._find(worker_id)[1].ask(question)

    async def run_batch(
        self, worker_id: str, attempts: Sequence[Attempt]
    ) -> AsyncIterator[tuple[str, Event]]:
        """Start attempts together; see the protocol.

        Closing this iterator before its end cancels the attempts, waits for them in the
        background and recycles a process that does not stop.
        """
        seat, peer = self._find(worker_id)
        batch = peer.begin(attempts)
        try:
            await peer.hand_over(batch)
            async for said in batch.events():
                yield said
        finally:
            if batch.open:
                self._spawn(self._abandon(seat, peer, batch))

    @staticmethod
    async def _abandon(seat: Seat, peer: Peer, batch: Batch) -> None:
        if not await peer.abandon(batch) and not peer.end:
            log.warning("worker %s did not stop an abandoned job and is recycled", peer.id)
            await seat.kill("did not stop an abandoned job")

    async def cancel(self, worker_id: str, job: str, no: int) -> None:
        """Ask for the end of an attempt; nothing happens where it ended or its worker is gone."""
        try:
            _, peer = self._find(worker_id)
        except WorkerLost:
            return
        await peer.cancel((job, no))

    async def kill(self, worker_id: str) -> None:
        """Recycle a worker that did not answer in time; returns when its process is gone."""
        try:
            seat, _ = self._find(worker_id)
        except WorkerLost:
            return
        await seat.kill("did not answer and was killed")

    def _find(self, worker_id: str) -> tuple[Seat, Peer]:
        for seat in self._seats:
            if seat.peer and seat.peer.id == worker_id and not seat.peer.end:
                return seat, seat.peer
        raise WorkerLost(f"Worker {worker_id} is gone.")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
