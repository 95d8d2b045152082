"""The executor of one machine: a worker process for each device, replaced when it dies.

Satisfies `bot.engine.seam.Executor`. Knows devices and process incarnations; frames and pipes are
`bot.engine.process`'s, drawing is `bot.worker`'s.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from typing import Any

from bot.domain.errors import WorkerLost
from bot.engine.process import Batch, Order, Patience, WorkerProcess
from bot.engine.seam import Attempt, Event, Worker

log = logging.getLogger(__name__)

DIFFUSION = "bot.worker.diffusion:create"
SIMULATED = "bot.worker.simulated:create"


class LocalExecutor:
    """`devices` are names that the engine understands ("auto", "cuda:0", "cpu"); one process each.

    `engine` is `"module:function"`, called inside each process with `options` (plain data) and
    the device. A process that dies is started again after `backoff_s` seconds, doubled with each
    death without anything drawn or loaded in between, up to `backoff_max_s`.
    """

    def __init__(
        self,
        devices: Sequence[str],
        engine: str = DIFFUSION,
        options: Mapping[str, Any] | None = None,
        *,
        heartbeat_s: float = 15.0,
        backoff_s: float = 0.5,
        backoff_max_s: float = 60.0,
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience or Patience(silence=heartbeat_s)
        node = socket.gethostname() or "localhost"
        self._orders = [Order(engine, options or {}, device, node) for device in devices]
        self._backoff_s = backoff_s
        self._backoff_max_s = backoff_max_s
        self._processes: dict[int, WorkerProcess] = {}
        self._pinned: dict[int, list[str]] = {seat: [] for seat in range(len(devices))}
        self._tasks: set[asyncio.Task[None]] = set()
        self._keepers: list[asyncio.Task[None]] = []
        self._closing = False
        self._version = 0
        self._change = asyncio.Event()

    async def start(self) -> None:
        """Start one process for each device; they join `workers()` as free when they are ready."""
        self._keepers = [
            asyncio.create_task(self._keep(seat, order), name=f"worker {order.device}")
            for seat, order in enumerate(self._orders)
        ]

    async def close(self, drain_s: float = 0) -> None:
        """End all processes, after waiting at most `drain_s` seconds for what they draw."""
        self._closing = True
        self._bump()
        if drain_s > 0:
            await self._drain(drain_s)
        living = [one for one in self._processes.values() if not one.gone.is_set()]
        await asyncio.gather(*(process.stop() for process in living))
        for task in (*self._keepers, *self._tasks):
            task.cancel()
        await asyncio.gather(*self._keepers, *self._tasks, return_exceptions=True)
        self._processes.clear()
        self._bump()

    async def _drain(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while any(process.busy for process in self._processes.values()):
                    await self.changed(self._version)
        except TimeoutError:
            log.info("jobs still running after %g s are stopped", seconds)

    def workers(self) -> Sequence[Worker]:
        """Living workers, and those whose engine cannot start: they have an error and no slot."""
        return [
            process.snapshot(draining=self._closing)
            for process in self._processes.values()
            if process.error or not process.gone.is_set()
        ]

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
        change, self._change = self._change, asyncio.Event()
        change.set()

    async def prepare(self, worker_id: str, models: Iterable[str], pin: bool = False) -> None:
        """Order models to be loaded; returns at once, `workers()` tells how it went.

        Pinned models are also loaded by every later incarnation. Raises WorkerLost.
        """
        seat, process = self._find(worker_id)
        wanted = list(models)
        if pin:
            known = self._pinned[seat]
            known += [model for model in wanted if model not in known]
        await process.prepare(wanted)

    async def run_batch(
        self, worker_id: str, attempts: Sequence[Attempt]
    ) -> AsyncIterator[tuple[str, Event]]:
        """Start attempts together; see the protocol.

        Closing this iterator before its end cancels the attempts, waits for them in the
        background and recycles a process that does not stop.
        """
        _, process = self._find(worker_id)
        batch = process.begin(attempts)
        try:
            await process.send_batch(batch)
            async for said in batch.events():
                yield said
        finally:
            if batch.open:
                self._spawn(self._abandon(process, batch))

    @staticmethod
    async def _abandon(process: WorkerProcess, batch: Batch) -> None:
        await process.abandon(batch)

    async def cancel(self, worker_id: str, job: str, no: int) -> None:
        """Ask for the end of an attempt; nothing happens where it ended or its worker is gone."""
        try:
            _, process = self._find(worker_id)
        except WorkerLost:
            return
        await process.cancel((job, no))

    async def kill(self, worker_id: str) -> None:
        """Recycle a worker that did not answer in time; returns when its process is gone."""
        try:
            _, process = self._find(worker_id)
        except WorkerLost:
            return
        await process.kill("did not answer and was killed")

    def _find(self, worker_id: str) -> tuple[int, WorkerProcess]:
        for seat, process in self._processes.items():
            if process.id == worker_id and not process.gone.is_set():
                return seat, process
        raise WorkerLost(f"Worker {worker_id} is gone.")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, seat: int, order: Order) -> None:
        """Have one process after another on a device until the executor closes."""
        deaths = 0
        while not self._closing:
            process = WorkerProcess(order, self._patience, self._bump)
            await process.prepare(self._pinned[seat])
            self._processes[seat] = process
            self._bump()
            reason = await process.live()
            if self._closing:
                return
            deaths = 0 if process.useful else deaths + 1
            delay = min(self._backoff_max_s, self._backoff_s * 2 ** min(deaths, 16))
            log.warning("worker %s %s; the next starts in %g s", process.id, reason, delay)
            await asyncio.sleep(delay)
