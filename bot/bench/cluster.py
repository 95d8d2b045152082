"""What a cluster costs and brings: many workers against one, a job's overhead, how late progress
comes, and how soon a job whose actor was killed is drawn elsewhere.

Workers only wait instead of drawing, so that this machine's cores are no limit of theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.app import Core, core
from bot.bench.figures import Figure, Section, at_least, below, milliseconds, spread
from bot.bench.hall import Hall
from bot.domain.job import JobStatus
from bot.domain.people import Asker, Origin
from bot.engine.cluster import RayExecutor, ask
from bot.engine.local import SIMULATED, LocalExecutor
from bot.engine.seam import Attempt, Executor, Progress, Worker
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests
from bot.settings import Settings

TITLE = "A cluster"
HOW = (
    "Ray on this machine, one worker (actor) a card; each waits for the time of a step instead of"
    " drawing. Scaling: people ask the service for grids of {steps} steps of {step_s:g} s, which"
    " queue, dispatcher, SQLite and files handle as always, without Discord; {jobs} jobs for each"
    " worker. Overhead: jobs of 20 steps of 50 ms, one after the other, from handing over to the"
    " last picture. Progress: from the worker's own clock until the bot hears of it, {workers}"
    " workers at once."
)
_LINEAR, _LOCAL, _RAY = 0.95, 0.02, 0.05
_LATE_MS, _ELSEWHERE_S = 50, 1
_JUDGED = 8
"""Workers of which the scaling has an aim."""
_ORIGIN = Origin(1, 1)
_PATIENCE_S = 600.0


@dataclass(frozen=True)
class Run:
    """Workers to be tried, `jobs` for each, of `steps` that take `step_s`; `repeats` of the jobs
    of a second, and of the killing."""

    workers: Sequence[int] = (1, 2, 4, 8, 16)
    jobs: int = 10
    steps: int = 20
    step_s: float = 0.1
    repeats: int = 20
    deaths: int = 10


QUICK = Run((1, 2), jobs=2, steps=3, step_s=0.05, repeats=2, deaths=1)


@dataclass
class Seen:
    """Jobs a second by the number of workers; seconds of each job of a second here and there; how
    late progress came; seconds from a death to the next step elsewhere."""

    rates: dict[int, float] = field(default_factory=dict)
    here: list[float] = field(default_factory=list)
    there: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    late_here: list[float] = field(default_factory=list)
    elsewhere: list[float] = field(default_factory=list)


class First(RayExecutor):
    """Of the cards of a cluster only so many."""

    most = 0

    def workers(self) -> Sequence[Worker]:
        """See `Executor`."""
        return super().workers()[: self.most]


async def measure(quick: bool) -> Section:
    """All of it."""
    run = QUICK if quick else Run()
    how = HOW.format(
        steps=run.steps, step_s=run.step_s, jobs=run.jobs, workers=min(_JUDGED, max(run.workers))
    )
    return Section(TITLE, how, figures_of(run, await play(run)))


async def play(run: Run) -> Seen:
    """One cluster for everything."""
    seen = Seen()
    async with Hall(max(run.workers)) as hall:
        options = {"slots": 1, "step_seconds": run.step_s}
        async with opened(First(hall.access, SIMULATED, options)) as every:
            every.most = max(run.workers)
            await until_free(every, every.most)
        for count in run.workers:
            seen.rates[count] = await _scaled(run, hall, options, count)
        second = {"slots": 1, "step_seconds": 0.05}
        async with opened(LocalExecutor(["simulated"], SIMULATED, second)) as here:
            seen.here, seen.late_here = await _overhead(here, run.repeats)
        async with opened(First(hall.access, SIMULATED, second)) as there:
            there.most = max(run.workers)
            seen.there, _ = await _overhead(there, run.repeats)
            seen.late = await _late(there, min(_JUDGED, there.most))
        seen.elsewhere = [await _killed(hall, second) for _ in range(run.deaths)]
    return seen


@contextlib.asynccontextmanager
async def opened(executor: Any) -> AsyncIterator[Any]:
    """It is started, and closed in the end."""
    await executor.start()
    try:
        yield executor
    finally:
        await executor.close()


async def until_free(executor: Executor, count: int) -> Sequence[Worker]:
    """So many workers, once all of them could draw."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            version = executor.version
            free = [worker for worker in executor.workers() if worker.slots_free]
            if len(free) >= count:
                return free
            await executor.changed(version)


@contextlib.asynccontextmanager
async def _house(executor: Executor, steps: int) -> AsyncIterator[Core]:
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        settings = Settings.read(
            {
                "DATA_DIR": folder, "MODELS_DIR": str(Path(folder, "models")),
                "MODEL_STEPS": str(steps), "CREDITS": "1000000", "RUNNING_LIMIT": "100",
                "WAITING_LIMIT": "1000", "SAFETY_MODEL": "off", "HEALTH_PORT": "0",
            }
        )  # fmt: skip
        async with core(settings, executor) as parts:
            yield parts


