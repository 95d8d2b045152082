"""One attempt at a job on one worker, from its choice to a settled row.

Knows the executor, what is stored, and the board; not the queue: whoever began it puts a job that
waits again back in line.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.dispatch.keeping import Keeping
from bot.dispatch.outcome import Again, Blocked, Drawn, Impossible, Outcome, instead
from bot.dispatch.recycling import Recycling
from bot.dispatch.retrying import Unstored
from bot.dispatch.settling import settle
from bot.dispatch.standing import Assignment, UnderWay, could_not_load
from bot.dispatch.stepping import Stepping
from bot.dispatch.studio import Studio
from bot.domain import upscaling
from bot.domain.delivery import UPLOAD_LIMIT
from bot.domain.errors import Busy, Cancelled, RenderFailed, WorkerLost
from bot.domain.job import Job, JobStatus, JobUpdate
from bot.domain.language import N_
from bot.domain.news import Begun
from bot.domain.safety import SafetyPolicy, Withheld
from bot.engine.seam import (
    Attempt,
    Done,
    Event,
    Images,
    LoadingModel,
    Paused,
    Preview,
    Progress,
    Upload,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

PAUSED = N_("Others are drawn in between; it goes on by itself.")

MAX_ERRORS = 3
MAX_MISTAKES = 5
"""Tries of a statement of one drawing that is refused for what it says."""


class Drawing:
    """Of the job `id`, which is read when it begins: what was queued says no more than its size.

    `errors` counts earlier attempts at it that failed for a reason that may pass; it is `suspect`
    while it may be why a worker died that drew others as well. The worker `ran_out` of memory for
    it while it drew others, too."""

    def __init__(
        self, studio: Studio, given: Assignment, errors: int = 0, suspect: bool = False
    ) -> None:
        self.id = given.entry.job
        self.given = given
        self.worker = given.worker
        self.errors = errors
        self.suspect = suspect
        self.starting = True
        self.closing = False
        self.outcome: Outcome | None = None
        self._studio = studio
        self._cancelled = asyncio.Event()
        self._keeping: Keeping | None = None
        self._recycling = Recycling(self._kill, studio.timing.stop)
        self._stepping = Stepping(studio, given)
        self.ran_out = False
        self._fraction = 0.0
        self._seconds = 0.0
        self._engine = ""
        self._policy = SafetyPolicy()

    async def run(self) -> Job | None:
        """Draw, then settle however long the store refuses that; the job as it is now: waiting
        again, or ended, by somebody else perhaps. None when there is no such job any more."""
        outcome = await self._outcome()
        try:
            job = await self._settled(outcome)
        except (ValueError, Withheld) as error:
            outcome = instead(error)
            job = await self._settled(outcome)
        self.outcome = outcome
        if job is not None and isinstance(outcome, Blocked):
            await self._forget()
        if job is None and self._keeping:
            with contextlib.suppress(Unstored, sqlite3.Error):
                await self._while_wanted(self._keeping.drop, "an end that came too late")
        if job is None or job.status is not JobStatus.SUCCEEDED:
            await self._studio.files.uploads.delete(self.id)
        if job is None:
            job = await self._until_done(lambda: self._studio.jobs.get(self.id), "a look")
        return job

    async def _settled(self, outcome: Outcome) -> Job | None:
        return await self._until_done(
            lambda: settle(self._studio, self.id, self._keeping, outcome), "the end"
        )

    async def _forget(self) -> None:
        """Nothing of what nobody is to see stays on the disk; what it refuses to delete just now is
        swept away after a start."""
        try:
            await self._studio.files.delete_jobs([self.id])
        except OSError as error:
            log.warning("%s: files of what nobody is to see stay for now: %s", self, error)

    @property
    def under_way(self) -> UnderWay:
        """How far it is."""
        return UnderWay(self.given, self.starting, self._fraction)

    @property
    def no(self) -> int:
        """Of its attempt; 0 before that begins."""
        return self._keeping.job.attempt if self._keeping else 0

    @property
    def cancelled(self) -> bool:
        """Whether its owner wants it no more."""
        return self._cancelled.is_set()

    async def cancel(self) -> None:
        """Stop drawing; the row says already that the job is over."""
        self._cancelled.set()
        self._recycling.told()
        if self._keeping:
            await self._studio.executor.cancel(self.worker, self.id, self.no)

    async def _kill(self) -> None:
        log.warning("%s: goes on though it was cancelled, so %s is recycled", self, self.worker)
        await self._studio.executor.kill(self.worker)

    async def _outcome(self) -> Outcome:
        """What came of it. Everything that can go wrong while drawing ends here as a value."""
        try:
            await self._draw()
            return Drawn(self._seconds, self._engine)
        except WorkerLost as lost:
            log.warning("%s: worker lost: %s", self, lost)
            return self._lost(lost)
        except (Busy, Cancelled, Unstored) as stopped:
            # By its owner, and then its row says so; else the worker or the disk is at fault.
            log.info("%s: stopped: %s", self, stopped)
            return Again("stopped", str(stopped))
        except RenderFailed as failed:
            return self._failed(failed)
        except Withheld as withheld:
            return Blocked(withheld.verdict)
        except OSError as error:
            return self._failed(RenderFailed("storage", repr(error), retryable=True))
        except Exception as error:
            log.exception("%s", self)
            return Impossible("error", repr(error))
        finally:
            self._recycling.over()

    def _lost(self, lost: WorkerLost) -> Outcome:
        """Who is to blame is known only of one that was drawn alone."""
        blamed = lost.begun and not lost.drawn and not self.closing
        self.suspect = self.suspect or (blamed and not lost.alone)
        strike = blamed and lost.alone
        return Again("lost", str(lost), strike, self.suspect)

    def _failed(self, failed: RenderFailed) -> Outcome:
        if could_not_load(self._studio.executor, self.worker, self.given.entry.model):
            log.warning("%s: %s cannot load the model: %s", self, self.worker, failed)
            return Again("unloaded", str(failed))
        self.errors += 1
        self.ran_out = failed.code == "out_of_memory" and self._beside_others
        if not failed.retryable or self.errors >= MAX_ERRORS:
            return Impossible(failed.code, str(failed), failed.fits)
        log.warning("%s: %s; trying again", self, failed)
        return Again("failed", str(failed))

    @property
    def _beside_others(self) -> bool:
        """Whether its worker draws something else now."""
        workers = self._studio.executor.workers()
        return any(one.drawing.keys() - {self.id} for one in workers if one.id == self.worker)

    def __str__(self) -> str:
        return f"job {self.id} {f'attempt {self.no}' if self.no else 'before it begins'}"

    async def _until_done(self, write: Callable[[], Awaitable[T]], what: str) -> T:
        return await self._studio.retrying.until_done(write, self._say, what=f"{what} of {self}")

    async def _while_wanted(self, write: Callable[[], Awaitable[T]], what: str) -> T:
        """Raises Unstored when the job is cancelled or the store refuses for too long, and
        sqlite3.Error for a mistake that stays."""
        studio = self._studio
        return await studio.retrying.until_done(
            write, self._say, what=f"{what} of {self}", within_s=studio.timing.unstored,
            tries=MAX_MISTAKES, stop=self._cancelled,
        )  # fmt: skip

    def _say(self, note: str) -> None:
        self._studio.board.progress(self.id, note=note)
        if self._studio.retrying.calm:
            # A mistake in statements of its own; the worker need not wait for it.
            self._start_over()

    def _start_over(self) -> None:
        """The worker knows of it, or need not wait for it: others may join."""
        if self.starting:
            self.starting = False
            self._studio.changed()

    async def _draw(self) -> None:
        """Have the pictures drawn that are not stored yet, and store them as they come."""
        keeping = self._keeping = await self._begin()
        job, studio = keeping.job, self._studio
        self._policy = await self._while_wanted(
            lambda: studio.jobs.policy(job.id, studio.stance), "what may be shown"
        )
        if job.attempt > 1:
            await self._while_wanted(keeping.look, "the list")
        missing = keeping.missing
        if not missing:
            return
        attempt = await self._attempt(job, missing)
        self._check_start()
        # Closing the stream early cancels what still runs.
        stream = studio.executor.run_batch(self.worker, [attempt])
        async with contextlib.aclosing(stream) as events:  # type: ignore[type-var]
            async for _, event in events:
                self._start_over()
                await self._hear(event, keeping)
        if lacking := len(keeping.missing):
            raise RenderFailed("error", f"{lacking} pictures of {job.request.count} did not come")
        if upscaling.of(job.request) is None:  # tiles, or a network, have a pace of their own
            work = job.request.work * len(missing) / job.request.count
            studio.pace.measured(job.request.model, self.given.device, work, self._seconds)

    async def _begin(self) -> Keeping:
        """Raises Cancelled where the job waits no more."""
        studio, id = self._studio, self.id
        job = await self._while_wanted(lambda: studio.jobs.start(id, studio.clock()), "the start")
        if job is None:
            raise Cancelled("it waits no more")
        studio.board.show(JobUpdate(job))
        studio.tell(Begun(job, self.worker, self.given.device))
        studio.changed()
        return Keeping(studio.jobs, studio.pictures, studio.files, studio.clock, job)

    async def _attempt(self, job: Job, missing: tuple[int, ...]) -> Attempt:
        request, inputs = await self._while_wanted(
            lambda: self._studio.inputs.of(job.request), "what it is drawn from"
        )
        whole = len(missing) == request.count
        return Attempt(
            job.id, job.attempt, request.model, missing, request.wire(), inputs,
            upload_limit=UPLOAD_LIMIT if whole else 0, person=str(job.user),
            before=self.given.entry.before,
        )  # fmt: skip

    def _check_start(self) -> None:
        """Nothing may be awaited between this and the start: `cancel` finds a run only after it."""
        if self.id not in self._studio.board:
            raise Cancelled("cancelled before it began")
        if all(known.id != self.worker for known in self._studio.executor.workers()):
            raise Busy(f"worker {self.worker} left before the job began")

    async def _hear(self, event: Event, keeping: Keeping) -> None:
        board, id = self._studio.board, self.id
        self._recycling.hear(event)
        self._stepping.hear(event)
        match event:
            case LoadingModel(text=text):
                board.progress(id, note=text)
            case Paused():
                board.progress(id, note=PAUSED)
            case Progress(step=step, of=of):
                self._fraction = step / max(1, of)
                board.progress(id, fraction=self._fraction)
            case Preview(data=data) if not self._policy.blocks:
                keeping.sketch(data)
                board.progress(id, preview=data)
            case Images(data=data, scores=scores):
                verdict = self._policy.verdict(map(scores.get, data))
                if verdict.refused:  # it is never written, either
                    raise Withheld(verdict)
                came = {keeping.job.tile(index + 1): picture for index, picture in data.items()}
                known = {index + 1: score for index, score in scores.items()}
                await self._while_wanted(lambda: keeping.store(came, known), "a picture")
            case Upload(data=data, extension=extension):
                await keeping.keep_upload(data, extension)
            case Done(seconds=seconds, engine=engine):
                self._seconds, self._engine, self._fraction = seconds, engine, 1.0
            case _:
                log.debug("%s: %r", self, event)
