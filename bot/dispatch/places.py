"""Tells those who wait their place in line, how long that may take, and what stands in the way.

A place is the queue's; this only turns it into words for watchers, in rounds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bot.dispatch.board import Board
from bot.dispatch.timing import Timing
from bot.domain.job import JobUpdate
from bot.domain.lanes import Lanes
from bot.domain.language import N_
from bot.domain.pace import Device, Pace
from bot.engine.seam import Executor, Failed, Loaded, Loading, Worker

AT_ONCE = 50
"""Watchers told before the event loop may do something else."""

PLAYED_THROUGH = 1000
"""Up to so many waiting jobs their order is played through; for more, each place is reckoned."""

LOADING = N_("the model is being loaded")


class Places:
    """Keeps the board's waiting jobs current; `left` tells the work of what is being drawn that
    is still to be done, by its model."""

    def __init__(
        self, queue: Lanes, board: Board, pace: Pace, executor: Executor, timing: Timing,
        left: Callable[[], Mapping[str, float]],
    ) -> None:  # fmt: skip
        self._queue = queue
        self._board = board
        self._pace = pace
        self._executor = executor
        self._timing = timing
        self._left = left
        self._due = asyncio.Event()
        self._told: dict[str, str] = {}
        self._mix: dict[str, float] = {}
        self._still = ""

    def stand_still(self, why: str) -> None:
        """Nothing is begun, for this reason; with none it goes on."""
        self._still = why
        self._due.set()

    def changed(self) -> None:
        """Somebody came, went, or is drawn now: a round is due."""
        self._due.set()

    def look(self) -> None:
        """The workers changed: a round is due where that changes what stands in the way."""
        if any(self.trouble(model) != told for model, told in self._told.items()):
            self._due.set()

    async def keep(self) -> None:
        """Round after round until cancelled; none while nothing changes."""
        while True:
            await self._due.wait()
            self._due.clear()
            await self.tell_all()
            rest = max(self._timing.positions, self._timing.position * len(self._queue))
            await asyncio.sleep(rest)

    def tell(self, job_id: str) -> None:
        """Where a job stands that has just joined the queue."""
        place, cell = self._queue.place(job_id), self._board.newest(job_id)
        if place is None or cell is None or cell.value is None:
            return
        job = cell.value.job
        model = job.request.model
        ahead = self._shared(model, place[1])
        wait = self._wait(model, [self._left(), ahead], self._able(model))
        self._board.show(JobUpdate(job, position=place[0], wait_s=wait, note=self._still))

    async def tell_all(self) -> None:
        """One round."""
        self._told = {}
        able: dict[str, list[Device]] = {}
        left = self._left()
        for count, (job_id, place, work) in enumerate(self._places(), start=1):
            cell = self._board.newest(job_id)
            # Meanwhile a job may have begun or ended.
            if job_id in self._queue and cell is not None and cell.value is not None:
                job = cell.value.job
                model = job.request.model
                if model not in able:
                    able[model], self._told[model] = self._able(model), self.trouble(model)
                wait = self._wait(model, [left, work], able[model])
                note = self._told[model]
                self._board.show(JobUpdate(job, position=place, wait_s=wait, note=note))
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _wait(
        self, model: str, ahead: Iterable[Mapping[str, float]], able: Sequence[Device]
    ) -> float | None:
        """Seconds until all that is drawn, each work as fast as its own model does it, and the
        model is in memory; None where nobody knows."""
        wait = None if self._still else self._pace.estimate(model, 0.0, able)
        if wait is None:
            return None
        for works in ahead:
            for other, work in works.items():
                wait += self._pace.estimate(other, work, able) or 0.0
        if any(model in worker.models for worker in self._executor.workers()):
            return wait
        return wait + min(self._pace.load_s(model, device) for device in able)

    def _places(self) -> Iterator[tuple[str, int, Mapping[str, float]]]:
        """Jobs, each with its place and the work ahead of it, by its model: until the next one."""
        if len(self._queue) <= PLAYED_THROUGH:
            yield from self._played()
            return
        for job_id in self._queue.jobs():
            cell, place = self._board.newest(job_id), self._queue.place(job_id)
            if place and cell and cell.value:
                yield job_id, place[0], self._shared(cell.value.job.request.model, place[1])

    def _played(self) -> Iterator[tuple[str, int, Mapping[str, float]]]:
        """Nobody waits behind what no worker can load just now."""
        place, work, drawn = 1, dict[str, float](), dict[str, bool]()
        for entry in self._queue.order():
            yield entry.job, place, work
            model = entry.model
            if model not in drawn:
                drawn[model] = not self._loads_nowhere(model)
            if drawn[model]:
                place, work[model] = place + 1, work.get(model, 0.0) + entry.work
        self._mix = work

    def _shared(self, model: str, work: float) -> dict[str, float]:
        """Work of which only the sum is known, among models as the last round found it; of this
        one, where it found nothing."""
        found = sum(self._mix.values())
        shares = {one: each / found for one, each in self._mix.items()} if found else {model: 1.0}
        return {one: share * work for one, share in shares.items()}

    def _loads_nowhere(self, model: str) -> bool:
        workers = [one for one in self._executor.workers() if one.error is None]
        failed = [isinstance(one.models.get(model), Failed) for one in workers]
        return bool(failed) and all(failed)

    def trouble(self, model: str) -> str:
        """Why nothing of a model is drawn just now; empty while something is or could be."""
        if self._still:
            return self._still
        workers = self._executor.workers()
        able = [worker for worker in workers if worker.error is None]
        states = [worker.models.get(model) for worker in able]
        if any(isinstance(state, Loaded) for state in states):
            return ""
        if loading := [state.text for state in states if isinstance(state, Loading)]:
            return next(filter(None, loading), LOADING)
        if any(worker.loaded and model not in worker.models for worker in able):
            return ""
        return next(filter(None, (_reason(worker, model) for worker in workers)), LOADING)

    def _able(self, model: str) -> list[Device]:
        workers = self._executor.workers()
        return [worker.seat for worker in workers if not _reason(worker, model)]


def _reason(worker: Worker, model: str) -> str:
    """Why a worker does not draw a model; empty where it can."""
    state = worker.models.get(model)
    return worker.error or (state.text if isinstance(state, Failed) else "")
