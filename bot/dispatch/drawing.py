"""One attempt at a job on one worker, from its choice to a settled row.

Knows the executor, what is stored, and the board; not the queue: whoever began it puts a job that
waits again back in line.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.dispatch.board import Board
from bot.domain.action import Tile
from bot.domain.errors import Busy, Cancelled, RenderFailed, WorkerLost, new_reference
from bot.domain.job import Failure, Job, JobStatus
from bot.domain.pace import Pace
from bot.engine.seam import Attempt, Done, Event, Executor, Image, LoadingModel, Preview, Progress
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.pictures import PictureRepository, StoredImage

log = logging.getLogger(__name__)

MAX_STRIKES = 2
MAX_ERRORS = 3

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


@dataclass(frozen=True)
class Studio:
    """What every drawing needs. `clock` returns UTC seconds since the epoch."""

    executor: Executor
    jobs: JobRepository
    pictures: PictureRepository
    files: ImageStore
    board: Board
    pace: Pace
    clock: Callable[[], float]


@dataclass(frozen=True)
class Drawn:
    """Every picture is stored."""

    seconds: float


@dataclass(frozen=True)
class Again:
    """It is to be drawn once more; `strike` when this job may be why its worker died."""

    strike: bool = False


@dataclass(frozen=True)
class Impossible:
    """It cannot be drawn. `code` is a key of `SENTENCES`; `why` is for the log."""

    code: str
    why: str


Outcome = Drawn | Again | Impossible


class Drawing:
    """`errors` counts earlier attempts at the job that failed for a reason that may pass."""

    def __init__(self, studio: Studio, job: Job, worker: str, errors: int = 0) -> None:
        self.job = job
        self.worker = worker
        self.errors = errors
        self.starting = True
        self.closing = False
        self._studio = studio
        self._stored: set[int] = set()
        self._seconds = 0.0

    async def run(self) -> Job | None:
        """Draw and settle; the job as it is now, waiting again or ended. None when it is no longer
        this attempt's, because somebody cancelled it meanwhile."""
        outcome = await self._outcome()
        job = await self._settle(outcome)
        self._tell(outcome, job)
        return job

    async def cancel(self) -> None:
        """Stop drawing; the row says already that the job is over."""
        await self._studio.executor.cancel(self.worker, self.job.id, self.job.attempt)

    async def _outcome(self) -> Outcome:
        """What came of it. Everything that can go wrong while drawing ends here as a value."""
        name = f"job {self.job.id} attempt {self.job.attempt}"
        try:
            await self._draw()
            return Drawn(self._seconds)
        except WorkerLost as lost:
            log.warning("%s: worker lost: %s", name, lost)
            return Again(strike=lost.begun and not lost.drawn and not self.closing)
        except Busy:
            return Again()
        except Cancelled:
            # By its owner, and then its row says so; else the worker stopped by itself.
            log.info("%s: stopped", name)
            return Again()
        except RenderFailed as failed:
            self.errors += 1
            if not failed.retryable or self.errors >= MAX_ERRORS:
                return Impossible(failed.code, str(failed))
            log.warning("%s: %s; trying again", name, failed)
            return Again()
        except OSError as error:
            return Impossible("storage", repr(error))
        except Exception as error:
            log.exception("%s", name)
            return Impossible("error", repr(error))

    async def _draw(self) -> None:
        """Have the pictures drawn that are not stored yet, and store them as they come."""
        job, studio = self.job, self._studio
        self._stored = set(await studio.pictures.of_job(job.id))
        missing = tuple(i for i in range(job.request.count) if i + 1 not in self._stored)
        if not missing:
            return
        attempt = await self._attempt(missing)
        self._check_start()
        # Closing the stream early cancels what still runs.
        stream = studio.executor.run_batch(self.worker, [attempt])
        async with contextlib.aclosing(stream) as events:  # type: ignore[type-var]
            async for _, event in events:
                self.starting = False
                await self._hear(event)
        if len(self._stored) < job.request.count:
            raise RenderFailed("error", f"{len(self._stored)} pictures of {job.request.count} came")
        studio.pace.measured(job.request.work * len(missing) / job.request.count, self._seconds)

    async def _attempt(self, missing: tuple[int, ...]) -> Attempt:
        job, request, source = self.job, self.job.request, self.job.request.source
        inputs: dict[str, bytes] = {}
        if source is not None:
            rows = await self._studio.pictures.of_job(source.job)
            data = await self._studio.files.read(source)
            if data is None or source.index not in rows:
                raise RenderFailed("source_gone", f"the picture {source} is not stored")
            digest = rows[source.index].sha256
            request = request.identified({source: digest})
            inputs[digest] = data
        return Attempt(job.id, job.attempt, request.model, missing, request.wire(), inputs)

    def _check_start(self) -> None:
        """Nothing may be awaited between this and the start: `cancel` finds a run only after it."""
        if self.job.id not in self._studio.board:
            raise Cancelled("cancelled before it began")
        if all(known.id != self.worker for known in self._studio.executor.workers()):
            raise Busy(f"worker {self.worker} left before the job began")

    async def _hear(self, event: Event) -> None:
        board = self._studio.board
        match event:
            case LoadingModel(text=text):
                board.progress(self.job, note=text)
            case Progress(step=step, of=of):
                board.progress(self.job, fraction=step / max(1, of))
            case Preview(data=data):
                board.progress(self.job, preview=data)
            case Image(index=index, data=data):
                await self._store(self.job.tile(index + 1), data)
            case Done(seconds=seconds):
                self._seconds = seconds
            case _:
                log.debug("job %s: %r", self.job.id, event)

    async def _store(self, tile: Tile, data: bytes) -> None:
        studio, job = self._studio, self.job
        digest = await studio.files.write(tile, data)
        image = StoredImage(tile.index, digest, len(data), evicted=False)
        if await studio.pictures.add(job.id, job.attempt, image, studio.clock()):
            self._stored.add(tile.index)
        else:
            log.info("job %s attempt %d: late picture dropped", job.id, job.attempt)
            now = await studio.jobs.get(job.id)
            if now is None or now.attempt == job.attempt:
                await studio.files.delete([tile])

    async def _settle(self, outcome: Outcome) -> Job | None:
        """Write what came of it."""
        jobs, id, attempt, now = (
            self._studio.jobs, self.job.id, self.job.attempt, self._studio.clock(),
        )  # fmt: skip
        match outcome:
            case Drawn(seconds=seconds):
                return await jobs.succeed(id, attempt, seconds, now)
            case Again(strike=False):
                return await jobs.give_back(id, attempt)
            case Again():
                failure = _failure("worker_died")
                return await jobs.strike(id, attempt, MAX_STRIKES, failure, now)
            case Impossible(code=code):
                return await jobs.fail(id, _failure(code), now, attempt)

    def _tell(self, outcome: Outcome, job: Job | None) -> None:
        """What an operator finds in the log."""
        if job is None or job.status is JobStatus.WAITING:
            return
        if job.failure is None:
            log.info("job %s: succeeded in %.2f s", job.id, self._seconds)
        else:
            log.error("job %s failed, reference %s: %s", job.id, job.failure.reference, outcome)


def _failure(code: str) -> Failure:
    return Failure(SENTENCES.get(code, SENTENCES["error"]) + ".", new_reference())
