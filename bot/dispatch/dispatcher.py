"""The loop from queue to executor to storage to watchers.

Takes the next job for a free worker, has it drawn, stores each picture as it arrives, settles the
job, and tells watchers the newest state. Knows neither Discord nor torch; decisions about order
are the `JobQueue`'s, and the database is the truth about every job.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace

from bot.dispatch.latest import Latest
from bot.domain.action import Tile
from bot.domain.errors import Busy, Cancelled, RenderFailed, WorkerLost, new_reference
from bot.domain.job import Failure, Job, JobStatus, JobUpdate
from bot.domain.pace import Pace
from bot.domain.queue import Entry, JobQueue
from bot.engine.seam import (
    Attempt,
    Done,
    Event,
    Executor,
    Image,
    LoadingModel,
    Preview,
    Progress,
    Result,
    Worker,
)
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.pictures import PictureRepository, StoredImage

log = logging.getLogger(__name__)

MAX_STRIKES = 2
MAX_ERRORS = 3
RECOVER_S = 1.0
POSITIONS_EVERY_S = 0.25
# … and longer for a long queue: telling one watcher costs about 0.1 ms of the event loop.
POSITION_S = 0.004
POSITIONS_AT_ONCE = 50
CLOSE_S = 2.0

SENTENCES: Mapping[str, str] = {
    "out_of_memory": "This picture needs more memory than the machine has; try a squarer --ar",
    "bad_input": "The model cannot draw this request; try other words or parameters",
    "model_missing": "The model is not available just now; the operator has been told",
    "worker_died": "Drawing this stopped the machine twice, so it was given up",
    "storage": "The pictures could not be stored; the operator has been told",
    "not_finite": "The model gave a black picture; the operator has been told",
    "source_gone": "The picture to vary was cleared away to save space; 🔄 draws the prompt again",
    "error": "Something went wrong while drawing; please try again",
}


class Dispatcher:
    """Owns the queue, the running drawings and the watchers' cells."""

    def __init__(
        self,
        executor: Executor,
        jobs: JobRepository,
        pictures: PictureRepository,
        files: ImageStore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.queue = JobQueue()
        self.pace = Pace()
        self._executor = executor
        self._jobs = jobs
        self._pictures = pictures
        self._files = files
        self._clock = clock
        self._waiting: dict[str, Job] = {}
        self._cells: dict[str, Latest[JobUpdate]] = {}
        self._drawings: dict[str, tuple[str, int, asyncio.Task[None]]] = {}
        # Job → worker, from its choice until the worker says something or the drawing ends.
        self._starting: dict[str, str] = {}
        self._errors: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._positions_due = asyncio.Event()
        self._closing = False

    # What the service asks for

    def add(self, job: Job, *, front: bool = False) -> None:
        """A waiting job joins the queue."""
        self._enter(job, front)
        place, wait_s = self.estimate(job.id) or (None, None)
        self._publish(JobUpdate(job, position=place, wait_s=wait_s))
        self._wake.set()
        self._positions_due.set()

    def restore(self, jobs: Iterable[Job]) -> None:
        """Waiting jobs of an earlier run join the queue, first come first."""
        for job in jobs:
            self._enter(job, front=False)
            self._publish(JobUpdate(job))
        self._wake.set()
        self._positions_due.set()

    def _enter(self, job: Job, front: bool) -> None:
        self._waiting[job.id] = job
        self.queue.add(
            Entry(
                job.id, job.account, job.request.work, job.running_limit, alone=job.strikes > 0
            ),
            front=front,
        )  # fmt: skip
        self._cells.setdefault(job.id, Latest())

    async def cancel(self, job: Job) -> None:
        """The database says cancelled: leave the queue or stop drawing, and tell the watchers."""
        self._waiting.pop(job.id, None)
        if self.queue.remove(job.id):
            self._positions_due.set()
        drawing = self._drawings.get(job.id)
        self._finish(job)
        if drawing is not None:
            worker, attempt, _ = drawing
            await self._executor.cancel(worker, job.id, attempt)

    def newest(self, job: str) -> Latest[JobUpdate] | None:
        """The cell of an unfinished job; None when it has ended or is unknown."""
        return self._cells.get(job)

    async def watch(self, job: str) -> AsyncIterator[JobUpdate]:
        """Newest values of an unfinished job up to its end; nothing for others."""
        cell = self._cells.get(job)
        if cell is not None:
            async for update in cell:
                yield update

    def estimate(self, job: str) -> tuple[int, float | None] | None:
        """Place in line (from 1) and expected wait in seconds of a waiting job."""
        place = self.queue.place(job)
        if place is None:
            return None
        return place[0], self.pace.estimate(place[1], self._able())

    # The loop

    async def run(self) -> None:
        """Dispatch until cancelled. Call `close` afterwards."""
        positions = asyncio.create_task(self._keep_positions(), name="positions")
        try:
            while True:
                version = self._executor.version
                self._wake.clear()
                try:
                    await self._dispatch()
                except Exception:
                    log.exception("cannot start jobs; trying again in %g s", RECOVER_S)
                    await asyncio.sleep(RECOVER_S)
                    continue
                await self._until_something_changes(version)
        finally:
            positions.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await positions

    async def close(self) -> None:
        """Stop the executor and with it the running drawings; they are drawn again after a
        restart, without a strike."""
        self._closing = True
        await self._executor.close()
        tasks = [task for _, _, task in self._drawings.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_something_changes(self, version: int) -> None:
        waits = [
            asyncio.create_task(self._executor.changed(version)),
            asyncio.create_task(self._wake.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _dispatch(self) -> None:
        while (worker := self._free_worker()) is not None:
            entry = self.queue.next()
            if entry is None:
                return
            job = self._waiting.pop(entry.job)
            now = self._clock()
            try:
                attempt = await self._jobs.start(job.id, now)
            except Exception:
                self._again(job)
                raise
            if attempt is None:
                self.queue.done(job.id)
                await self._finish_as_stored(job.id)
                continue
            running = replace(job, status=JobStatus.RUNNING, attempt=attempt, started_at=now)
            self._begin(worker.id, running)

    def _begin(self, worker: str, job: Job) -> None:
        self._starting[job.id] = worker
        task = asyncio.create_task(self._draw(worker, job), name=f"draw {job.id}")
        self._drawings[job.id] = (worker, job.attempt, task)
        self._publish(JobUpdate(job))
        self._positions_due.set()

    def _free_worker(self) -> Worker | None:
        """A worker that can draw now, one with a model in memory before others."""
        free = [
            worker
            for worker in self._executor.workers()
            if worker.slots_free > 0
            and not worker.draining
            and worker.trouble is None
            and worker.id not in self._starting.values()
        ]
        return max(free, key=lambda worker: len(worker.loaded), default=None)

    def _able(self) -> int:
        return sum(worker.trouble is None for worker in self._executor.workers())

    # One drawing

    async def _draw(self, worker: str, job: Job) -> None:
        try:
            await self._draw_or_end(worker, job)
        except Exception:
            # The row still says running, so the job is drawn after a restart.
            log.exception("job %s attempt %d: its end cannot be recorded", job.id, job.attempt)
        finally:
            self._starting.pop(job.id, None)
            if self._drawings.get(job.id, (None, 0))[1] == job.attempt:
                self._drawings.pop(job.id, None)
            self.queue.done(job.id)
            self._wake.set()
            self._positions_due.set()

    async def _draw_or_end(self, worker: str, job: Job) -> None:
        try:
            await self._draw_and_settle(worker, job)
        except WorkerLost as lost:
            log.warning("job %s attempt %d: worker lost: %s", job.id, job.attempt, lost)
            guilty = lost.begun and not lost.drawn
            await (self._strike(job) if guilty else self._give_back(job))
        except Busy:
            await self._give_back(job)
        except Cancelled:
            # Nothing to give back where the user cancelled; else the worker stopped by itself.
            log.info("job %s attempt %d: stopped", job.id, job.attempt)
            await self._give_back(job)
        except RenderFailed as failed:
            await self._render_failed(job, failed)
        except OSError as error:
            await self._fail(job, "storage", repr(error))
        except Exception as error:
            log.exception("job %s attempt %d", job.id, job.attempt)
            await self._fail(job, "error", repr(error))

    async def _draw_and_settle(self, worker: str, job: Job) -> None:
        stored = await self._pictures.of_job(job.id)
        missing = tuple(i for i in range(job.request.count) if i + 1 not in stored)
        seconds = 0.0
        if missing:
            attempt = await self._attempt(job, missing)
            self._check_start(worker, job)
            # Closing the stream early cancels what still runs.
            async with contextlib.aclosing(self._executor.run_batch(worker, [attempt])) as events:  # type: ignore[type-var]
                async for _, event in events:
                    self._starting.pop(job.id, None)
                    seconds = await self._take(job, event, seconds)
            self.pace.measured(job.request.work * len(missing) / job.request.count, seconds)
        ended = await self._jobs.succeed(
            job.id, job.attempt, seconds, self._clock()
        )  # fmt: skip
        if ended is not None:
            log.info("job %s: succeeded in %.2f s", job.id, seconds)
            self._finish(ended)

    def _check_start(self, worker: str, job: Job) -> None:
        """Nothing may be awaited between this and the start: `cancel` finds a run only after it."""
        if job.id not in self._cells:
            raise Cancelled("cancelled before it began")
        if all(known.id != worker for known in self._executor.workers()):
            raise Busy(f"worker {worker} left before the job began")

    async def _attempt(self, job: Job, missing: tuple[int, ...]) -> Attempt:
        request = job.request
        source = request.source
        inputs: dict[str, bytes] = {}
        if source is not None:
            rows = await self._pictures.of_job(source.job)
            data = await self._files.read(source)
            if data is None or source.index not in rows:
                raise RenderFailed("source_gone", f"the picture {source} is not stored")
            digest = rows[source.index].sha256
            request = request.identified({source: digest})
            inputs[digest] = data
        return Attempt(job.id, job.attempt, request.model, missing, request.wire(), inputs)

    async def _take(self, job: Job, event: Event, seconds: float) -> float:
        match event:
            case LoadingModel(text=text):
                self._publish(JobUpdate(job, note=text))
            case Progress(step=step, of=of):
                fraction = step / max(1, of)
                self._publish(JobUpdate(job, fraction=fraction, preview=self._preview(job)))
            case Preview(data=data):
                self._publish(JobUpdate(job, fraction=self._fraction(job), preview=data))
            case Image():
                await self._store(job, event)
            case Done():
                return event.seconds
            case Result(data=data):
                log.debug("job %s: result %r", job.id, data)
        return seconds

    async def _store(self, job: Job, event: Image) -> None:
        tile = Tile(job.id, event.index + 1)
        digest = await self._files.write(tile, event.data)
        image = StoredImage(tile.index, digest, len(event.data), evicted=False)
        if not await self._pictures.add(job.id, job.attempt, image, self._clock()):
            log.info("job %s attempt %d: late picture dropped", job.id, job.attempt)
            now = await self._jobs.get(job.id)
            if now is None or now.attempt == job.attempt:
                await self._files.delete([tile])

    # How a drawing can end without pictures

    async def _strike(self, job: Job) -> None:
        if self._closing:
            await self._give_back(job)
            return
        waiting = await self._jobs.give_back(job.id, job.attempt, strike=True)
        if waiting is None:
            return
        if waiting.strikes < MAX_STRIKES:
            self._again(waiting)
            return
        attempt = await self._jobs.start(job.id, self._clock())
        if attempt is not None:
            await self._fail(replace(waiting, attempt=attempt), "worker_died", "two strikes")

    async def _give_back(self, job: Job) -> None:
        waiting = await self._jobs.give_back(job.id, job.attempt, strike=False)
        if waiting is not None and not self._closing:
            self._again(waiting)

    async def _render_failed(self, job: Job, failed: RenderFailed) -> None:
        errors = self._errors[job.id] = self._errors.get(job.id, 0) + 1
        if failed.retryable and errors < MAX_ERRORS:
            log.warning("job %s attempt %d: %s; trying again", job.id, job.attempt, failed)
            await self._give_back(job)
        else:
            await self._fail(job, failed.code, str(failed))

    async def _fail(self, job: Job, code: str, why: str) -> None:
        failure = Failure(SENTENCES.get(code, SENTENCES["error"]) + ".", new_reference())
        log.error("job %s failed, reference %s: %s: %s", job.id, failure.reference, code, why)
        ended = await self._jobs.fail(job.id, failure, self._clock(), job.attempt)
        if ended is not None:
            self._finish(ended)

    def _again(self, job: Job) -> None:
        self.queue.done(job.id)
        self.add(job, front=True)

    # Watchers

    def _publish(self, update: JobUpdate) -> None:
        cell = self._cells.get(update.job.id)
        if cell is not None:
            cell.set(update)

    def _finish(self, job: Job) -> None:
        self._errors.pop(job.id, None)
        cell = self._cells.pop(job.id, None)
        if cell is not None:
            cell.set(JobUpdate(job, fraction=1.0))
            cell.close()

    async def _finish_as_stored(self, job_id: str) -> None:
        job = await self._jobs.get(job_id)
        if job is not None and job.status.finished:
            self._finish(job)

    def _fraction(self, job: Job) -> float:
        cell = self._cells.get(job.id)
        return cell.value.fraction if cell and cell.value else 0.0

    def _preview(self, job: Job) -> bytes | None:
        cell = self._cells.get(job.id)
        return cell.value.preview if cell and cell.value else None

    async def _publish_positions(self) -> None:
        workers = self._able()
        note = self._trouble()
        for count, (job_id, (place, work)) in enumerate(self.queue.ahead().items(), start=1):
            # Meanwhile a job may have begun or ended.
            job = self._waiting.get(job_id)
            if job is not None:
                wait = self.pace.estimate(work, workers)
                self._publish(JobUpdate(job, position=place, wait_s=wait, note=note))
            if count % POSITIONS_AT_ONCE == 0:
                await asyncio.sleep(0)

    def _trouble(self) -> str:
        """Why nothing is drawn just now; empty while something is or could be."""
        workers = self._executor.workers()
        if any(worker.loaded for worker in workers if worker.error is None):
            return ""
        errors = [worker.trouble for worker in workers if worker.trouble]
        return errors[0] if errors else "the model is being loaded"

    async def _keep_positions(self) -> None:
        while True:
            await self._positions_due.wait()
            self._positions_due.clear()
            await self._publish_positions()
            await asyncio.sleep(max(POSITIONS_EVERY_S, POSITION_S * len(self.queue)))
