"""An executor without processes: a test plays the worker, step by step, or lets it draw by itself.

Satisfies `bot.engine.seam.Executor`. Everything it does is recorded in order.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PIL import Image as Picture

from bot.domain.errors import Busy, Cancelled, WorkerLost
from bot.engine.seam import (
    Answer,
    Attempt,
    Done,
    Event,
    Failed,
    Images,
    Loaded,
    ModelState,
    Progress,
    Question,
    Worker,
)

PATIENCE_S = 20.0
ENGINE = "fake 1.0"
_END = object()


class Clock:
    """UTC seconds that pass only when told."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def picture(seed: int, side: int = 16) -> bytes:
    """A lossless tile whose colour tells the seed."""
    file = io.BytesIO()
    Picture.new("RGB", (side, side), colour(seed)).save(file, "WEBP", lossless=True)
    return file.getvalue()


def colour(seed: int) -> tuple[int, int, int]:
    """The colour of `picture(seed)`."""
    return seed % 256, seed // 256 % 256, 128


class Run:
    """One attempt on one worker. Its coroutines return when what they said is dealt with."""

    def __init__(self, worker: str, attempt: Attempt, score: float | None = None) -> None:
        self.worker = worker
        self.attempt = attempt
        self.score = score
        self.stubborn = False
        self.drawing = True
        self.ended = asyncio.Event()
        self._said: asyncio.Queue[tuple[object, asyncio.Event]] = asyncio.Queue()

    @property
    def job(self) -> str:
        return self.attempt.job

    @property
    def size(self) -> tuple[tuple[str, int], int]:
        request, indices = self.attempt.request, self.attempt.indices
        return (self.attempt.model, request["width"] * request["height"]), len(indices)

    def put(self, what: object) -> asyncio.Event:
        """Say something without waiting for the listener."""
        heard = asyncio.Event()
        self._said.put_nowait((what, heard))
        return heard

    async def say(self, event: Event) -> None:
        async with asyncio.timeout(PATIENCE_S):
            heard = asyncio.ensure_future(self.put(event).wait())
            ended = asyncio.ensure_future(self.ended.wait())
            try:
                await asyncio.wait({heard, ended}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (heard, ended):
                    task.cancel()

    async def progress(self, step: int, of: int = 4) -> None:
        await self.say(Progress(step, of))

    async def image(self, index: int) -> None:
        await self.say(self.drawn(index))

    def drawn(self, index: int) -> Event:
        scores = {} if self.score is None else {index: self.score}
        return Images({index: picture(self.attempt.request["seeds"][index])}, scores)

    async def finish(self, seconds: float = 1.0) -> None:
        """Say every picture that was asked for, and that this was all."""
        for index in self.attempt.indices:
            await self.image(index)
        await self.done(seconds)

    async def done(self, seconds: float = 1.0) -> None:
        await self.say(Done(seconds, "fake", ENGINE))
        await self.end()

    async def end(self) -> None:
        self.put(_END)
        await self._until_ended()

    async def fail(self, error: Exception) -> None:
        self.put(error)
        await self._until_ended()

    async def _until_ended(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.ended.wait()

    async def events(self) -> AsyncIterator[Event]:
        while True:
            what, heard = await self._said.get()
            if what is _END:
                return
            if isinstance(what, Exception):
                raise what
            assert isinstance(what, Event)
            yield what
            heard.set()


async def _silence(_question: Question) -> Answer:
    raise WorkerLost("nobody was told what to answer")


class FakeExecutor:
    """`automatic` runs finish by themselves; others wait for the test. Workers join with `models`
    in memory and `slots` unless they are told otherwise; once they have drawn a shape, they say
    that `room` pictures of it pay at once, unless that is 0. `score` is what every picture has."""

    def __init__(
        self, workers: int = 1, *, automatic: bool = False,
        models: Iterable[str] = ("tiny", "embedded"), slots: int = 1, room: int = 0,
    ) -> None:  # fmt: skip
        self.automatic = automatic
        self.score: float | None = None
        self.slots = slots
        self.room = room
        self._models = tuple(models)
        self.runs: list[Run] = []
        self.cancels: list[tuple[str, str, int]] = []
        self.killed: list[str] = []
        self.refuse: list[Exception] = []
        self.prepared: list[str] = []
        self.served: list[list[str]] = []
        self.unloadable: dict[str, Failed] = {}
        self.on_start: Callable[[Run], None] = lambda run: None
        self.questions: list[Question] = []
        self.on_ask: Callable[[Question], Awaitable[Answer]] = _silence
        self._workers: dict[str, Worker] = {}
        self._version = 0
        self._change = asyncio.Event()
        self._count = 0
        for _ in range(workers):
            self.join()

    # What a test does to it

    def join(self, **more: object) -> str:
        """A new worker; its id is never used again."""
        self._count += 1
        loaded = {model: Loaded() for model in self._models}
        worker = Worker(f"w{self._count}", "here", f"fake:{self._count}", 0, loaded, self.slots)
        self._workers[worker.id] = replace(worker, **more)  # type: ignore[arg-type]
        self._bump()
        return worker.id

    def alter(self, worker: str, **changes: object) -> None:
        self._workers[worker] = replace(self._workers[worker], **changes)  # type: ignore[arg-type]
        self._bump()

    def free(self, run: Run) -> None:
        """Everything of a run is drawn; its last pictures are still being encoded."""
        if run.drawing and run.worker in self._workers:
            worker = self._workers[run.worker]
            drawing = {job: one for job, one in worker.drawing.items() if job != run.job}
            self.alter(worker.id, slots_free=worker.slots_free + 1, drawing=drawing)
        run.drawing = False

    async def lose(self, worker: str, *, begun: bool = True, drawn: bool = False) -> None:
        """The worker dies, unless it is dead already; what it drew is lost with it."""
        if self._workers.pop(worker, None) is None:
            return
        lost = [run for run in self.runs if run.worker == worker and not run.ended.is_set()]
        alone = sum(run.drawing for run in lost) <= 1
        self._bump()
        for run in lost:
            how = WorkerLost(f"{worker} died", begun=begun, drawn=drawn, alone=alone)
            await run.fail(how)

    async def started(self, count: int) -> Run:
        """The run number `count` (from 1), as soon as it has begun."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.runs) < count:
                await self.changed(self._version)
        return self.runs[count - 1]

    async def prepared_times(self, count: int) -> list[str]:
        """The workers that were asked to load, in order, as soon as there are so many."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.prepared) < count:
                await self.changed(self._version)
        return self.prepared

    @property
    def order(self) -> list[str]:
        """Job ids in the order in which drawing began."""
        return [run.job for run in self.runs]

    # The protocol

    async def start(self) -> None:
        self._bump()

    async def close(self, drain_s: float = 0) -> None:
        for worker in list(self._workers):
            await self.lose(worker)

    def process(self, worker_id: str) -> int | None:
        """There are no processes."""

    def workers(self) -> Sequence[Worker]:
        return list(self._workers.values())

    @property
    def version(self) -> int:
        return self._version

    async def changed(self, since: int) -> int:
        while self._version == since:
            await self._change.wait()
        return self._version

    def _bump(self) -> None:
        self._version += 1
        self._change.set()
        self._change = asyncio.Event()

    def serve(self, cards: Sequence[Mapping[str, Any]]) -> None:
        self.served.append([card["id"] for card in cards])
        self._bump()

    async def prepare(self, worker_id: str, models: Iterable[str], pin: bool = False) -> None:
        if worker_id not in self._workers:
            raise WorkerLost(f"{worker_id} is gone")
        self.prepared.append(worker_id)
        states: dict[str, ModelState] = dict(self._workers[worker_id].models)
        for model in models:
            states[model] = self.unloadable.get(worker_id, Loaded())
        self.alter(worker_id, models=states)

    async def ask(self, worker_id: str, question: Question) -> Answer:
        """The test says what it answers, by `on_ask`."""
        if worker_id not in self._workers:
            raise WorkerLost(f"{worker_id} is gone")
        self.questions.append(question)
        return await self.on_ask(question)

    async def run_batch(
        self, worker_id: str, attempts: Sequence[Attempt]
    ) -> AsyncIterator[tuple[str, Event]]:
        (attempt,) = attempts
        if self.refuse:
            raise self.refuse.pop(0)
        if worker_id not in self._workers:
            raise WorkerLost(f"{worker_id} is gone")
        if not self._workers[worker_id].slots_free:
            raise Busy(worker_id)
        run = Run(worker_id, attempt, self.score)
        self.runs.append(run)
        worker = self._workers[worker_id]
        drawing = {**worker.drawing, run.job: run.size}
        rooms = {**worker.rooms, run.size[0]: self.room} if self.room else worker.rooms
        free = worker.slots_free - 1
        self.alter(worker_id, slots_free=free, drawing=drawing, rooms=rooms)
        self.on_start(run)
        if self.automatic:
            for index in attempt.indices:
                run.put(run.drawn(index))
            run.put(Done(1.0, "fake", ENGINE))
            run.put(_END)
        try:
            async for event in run.events():
                yield run.job, event
        finally:
            run.ended.set()
            self.free(run)

    async def cancel(self, worker_id: str, job: str, no: int) -> None:
        self.cancels.append((worker_id, job, no))
        for run in self.runs:
            mine = (run.worker, run.job, run.attempt.no) == (worker_id, job, no)
            if mine and not run.stubborn and not run.ended.is_set():
                run.put(Cancelled("as asked"))

    async def kill(self, worker_id: str) -> None:
        self.killed.append(worker_id)
        if worker_id in self._workers:
            await self.lose(worker_id)
