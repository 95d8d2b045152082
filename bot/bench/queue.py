"""What a long queue costs: taking, telling a place, and taking up the jobs of an earlier run."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.bench.figures import Figure, Section, below, percentile, spread
from bot.bench.ticker import Ticker
from bot.dispatch.dispatcher import Dispatcher
from bot.domain.job import Job, JobStatus
from bot.domain.lanes import Lanes
from bot.domain.lines import Entry
from bot.domain.people import Origin
from bot.domain.routing import Standing, route
from bot.engine.local import SIMULATED, LocalExecutor
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests
from bot.storage.database import Database
from bot.storage.repositories import Repositories

MODELS = ("gone", "here")
WORKERS = [
    Standing(f"{number}", free=True, models=frozenset({"here"}), failed=frozenset({"gone"}))
    for number in range(8)
]
STEP_MS = 0.2
STALL_MS = 50
TITLE = "A long queue"
HOW = (
    "Everybody has one job in the queue, on 20 servers, every other one of them for a model that"
    " no worker can load. Jobs of an earlier run join it while a ticker in the same loop is due"
    " every 5 ms."
)


@dataclass(frozen=True)
class Run:
    """`waiting` people in the queue, of which `steps` are taken; `restored` jobs join another."""

    waiting: int = 100_000
    restored: int = 10_000
    steps: int = 1000
    servers: int = 20


@dataclass(frozen=True)
class Seen:
    """Seconds of each call, and how late the loop was while jobs were restored."""

    taking: list[float]
    routing: list[float]
    telling: list[float]
    lag: list[float]
    restored_s: float


async def measure(quick: bool) -> Section:
    """Both queues."""
    run = Run(waiting=2000, restored=500, steps=100) if quick else Run()
    return Section(TITLE, HOW, figures_of(run, await play(run)))


async def play(run: Run) -> Seen:
    """The queue by itself, then a dispatcher that is given the jobs of an earlier run."""
    taking, routing, telling = _stepped(run)
    jobs = [_job(number, run.servers) for number in range(run.restored)]
    ticker = Ticker()
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        database = await Database.open(Path(folder) / "easel.sqlite3")
        try:
            parts = Repositories.of(database, Path(folder))
            dispatcher = Dispatcher(
                LocalExecutor(["simulated"], SIMULATED, {}), parts.jobs, parts.pictures,
                parts.files, parts.blobs,
            )  # fmt: skip
            ticking = asyncio.create_task(ticker.run())
            await asyncio.sleep(0.05)
            ticker.mark()
            begun = time.perf_counter()
            await dispatcher.restore(map(dispatcher.board.open, jobs))
            took = time.perf_counter() - begun
            await asyncio.sleep(0.05)
            ticking.cancel()
        finally:
            await database.close()
    return Seen(taking, routing, telling, ticker.samples, took)


def _stepped(run: Run) -> tuple[list[float], list[float], list[float]]:
    queue = Lanes()
    for number in range(run.waiting):
        model = MODELS[number // run.servers % 2]
        queue.add(Entry(f"{number}", (number % run.servers, number), 1.0, model=model))
    taking, routing, telling = [], [], []
    for number in range(run.steps):
        taken: list[Entry | None] = []
        taking.append(_timed(lambda taken=taken: taken.append(queue.next())))
        routing.append(_timed(lambda taken=taken: taken.append(_routed(queue))))
        telling.append(_timed(lambda number=number: queue.place(f"{run.waiting - 1 - number}")))
        for entry in filter(None, taken):
            queue.done(entry.job)
    return taking, routing, telling


def _routed(queue: Lanes) -> Entry:
    choice = route(queue.heads(), WORKERS)
    if choice is None:
        raise RuntimeError("too few jobs wait for a model that is there")
    return queue.take(choice.job)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _job(number: int, servers: int) -> Job:
    return Job(
        id=f"{number:032x}", origin=Origin(number % servers + 1, 1), user=number + 1,
        request=requests.imagine(EMBEDDED_CARD, "a fox"), status=JobStatus.WAITING, cost=1,
        created_at=float(number),
    )  # fmt: skip


def figures_of(run: Run, seen: Seen) -> list[Figure]:
    def step(what: str, seconds: Iterable[float]) -> Figure:
        return below(what, 1000 * percentile(list(seconds), 0.99), STEP_MS, "ms")

    return [
        step(f"{run.waiting:,} wait: taking the next, p99", seen.taking),
        Figure("… p50 / p99 / maximum", spread(seen.taking)),
        Figure("… which a worker can draw, of eight: p50 / p99 / maximum", spread(seen.routing)),
        step(f"{run.waiting:,} wait: telling a place, p99", seen.telling),
        Figure("… p50 / p99 / maximum", spread(seen.telling)),
        below(
            f"{run.restored:,} jobs are restored: longest stall of the loop",
            1000 * max(seen.lag), STALL_MS, "ms",
        ),
        Figure("… until all of them are in the queue", f"{seen.restored_s:.2f} s"),
    ]  # fmt: skip
