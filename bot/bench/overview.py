"""What it costs to read the numbers of a server with a long history, and to draw them."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.bench.figures import Figure, Section, below, milliseconds, spread
from bot.chat import charts
from bot.domain.overview import DAY_S, PERIODS, Overview, Span
from bot.service.errand import Errands
from bot.storage.database import MIGRATIONS, Database, migrate
from bot.storage.overview import OverviewRepository

READ_MS = 100.0
TITLE = "Overview"
HOW = (
    "A year of jobs of 2,000 people on 20 servers in a real database file, their rows written by"
    " SQL, as a version that counted nothing would have left them, and counted by the migration;"
    " requests are short, since nothing here reads them. One server has two fifths of all jobs, and"
    " few people have most. All periods take turns, on the busiest server and on the others. A"
    " transaction that writes a row is timed beside the reads, one after another."
)
_SERVERS, _PEOPLE = 20, 2000
_PATIENCE_S = 120.0
_JOBS = """
INSERT INTO jobs (id, guild_id, channel_id, user_id, action, request, state, attempt, cost,
    running_limit, created_at, finished_at)
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :jobs),
lots AS MATERIALIZED (
    SELECT n, abs(random()) % 5 AS guild, abs(random()) % 1000 AS x, abs(random()) % 1000 AS y,
        abs(random()) % 100 AS fate, :now - abs(random()) % :span AS ended,
        (1 << abs(random()) % 10) * (1 + abs(random()) % 1000 / 1000.0) AS waited
    FROM numbers)
SELECT printf('%032x', n), CASE WHEN guild < 2 THEN 0 ELSE 1 + n % (:servers - 1) END, 1,
    1 + x * x / 1000 * y / 1000 * :people / 1000, 'imagine', '{"model": "embedded"}',
    CASE WHEN fate < 90 THEN 'succeeded' WHEN fate < 94 THEN 'failed' ELSE 'cancelled' END, 1, 1, 3,
    ended - waited, ended
FROM lots
"""


@dataclass(frozen=True)
class Run:
    """So many `jobs`, and `rounds` of reads of every period."""

    jobs: int = 1_000_000
    rounds: int = 10


@dataclass
class Seen:
    """Seconds of reads, of transactions beside them and alone, and of drawing an overview."""

    overviews: list[float] = field(default_factory=list)
    usage: list[float] = field(default_factory=list)
    servers: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    drawing_s: float = 0.0


async def measure(quick: bool) -> Section:
    """Everything in one database of its own."""
    run = Run(jobs=20_000, rounds=2) if quick else Run()
    return Section(TITLE, HOW, figures_of(run, await play(run)))


async def play(run: Run) -> Seen:
    """Write all the jobs, have them counted, then read and draw."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        path, now = Path(folder) / "easel.sqlite3", time.time()
        await asyncio.to_thread(_write, path, Path(folder), run.jobs, now)
        database = await Database.open(path)
        try:
            return await _look(run, database, now, folder)
        finally:
            await database.close()


def _write(path: Path, folder: Path, jobs: int, now: float) -> None:
    """A history of the version before anything was counted."""
    [counting] = MIGRATIONS.glob("*_overview.sql")
    earlier = folder / "migrations"
    earlier.mkdir()
    for file in MIGRATIONS.glob("*.sql"):
        if file.name < counting.name:
            shutil.copy(file, earlier)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    migrate(connection, earlier)
    wanted = {"jobs": jobs, "now": int(now), "span": 365 * DAY_S}
    connection.execute(_JOBS, wanted | {"servers": _SERVERS, "people": _PEOPLE})
    connection.close()


async def _look(run: Run, database: Database, now: float, folder: str) -> Seen:
    seen, reader = Seen(), OverviewRepository(database)
    for _ in range(50 * run.rounds):
        seen.alone.append(await _seconds(lambda: database.transaction(_row)))
    seen.writes.append(await _seconds(lambda: database.transaction(_row)))
    writing = asyncio.create_task(_write_beside(database, seen))
    shown = Overview(Span.until(now, PERIODS[0]))
    for number, days in itertools.product(range(run.rounds), PERIODS):
        span = Span.until(now, days)
        for guild in (0, 1 + number % (_SERVERS - 1)):
            seen.overviews.append(await _seconds(lambda g=guild, s=span: reader.read(g, s)))
            seen.usage.append(await _seconds(lambda g=guild, s=span: reader.spenders(g, s)))
        seen.servers.append(await _seconds(lambda s=span: reader.servers(range(_SERVERS), s)))
        shown = await reader.read(0, span)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    names = {one.user: f"member {one.user}" for one in shown.spenders}
    order = {"charts": [one.order for one in charts.charts(shown, names)], "cache": folder}
    async with Errands() as errands:
        drawing = errands.run("bot.worker.chart", order, _PATIENCE_S)
        seen.drawing_s = await _seconds(lambda: drawing)
    return seen


async def _write_beside(database: Database, seen: Seen) -> None:
    while True:
        seen.writes.append(await _seconds(lambda: database.transaction(_row)))
        await asyncio.sleep(0.002)


def _row(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO audit (guild_id, actor_id, deed, detail, created_at)"
        " VALUES (1, 2, 'bench', '{}', 0.0)"
    )


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


def figures_of(run: Run, seen: Seen) -> list[Figure]:
    overview, usage = milliseconds(seen.overviews, 0.99), milliseconds(seen.usage, 0.99)
    return [
        below(f"An overview at {run.jobs:,} jobs, p99", overview, READ_MS, "ms"),
        Figure("… p50 / p99 / maximum", spread(seen.overviews)),
        below("Who spent most, p99", usage, READ_MS, "ms"),
        Figure("… p50 / p99 / maximum", spread(seen.usage)),
        Figure("What every server had drawn: p50 / p99 / maximum", spread(seen.servers)),
        Figure("A transaction beside these reads: p50 / p99 / maximum", spread(seen.writes)),
        Figure("… alone: p50 / p99 / maximum", spread(seen.alone)),
        Figure("The charts of a year, in a process of their own", f"{seen.drawing_s:.1f} s"),
    ]
