"""What it costs to ask for a picture: its limits, its price and its row, in one transaction."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.bench.figures import Figure, Section, below, milliseconds, percentile, spread
from bot.domain.job import Job, JobStatus
from bot.domain.people import Origin
from bot.domain.period import Period
from bot.domain.quota import Claim, Quota
from bot.models.cards import EMBEDDED_CARD
from bot.service import requests
from bot.storage import entries
from bot.storage.database import Database
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository

RATIO = 1.3
TOGETHER = 40
TOGETHER_MS = 50.0
TITLE = "Books"
HOW = (
    "A submit is one transaction on a real database with `synchronous = FULL`: limits, balance, job"
    " and hold. Two people have drawn all of their grids in the running month; their submits take"
    " turns. A bare transaction inserts one row. A batch is the grids of one command, as many as"
    " it may ask for, stored all or nothing."
)
_GUILD, _YOUNG, _OLD = 1, 2, 3
_QUOTA = Quota(10**6, Period.MONTH, running=100, waiting=1000)


@dataclass(frozen=True)
class Run:
    """Two people with `few` and `many` grids; `singles` of their submits are timed one by one, and
    a batch of the older one's with every tenth of them."""

    few: int = 100
    many: int = 10_000
    singles: int = 1000
    at_once: int = 32


@dataclass
class Seen:
    """Seconds of single submits by user, of batches, of a report, and rates a second."""

    singles: dict[int, list[float]] = field(default_factory=lambda: {_YOUNG: [], _OLD: []})
    batches: list[float] = field(default_factory=list)
    usage_s: float = 0.0
    submits: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


async def measure(quick: bool) -> Section:
    """Everything in one database of its own."""
    run = Run(many=1000, singles=100) if quick else Run()
    return Section(TITLE, HOW, figures_of(run, await play(run)))


async def play(run: Run) -> Seen:
    """Live the two lives, then time single submits."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        database = await Database.open(Path(folder) / "easel.sqlite3")
        try:
            return await _play(run, database)
        finally:
            await database.close()


async def _play(run: Run, database: Database) -> Seen:
    seen, jobs = Seen(), JobRepository(database)

    async def submit(user: int, grids: int = 1) -> None:
        await jobs.submit([_job(user) for _ in range(grids)], Claim(_QUOTA), 10**6)

    await _live(run, database, submit, _YOUNG, run.few, Seen())
    await _live(run, database, submit, _OLD, run.many, seen)
    for number in range(run.singles):
        for user, took in seen.singles.items():
            took.append(await _seconds(submit(user)))
        if number % 10 == 0:
            seen.batches.append(await _seconds(submit(_OLD, TOGETHER)))
        if number % 100 == 99:
            await database.transaction(_draw)
    usage = LedgerRepository(database).usage(_GUILD, time.time() - 30 * 86_400)
    seen.usage_s = await _seconds(usage)
    return seen


async def _seconds(work: Coroutine[Any, Any, object]) -> float:
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


async def _live(
    run: Run, database: Database, submit: Callable[[int], Coroutine[Any, Any, None]], user: int,
    grids: int, seen: Seen,
) -> None:  # fmt: skip
    """Ask for grids, many at once, and have them drawn; bare transactions take turns with them."""
    for done in range(0, grids, 500):
        some = min(500, grids - done)
        seen.submits.append(await _rate(run, some, lambda: submit(user)))
        seen.bare.append(await _rate(run, some, lambda: database.transaction(_bare)))
        await database.transaction(_draw)


async def _rate(run: Run, number: int, work: Callable[[], Coroutine[Any, Any, None]]) -> float:
    """How often a second, as many at once as the run says."""
    tickets = itertools.repeat(None, number)

    async def one_after_another() -> None:
        for _ in tickets:
            await work()

    begun = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(run.at_once)))
    return number / (time.perf_counter() - begun)


def _job(user: int) -> Job:
    request = requests.imagine(EMBEDDED_CARD, "a fox")
    return Job(
        id=uuid.uuid4().hex, origin=Origin(_GUILD, 1), user=user, request=request,
        status=JobStatus.WAITING, cost=1, created_at=time.time(),
    )  # fmt: skip


def _draw(connection: sqlite3.Connection) -> None:
    """Every job ends well, as far as the books are concerned."""
    ended = connection.execute(
        "UPDATE jobs SET state = 'succeeded', finished_at = ? WHERE state = 'waiting' RETURNING id",
        (time.time(),),
    ).fetchall()
    for row in ended:
        entries.capture(connection, row["id"], time.time())


def _bare(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO audit (guild_id, actor_id, deed, detail, created_at)"
        " VALUES (1, 2, 'bench', '{}', 0.0)"
    )


def figures_of(run: Run, seen: Seen) -> list[Figure]:
    young, old = (seen.singles[user] for user in (_YOUNG, _OLD))
    rate, bare = (percentile(rates, 0.5) for rates in (seen.submits, seen.bare))
    drawn = run.few + run.many
    return [
        below(
            f"A submit at {run.many:,} grids over one at {run.few:,}, p50",
            percentile(old, 0.5) / percentile(young, 0.5), RATIO,
        ),
        Figure(f"… at {run.few:,}: p50 / p99 / maximum", spread(young)),
        Figure(f"… at {run.many:,}: p50 / p99 / maximum", spread(old)),
        below(
            f"A batch of {TOGETHER} in one submit, p50", milliseconds(seen.batches, 0.5),
            TOGETHER_MS, "ms",
        ),
        Figure("… p50 / p99 / maximum", spread(seen.batches)),
        Figure(f"Submits, {run.at_once} at once", f"{rate:,.0f} a second"),
        Figure("… as a share of bare transactions", f"{rate / bare:.2f}"),
        Figure(f"Who drew how much of {drawn:,} grids", f"{1000 * seen.usage_s:.1f} ms"),
    ]  # fmt: skip
