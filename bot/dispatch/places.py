"""Tells those who wait their place in line, how long that may take, and what stands in the way.

A place is the queue's; this only turns it into words for watchers, in rounds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from bot.dispatch.board import Board
from bot.dispatch.timing import Timing
from bot.domain.job import Job, JobUpdate
from bot.domain.pace import Pace
from bot.domain.queue import JobQueue
from bot.engine.seam import Executor

AT_ONCE = 50
"""Watchers told before the event loop may do something else."""

PLAYED_THROUGH = 1000
"""Up to so many waiting jobs their order is played through; for more, each place is reckoned."""


class Places:
    """Keeps the board's waiting jobs current."""

    def __init__(
        self, queue: JobQueue, board: Board, pace: Pace, executor: Executor, timing: Timing
    ) -> None:
        self._queue = queue
        self._board = board
        self._pace = pace
        self._executor = executor
        self._timing = timing
        self._due = asyncio.Event()
        self._told = ""

    def changed(self) -> None:
        """Somebody came, went, or is drawn now: a round is due."""
        self._due.set()

    def look(self) -> None:
        """The workers changed: a round is due where that changes what stands in the way."""
        if self.trouble() != self._told:
            self._due.set()

    async def keep(self) -> None:
        """Round after round until cancelled; none while nothing changes."""
        while True:
            await self._due.wait()
            self._due.clear()
            await self.tell_all()
            rest = max(self._timing.positions, self._timing.position * len(self._queue))
            await asyncio.sleep(rest)

    def tell(self, job: Job) -> None:
        """Where a job stands that has just joined the queue."""
        place = self._queue.place(job.id)
        if place is None:
            return
        wait = self._pace.estimate(place[1], self._able())
        self._board.show(JobUpdate(job, position=place[0], wait_s=wait))

    async def tell_all(self) -> None:
        """One round."""
        workers, note = self._able(), self.trouble()
        self._told = note
        for count, (job_id, place, work) in enumerate(self._places(), start=1):
            cell = self._board.newest(job_id)
            # Meanwhile a job may have begun or ended.
            if job_id in self._queue and cell is not None and cell.value is not None:
                wait = self._pace.estimate(work, workers)
                self._board.show(
                    JobUpdate(cell.value.job, position=place, wait_s=wait, note=note)
                )  # fmt: skip
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _places(self) -> Iterator[tuple[str, int, float]]:
        if len(self._queue) <= PLAYED_THROUGH:
            yield from self._queue.places()
            return
        for job_id in self._queue.jobs():
            if place := self._queue.place(job_id):
                yield job_id, *place

    def trouble(self) -> str:
        """Why nothing is drawn just now; empty while something is or could be."""
        workers = self._executor.workers()
        if any(worker.loaded for worker in workers if worker.error is None):
            return ""
        errors = [worker.trouble for worker in workers if worker.trouble]
        return errors[0] if errors else "the model is being loaded"

    def _able(self) -> int:
        return sum(worker.trouble is None for worker in self._executor.workers())