async def _scaled(run: Run, hall: Hall, options: dict[str, Any], count: int) -> float:
    """Jobs a second."""
    executor = First(hall.access, SIMULATED, options)
    executor.most = count
    async with _house(executor, run.steps) as parts:
        await until_free(executor, count)
        jobs = run.jobs * count
        began = time.monotonic()
        await asyncio.gather(*(_drawn(parts, number) for number in range(jobs)))
        return jobs / (time.monotonic() - began)


async def _drawn(parts: Core, number: int) -> None:
    drawing = parts.service.drawing
    _, job = await drawing.ask(Asker(number + 1), _ORIGIN, f"fox {number}")
    async for update in drawing.watch(job.id):
        if update.finished and update.job.status is not JobStatus.SUCCEEDED:
            raise RuntimeError(f"a job of the bench ended as {update.job.status}")


def _attempts(model: str = EMBEDDED_CARD.id) -> Sequence[Attempt]:
    wire = dict(requests.imagine(EMBEDDED_CARD, "a fox").wire()) | {"steps": 20}
    indices = tuple(range(wire["count"]))
    return [Attempt(f"bench{n}", n, model, indices, wire) for n in range(1000)]


async def _overhead(executor: Executor, repeats: int) -> tuple[list[float], list[float]]:
    """Seconds of jobs that are drawn in one, after a first one that loads, and how late progress
    came."""
    (worker, *_), seconds, late = await until_free(executor, 1), [], []
    for number, attempt in enumerate(_attempts()[: repeats + 1]):
        began = time.monotonic()
        async for _, event in executor.run_batch(worker.id, [attempt]):
            if isinstance(event, Progress) and number:
                late.append(time.monotonic() - event.t)
        if number:
            seconds.append(time.monotonic() - began)
    return seconds, late


async def _late(executor: Executor, count: int) -> list[float]:
    """How late the progress of so many comes that draw at once."""
    workers, attempts = (await until_free(executor, count))[:count], iter(_attempts())

    async def listen(worker: Worker) -> list[float]:
        late = []
        for attempt in itertools.islice(attempts, 5):
            async for _, event in executor.run_batch(worker.id, [attempt]):
                if isinstance(event, Progress):
                    late.append(time.monotonic() - event.t)
        return late

    told = await asyncio.gather(*map(listen, workers))
    return [each for late in told for each in late]


async def _killed(hall: Hall, options: dict[str, Any]) -> float:
    """Seconds from the death of the actor that draws a job until its next step elsewhere."""
    executor = First(hall.access, SIMULATED, options)
    executor.most = 2
    async with _house(executor, 100) as parts:
        await until_free(executor, 2)
        pids, drawing = await _pids(hall), parts.service.drawing
        _, job = await drawing.ask(Asker(1), _ORIGIN, "a fox")
        killed = 0.0
        async for update in drawing.watch(job.id):
            if not killed and update.fraction > 0:
                (busy,) = (worker.device for worker in executor.workers() if worker.drawing)
                os.kill(pids[busy], signal.SIGKILL)
                killed = time.monotonic()
            elif killed and update.job.attempt == 2 and update.fraction > 0:
                took = time.monotonic() - killed
                await drawing.cancel(Asker(1), _ORIGIN, job.id)
                return took
    raise RuntimeError("a job of the bench was not drawn again")


async def _pids(hall: Hall) -> dict[str, int]:
    """The process of each card."""
    said = await ask("standing", hall.access)
    cards = (card for node in said["nodes"] for card in node["cards"])
    return {card["device"]: card["pid"] for card in cards if "pid" in card}


def figures_of(run: Run, seen: Seen) -> list[Figure]:
    """Rows of the report."""
    one = seen.rates[1]
    figures = [Figure("1 worker: jobs a second", f"{one:.3f}")]
    for count in run.workers[1:]:
        share = seen.rates[count] / (count * one)
        what = f"{count} workers: as a share of {count} times that"
        if count == _JUDGED:
            figures.append(at_least(what, share, _LINEAR))
        else:
            figures.append(Figure(what, f"{share:.3f}"))
    here, there = (statistics.median(each) - 1 for each in (seen.here, seen.there))
    late = milliseconds(seen.late, 0.99)
    return [
        *figures,
        below("overhead of a job of 1 s, local worker: median", 100 * here, 100 * _LOCAL, "%"),
        below("… Ray: median", 100 * there, 100 * _RAY, "%"),
        below("progress comes late by, Ray: p99", late, _LATE_MS, "ms"),
        Figure("… p50 / p99 / maximum", spread(seen.late)),
        Figure("… local worker, alone: p50 / p99 / maximum", spread(seen.late_here)),
        below("a killed actor's job makes a step elsewhere after: maximum",
              max(seen.elsewhere), _ELSEWHERE_S, "s"),
        Figure("… p50 / p99 / maximum", spread(seen.elsewhere)),
    ]  # fmt: skip
