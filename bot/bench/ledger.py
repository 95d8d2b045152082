"""What it costs to ask for a picture: its limits, its price and its row, in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.bench.figures import (
    Figure,
    Section,
    above,
    at_least,
    below,
    milliseconds,
    percentile,
    spread,
)
from bot.domain.job import Job, JobStatus, new_id
from bot.domain.people import Account, Origin
from bot.domain.period import Period
from bot.domain.quota import Claim, Quota
from bot.models.cards import EMBEDDED_CARD
from bot.ops.garbage import settle
from bot.service import requests
from bot.storage import entries, rows
from bot.storage.database import Database
from bot.storage.jobs import JobRepository, submitted

RATIO = 1.3
TOGETHER = 40
TOGETHER_MS = 50.0
RATE, SHARE, P99_MS = 5000.0, 0.7, 15.0
TITLE = "Books"
HOW = (
    "A submit is one transaction on a real database with `synchronous = FULL`: limits, balance, job"
    " and hold. Two people have drawn all of their grids in the running month; their submits take"
    " turns. Then many people ask at once. The bare function is the same one, run and committed on"
    " a plain connection of `sqlite3`; a bare insert is a job and its hold, by the way of a submit,"
    " with nothing decided. A batch is the grids of one command, as many as it may ask for, stored"
    " all or nothing."
)
_GUILD, _YOUNG, _OLD, _NOBODY, _CROWD = 1, 2, 3, 4, 100
_QUOTA = Quota(10**6, Period.MONTH, running=100, waiting=1000)


Deed = Callable[..., Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Run:
    """Two people with `few` and `many` grids; `singles` of their submits are timed one by one, and
    a batch of the older one's with every tenth of them."""

    few: int = 100
    many: int = 10_000
    singles: int = 1000
    at_once: int = 32
    turns: int = 12


@dataclass
class Seen:
    """Seconds of single submits by user, of batches, of a report, and rates a second."""

    singles: dict[int, list[float]] = field(default_factory=lambda: {_YOUNG: [], _OLD: []})
    batches: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    inserts: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


async def measure(quick: bool) -> Section:
    """Everything in one database of its own."""
    run = Run(many=1000, singles=100, turns=3) if quick else Run()
    return Section(TITLE, HOW, figures_of(run, await play(run)))


async def play(run: Run) -> Seen:
    """Live the two lives, then time single submits, in a process that looks for garbage as often
    as the bot does."""
    settle()
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        database = await Database.open(Path(folder) / "easel.sqlite3")
        try:
            return await _play(run, database)
        finally:
            await database.close()


async def _play(run: Run, database: Database) -> Seen:
    seen, jobs = Seen(), JobRepository(database)

    async def submit(*planned: Job) -> None:
        await jobs.submit(planned, Claim(_QUOTA), 10**6)

    await database.transaction(
        lambda c: entries.bucket(c, Account(_GUILD, _NOBODY), "", 0.0, kind="allowance")
    )

    for user, grids in ((_YOUNG, run.few), (_OLD, run.many)):
        for done in range(0, grids, 500):
            some = [_job(user) for _ in range(min(500, grids - done))]
            await _rate(run, some, submit, [])
            await database.transaction(_draw)
    await _crowd(run, database, submit, seen)
    for number in range(run.singles):
        for user, took in seen.singles.items():
            took.append(await _seconds(submit(_job(user))))
        if number % 10 == 0:
            seen.batches.append(await _seconds(submit(*(_job(_OLD) for _ in range(TOGETHER)))))
        if number % 100 == 99:
            await database.transaction(_draw)
    return seen


async def _seconds(work: Coroutine[Any, Any, object]) -> float:
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


async def _crowd(run: Run, database: Database, submit: Deed, seen: Seen) -> None:
    """As many people as ask at once, again and again; what is compared takes turns with that."""

    async def insert(job: Job) -> None:
        await database.transaction(lambda c: _insert(c, job))

    for _ in range(run.turns):
        made = [_job(_CROWD + number % run.at_once) for number in range(500)]
        seen.submits.append(await _rate(run, made, submit, seen.waits))
        await database.transaction(_draw)
        seen.inserts.append(await _rate(run, [_job(_NOBODY) for _ in range(500)], insert, []))
        await database.transaction(_draw)
        made = [_job(_CROWD + number % run.at_once) for number in range(500)]
        seen.bare.append(await asyncio.to_thread(_bare, database.path, made))
        await database.transaction(_draw)


def _bare(path: Path, jobs: Sequence[Job]) -> float:
    """How many a second by a plain connection, one after the other."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.executescript("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
        begun = time.perf_counter()
        for job in jobs:
            connection.execute("BEGIN IMMEDIATE")
            submitted(connection, [job], Claim(_QUOTA), 10**6)
            connection.execute("COMMIT")
        return len(jobs) / (time.perf_counter() - begun)


async def _rate(run: Run, jobs: Sequence[Job], work: Deed, waits: list[float]) -> float:
    """How many a second, as many at once as the run says; and how long each took."""
    tickets = iter(jobs)

    async def one_after_another() -> None:
        for job in tickets:
            waits.append(await _seconds(work(job)))

    begun = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(run.at_once)))
    return len(jobs) / (time.perf_counter() - begun)


def _job(user: int) -> Job:
    request, now = requests.imagine(EMBEDDED_CARD, "a fox"), time.time()
    return Job(
        id=new_id(now), origin=Origin(_GUILD, 1), user=user, request=request,
        status=JobStatus.WAITING, cost=1, created_at=now,
    )  # fmt: skip


def _draw(connection: sqlite3.Connection) -> None:
    """Every job ends well, as far as the books are concerned."""
    ended = connection.execute(
        "UPDATE jobs SET state = 'succeeded', finished_at = ? WHERE state = 'waiting' RETURNING id",
        (time.time(),),
    ).fetchall()
    for row in ended:
        entries.capture(connection, row["id"], time.time())


def _insert(connection: sqlite3.Connection, job: Job) -> None:
    rows.insert(connection, job)
    [bucket] = connection.execute(_BUCKET).fetchone()
    entries.write(connection, bucket, "hold", -1, job.id, job.user, "job", job.created_at)


_BUCKET = f"SELECT id FROM buckets WHERE user_id = {_NOBODY} AND guild_id = {_GUILD}"


def figures_of(run: Run, seen: Seen) -> list[Figure]:
    young, old = (seen.singles[user] for user in (_YOUNG, _OLD))
    rate, bare, insert = (
        percentile(rates, 0.5) for rates in (seen.submits, seen.bare, seen.inserts)
    )
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
        above(f"Submits a second, {run.at_once} at once", rate, RATE),
        below("… each, p99", milliseconds(seen.waits, 0.99), P99_MS, "ms"),
        at_least("… as a share of the bare function", rate / bare, SHARE),
        Figure("… the bare function", f"{bare:,.0f} a second"),
        Figure("… bare inserts", f"{insert:,.0f} a second"),
    ]  # fmt: skip
