"""The loop from queue to executor: begins a drawing of the job and on the worker that are next.

Decisions about order are the `Lanes`', those about workers `route`'s, one attempt is a
`Drawing`'s, and the database is the truth about every job. Knows neither Discord nor torch.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from bot.dispatch.aside import Aside
from bot.dispatch.board import Board
from bot.dispatch.census import census
from bot.dispatch.drawing import Drawing
from bot.dispatch.inputs import Inputs
from bot.dispatch.outcome import Drawn, why, word
from bot.dispatch.places import AT_ONCE, Places
from bot.dispatch.retrying import Retrying
from bot.dispatch.standing import Standings, UnderWay
from bot.dispatch.studio import Studio
from bot.dispatch.timing import Timing
from bot.domain.job import Job, JobUpdate
from bot.domain.lanes import Lanes
from bot.domain.lines import Entry
from bot.domain.news import Ended, Tell, Tried, nobody
from bot.domain.pace import Pace
from bot.domain.routing import Choice, route
from bot.domain.safety import ANYTHING, Stance
from bot.domain.snapshots import Census
from bot.engine.seam import Executor
from bot.storage.blobs import Blobs
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.pictures import PictureRepository

log = logging.getLogger(__name__)

MANY = 1000
"""Restored jobs from which on they are kept from the garbage collector."""


class Waiting(NamedTuple):
    """A job in line; `errors` counts attempts that failed for a reason that may pass. One that is
    `suspect` was being drawn, with others, when a worker died."""

    entry: Entry
    errors: int = 0
    suspect: bool = False


class Dispatcher:
    """Owns the queue and the running drawings. Whoever adds a job has opened its place on the
    `board`."""

    def __init__(
        self,
        executor: Executor,
        jobs: JobRepository,
        pictures: PictureRepository,
        files: ImageStore,
        blobs: Blobs,
        clock: Callable[[], float] = time.time,
        timing: Timing | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        stance: Stance = ANYTHING,
        tell: Tell = nobody,
    ) -> None:
        self.queue = Lanes()
        self.pace = Pace()
        self.board = Board()
        self._executor = executor
        self._tell = tell
        self._timing = timing or Timing()
        self._retrying = Retrying(self._timing, self._changed)
        self._studio = Studio(
            executor, jobs, pictures, files, Inputs(pictures, files, blobs), self.board, self.pace,
            self._retrying, self._timing, self._changed, clock, stance, tell,
        )  # fmt: skip
        self._standings = Standings(executor, self.pace, monotonic)
        self._places = Places(self.queue, self.board, self.pace, executor, self._timing, self._left)
        self._waiting: dict[str, Waiting] = {}
        self._drawings: dict[Drawing, asyncio.Task[None]] = {}
        self.aside = Aside(self._waiting, self.queue, self.board, self._places, self._changed)
        self._draining = False
        self._wake = asyncio.Event()
        self._closing = False

    # What the service asks for

    def add(self, entry: Entry) -> None:
        """A waiting job joins the queue."""
        self._enter(Waiting(entry))
        self._places.tell(entry.job)
        self._changed()

    async def restore(self, entries: Iterable[Entry]) -> None:
        """Waiting jobs of an earlier run join the queue, first come first."""
        # Looking for garbage among so much that stays would stop the loop for 0.1 s at a time.
        gc.disable()
        try:
            count = await self._restore(entries)
        finally:
            gc.enable()
        if count >= MANY:
            gc.freeze()
        self._changed()

    async def _restore(self, entries: Iterable[Entry]) -> int:
        count = 0
        for count, entry in enumerate(entries, start=1):
            self._enter(Waiting(entry))
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)
        return count

    async def cancel(self, job: Job, why: str = "") -> None:
        """The database says that it is over: leave the queue or stop drawing, and tell the
        watchers. `why` is for the log."""
        self._waiting.pop(job.id, None)
        if self.queue.remove(job.id):
            self._places.changed()
        self._finish(job, why=why)
        for drawing in list(self._drawings):
            if drawing.id == job.id:
                await drawing.cancel()

    def drain(self, draining: bool, why: str = "") -> None:
        """Whether nothing is begun any more, and what is told to those who wait."""
        self._draining = draining
        self._places.stand_still(why if draining else "")
        self._changed()

    async def drained(self) -> None:
        """Return when nothing is being drawn."""
        while self._drawings:
            await asyncio.wait(self._drawings.values(), return_when=asyncio.FIRST_COMPLETED)

    def waiting_for(self, model: str) -> list[str]:
        """The ids of the jobs in line that a model is to draw."""
        entries = (waiting.entry for waiting in self._waiting.values())
        return [entry.job for entry in entries if entry.model == model]

    @property
    def busy(self) -> bool:
        """Whether anything waits or is drawn, or nothing is to be."""
        return bool(self._waiting or self._drawings or self._draining)

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many jobs are being drawn."""
        return len(self._drawings)

    def census(self, now: float) -> Census:
        """How many jobs wait and since when; `now` is in UTC seconds since the epoch. Any thread
        may ask: for many it takes a while."""
        return census(list(self._waiting.values()), self.queue, len(self._drawings), now)

    def held(self) -> dict[str, int]:
        """How much of everything is in memory; empty once every job has ended."""
        counts = {
            "waiting": len(self._waiting),
            "drawings": len(self._drawings),
            "cells": len(self.board),
            "batches": len(self.board.together),
            "queue": len(self.queue),
            "running": self.queue.running,
            "counters": self.queue.remembered,
        }
        return {name: count for name, count in counts.items() if count}

    # The loop

    async def run(self) -> None:
        """Dispatch until cancelled. Call `close` afterwards."""
        listening = asyncio.create_task(self._listen(), name="listen to the workers")
        try:
            while not listening.done():
                self._wake.clear()
                self._dispatch()
                await self._until_something_changes()
                self._places.look()
            listening.result()
        finally:
            listening.cancel()

    async def tell_places(self) -> None:
        """Tell those who wait their places until cancelled."""
        await self._places.keep()

    async def close(self) -> None:
        """Stop the executor and with it the running drawings; they are drawn again after a
        restart, without a strike."""
        self._closing = True
        for drawing in self._drawings:
            drawing.closing = True
        await self._executor.close()
        tasks = list(self._drawings.values())
        if tasks:
            await asyncio.wait(tasks, timeout=self._timing.close)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        version = self._executor.version
        try:
            while True:
                version = await self._executor.changed(version)
                self._wake.set()
        finally:
            self._wake.set()

    async def _until_something_changes(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timing.look if len(self.queue) else None):
                await self._wake.wait()

    def _dispatch(self) -> None:
        # While pictures cannot be stored, more of them would only fill the memory.
        while self._retrying.calm and not self._draining and (choice := self._choose()) is not None:
            entry, waiting = self.queue.take(choice.job), self._waiting.pop(choice.job)
            given = self._standings.assign(choice, entry)
            drawing = Drawing(self._studio, given, waiting.errors, waiting.suspect)
            task = asyncio.create_task(self._draw(drawing), name=f"draw {entry.job}")
            self._drawings[drawing] = task

    def _choose(self) -> Choice | None:
        heads = self.queue.heads()
        if not heads:  # most wakes, where workers keep up
            return None
        given: dict[str, list[UnderWay]] = {}
        for drawing in self._drawings:
            given.setdefault(drawing.worker, []).append(drawing.under_way)
        return route(heads, self._standings.now(heads, given))

    async def _draw(self, drawing: Drawing) -> None:
        job: Job | None = None
        try:
            job = await drawing.run()
            if drawing.ran_out:
                self._standings.ran_out(drawing.worker)
        except Exception:
            # A mistake of ours: the row still says running, so it is drawn after a restart.
            log.exception("%s: its end cannot be recorded", drawing)
        finally:
            del self._drawings[drawing]
            self.queue.done(drawing.id)
            self._changed()
        self._drawn(drawing, job)

    def _drawn(self, drawing: Drawing, job: Job | None) -> None:
        """An attempt is over: so is its job, or it waits again."""
        outcome = drawing.outcome
        if job and outcome:
            self._tell(Tried(job, drawing.no, word(outcome), why(outcome)))
        if job is None:
            self.board.close(drawing.id)
        elif job.status.finished:
            seconds = outcome.seconds if isinstance(outcome, Drawn) else 0.0
            self._finish(job, seconds, why(outcome) if outcome else "")
        elif not drawing.cancelled and not self._closing:
            self.board.show(JobUpdate(job))
            entry = Entry.of(job, drawing.suspect)
            self._enter(Waiting(entry, drawing.errors, drawing.suspect), front=True)
            self._places.tell(job.id)

    def _finish(self, job: Job, seconds: float = 0.0, why: str = "") -> None:
        if job.id in self.board:
            self._tell(Ended(job, seconds, why))
        self.board.finish(job)

    def _left(self) -> dict[str, float]:
        """Work of what is being drawn, by its model."""
        left: dict[str, float] = {}
        for drawing in self._drawings:
            model = drawing.given.entry.model
            left[model] = left.get(model, 0.0) + drawing.under_way.left
        return left

    def _enter(self, waiting: Waiting, front: bool = False) -> None:
        self._waiting[waiting.entry.job] = waiting
        if not self.aside.takes(waiting.entry):
            self.queue.add(waiting.entry, front=front)

    def _changed(self) -> None:
        self._wake.set()
        self._places.changed()
