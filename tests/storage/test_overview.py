"""Tallies of what became of jobs and credits: they equal a recount of any history."""

from __future__ import annotations

import itertools
import math
import random
import sqlite3
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.domain.erasure import Erasure
from bot.domain.job import Failure, Job, JobStatus
from bot.domain.overview import DAY_S, Span, Spender, bound
from bot.domain.people import Account
from bot.domain.quota import Claim, Quota
from bot.storage import overview
from bot.storage.database import Database
from bot.storage.overview import OverviewRepository
from bot.storage.pictures import StoredImage
from bot.storage.repositories import Repositories
from tests.kit.values import ANNA, BERT, CHANNEL, GUILD, MORNING, a_job, a_request

PLENTY = Claim(Quota(credits=10**6, running=100, waiting=100))
PEOPLE = (ANNA, BERT, 33, 34, 35)
SERVERS = (GUILD, GUILD + 1)
CODES = ("out_of_memory", "error", "worker_died")


@pytest.fixture
def parts(database: Database, tmp_path: Path) -> Repositories:
    return Repositories.of(database, tmp_path)


@dataclass
class Town:
    """Lives a random history, and writes down what happened: `counted` by server, topic, day and
    name, and `spent` by server, person and day."""

    parts: Repositories
    random: random.Random
    now: float = MORNING
    open: list[Job] = field(default_factory=list)
    drawn: list[Job] = field(default_factory=list)
    counted: Counter[tuple[int, str, int, str]] = field(default_factory=Counter)
    spent: Counter[tuple[int, int, int]] = field(default_factory=Counter)

    @property
    def day(self) -> int:
        return int(self.now // DAY_S)

    async def live(self, steps: int) -> None:
        deeds = [self.ask, self.draw, self.fail, self.cancel, self.strike, self.take_out]
        deeds += [self.grant, self.delete, self.erase]
        for _ in range(steps):
            self.now += self.random.choice([3.0, 50.0, 9_000.0, 90_000.0, -60_000.0])
            [deed] = self.random.choices(deeds, [9, 6, 2, 2, 1, 2, 2, 1, 0.3])
            await deed()

    async def ask(self) -> None:
        request = replace(a_request(), model=self.random.choice(["tiny", "large"]))
        job = a_job(
            request, user=self.random.choice(PEOPLE), guild=self.random.choice(SERVERS),
            now=self.now, cost=self.random.choice([0, 1, 1, 3]),
        )  # fmt: skip
        self.open += await self.parts.jobs.submit([job], PLENTY, 1000)

    async def started(self) -> Job | None:
        if not self.open:
            return None
        job = self.open.pop(self.random.randrange(len(self.open)))
        return await self.parts.jobs.start(job.id, self.now)

    async def draw(self) -> None:
        if (job := await self.started()) is None:
            return
        made = [StoredImage(n, f"{n:064x}", 100, False) for n in range(1, 5)]
        self.now += self.random.expovariate(1 / 40)
        ended = await self.parts.jobs.succeed(job.id, job.attempt, 1.0, "torch", self.now, made)
        assert ended is not None
        self.drawn.append(ended)
        self.count(ended)
        self.counted[ended.origin.guild, "drawn", self.day, ""] += 1
        self.counted[ended.origin.guild, "model", self.day, ended.request.model] += 1
        waited = max(0.0, self.now - ended.created_at)
        kind = max(kind for kind in range(91) if bound(kind) <= waited)
        self.counted[ended.origin.guild, "waited", self.day, str(kind)] += 1

    async def fail(self) -> None:
        if (job := await self.started()) is not None:
            code = self.random.choice(CODES)
            failure = Failure("It did not work.", "ABC", code=code)
            self.failed(await self.parts.jobs.fail(job.id, failure, self.now, job.attempt), code)

    async def strike(self) -> None:
        """Its worker died of it, perhaps for the last time."""
        if (job := await self.started()) is None:
            return
        failure = Failure("It stopped the machine.", "ABC", code="worker_died")
        struck = await self.parts.jobs.strike(job.id, job.attempt, 2, failure, self.now)
        if struck is not None and struck.status is JobStatus.WAITING:
            self.open.append(struck)
        else:
            self.failed(struck, "worker_died")

    async def cancel(self) -> None:
        if self.open:
            cancelled = await self.parts.jobs.cancel(self.open.pop().id, self.now)
            assert cancelled is not None
            self.count(cancelled)

    async def take_out(self) -> None:
        """One picture of a grid: a job that is over at once, and that nobody drew."""
        if self.drawn:
            grid = self.random.choice(self.drawn)
            single = a_job(grid.request.upscale(grid.tile(1)), cost=0, guild=grid.origin.guild)
            job = replace(single, status=grid.status, finished_at=self.now)
            taken = await self.parts.jobs.extract(job, StoredImage(1, "1" * 64, 100, False))
            if taken.id == job.id:
                self.count(job)

    async def grant(self) -> None:
        account = Account(self.random.choice(SERVERS), self.random.choice(PEOPLE))
        amount = self.random.choice([5, 20, -3])
        change = await self.parts.ledger.grant(account, amount, 99, "gift", self.now)
        if change:
            name = "granted" if change > 0 else "taken"
            self.counted[account.guild, "credits", self.day, name] += abs(change)

    async def delete(self) -> None:
        if self.drawn:
            await self.parts.deletion.delete(self.drawn.pop())

    async def erase(self) -> None:
        """Somebody, or a server, is forgotten: numbers stay."""
        scope = self.random.choice(["user", "server"])
        owner = self.random.choice(PEOPLE if scope == "user" else SERVERS)
        erasure = Erasure(scope, owner, math.inf)  # type: ignore[arg-type]
        await self.parts.erasures.begin(erasure)
        doomed = await self.parts.erasures.doomed(erasure)
        for job in doomed.unfinished:
            cancelled = await self.parts.jobs.cancel(job, self.now)
            self.open = [each for each in self.open if each.id != job]
            assert cancelled is not None
            self.count(cancelled)
        await self.parts.erasures.blank(doomed.jobs)
        await self.parts.erasures.done(erasure)
        self.drawn = [each for each in self.drawn if each.id not in doomed.jobs]

    def failed(self, job: Job | None, code: str) -> None:
        assert job is not None
        self.count(job)
        self.counted[job.origin.guild, "failed", self.day, code] += 1

    def count(self, job: Job) -> None:
        guild = job.origin.guild
        self.counted[guild, "ended", self.day, job.status.value] += 1
        if job.status is JobStatus.SUCCEEDED and job.cost:
            self.counted[guild, "credits", self.day, "spent"] += job.cost
            self.spent[guild, job.user, self.day] += job.cost


async def tallies(database: Database) -> Counter[tuple[int, str, int, str]]:
    sql = "SELECT guild_id, topic, day, name, total FROM tallies"
    rows = await database.report(lambda c: [tuple(row) for row in c.execute(sql)])
    return Counter({(guild, topic, day, name): total for guild, topic, day, name, total in rows})


RECOUNTS = {
    "ended": "SELECT guild_id, day, state, COUNT(*) FROM ends GROUP BY 1, 2, 3",
    "drawn": "SELECT guild_id, day, '', COUNT(*) FROM ends WHERE drawn GROUP BY 1, 2",
    "waited": "SELECT guild_id, day, CAST(waited AS TEXT), COUNT(*) FROM ends WHERE drawn"
    " GROUP BY 1, 2, 3",
    "failed": "SELECT guild_id, day, failure_code, COUNT(*) FROM ends WHERE state = 'failed'"
    " GROUP BY 1, 2, 3",
}
"""What can be counted again from jobs, of which deletion leaves no more than numbers."""


@pytest.mark.parametrize("seed", range(6))
async def test_tallies_equal_a_recount_of_any_history(
    database: Database, parts: Repositories, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(parts, random.Random(seed))
    await town.live(90)
    kept = await tallies(database)
    assert kept == town.counted
    assert sum(town.counted.values()) > 50
    for topic, sql in RECOUNTS.items():
        found = await database.report(lambda c, sql=sql: [tuple(row) for row in c.execute(sql)])
        again = {(guild, topic, day, name): total for guild, day, name, total in found}
        assert again == {key: total for key, total in kept.items() if key[1] == topic}
    days = sorted({day for _, _, day in town.spent} | {town.day})
    for first, last in itertools.combinations_with_replacement(days[::2], 2):
        span = Span(last, last - first + 1)
        for guild, limit in itertools.product(SERVERS, (2, 10)):
            wanted = ranked(town, guild, span)[:limit]
            for scanned in (10**6, -1):
                monkeypatch.setattr(overview, "SCANNED", scanned)
                assert await parts.overviews.spenders(guild, span, limit) == wanted


def ranked(town: Town, guild: int, span: Span) -> list[Spender]:
    inside, ever = Counter[int](), Counter[int]()
    for (where, user, day), grids in town.spent.items():
        if where == guild:
            ever[user] += grids
            if span.first <= day <= span.last:
                inside[user] += grids
    order = sorted(inside, key=lambda user: (-inside[user], -ever[user], user))
    return [Spender(user, inside[user]) for user in order]


async def test_who_gave_up_too_soon_is_found_by_looking_through(
    database: Database, parts: Repositories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many who spent the same: after some looks everything is read."""
    town = Town(parts, random.Random(1))
    monkeypatch.setattr(overview, "SCANNED", 0)
    await town.live(160)
    span = Span.until(town.now + 10 * DAY_S, 365)
    connection = sqlite3.connect(database.path)
    look = overview._by_what_they_ever_spent
    monkeypatch.setattr(overview, "FEW", 1)
    assert look(connection, GUILD, span, 10, 1) is None
    monkeypatch.setattr(overview, "PER_LOOK", 10**6)
    assert await parts.overviews.spenders(GUILD, span) == look(connection, GUILD, span, 10, 100)
    full = look(connection, GUILD, span, 10, 100)
    assert full == overview._looked_through(connection, GUILD, span, 10)
    assert len(full or ()) > 2
    assert await parts.overviews.spenders(GUILD, span) == full
    connection.close()


async def test_an_overview_has_the_days_of_its_span_and_no_other_server(
    parts: Repositories,
) -> None:
    old, job, other = a_job(now=MORNING), a_job(now=MORNING), a_job(guild=GUILD + 1)
    for each in (old, job, other):
        await parts.jobs.submit([each], PLENTY, 1000)
    await parts.jobs.cancel(old.id, MORNING - 8 * DAY_S)
    await parts.jobs.start(job.id, MORNING)
    shown = await parts.overviews.read(GUILD, Span.until(MORNING, 7))
    assert (shown.empty, shown.waiting, shown.running) == (True, 0, 1)
    shown = await parts.overviews.read(GUILD, Span.until(MORNING, 30))
    assert shown.daily("ended", "cancelled")[-9:] == [1, *[0] * 8]
    assert (await parts.overviews.read(GUILD + 1, Span.until(MORNING, 30))).waiting == 1


async def test_refusals_are_counted_by_kind(database: Database, parts: Repositories) -> None:
    for kind, now in (("word", MORNING), ("word", MORNING), ("picture", MORNING - DAY_S)):
        await database.transaction(
            lambda c, kind=kind, now=now: overview.count_refusal(c, GUILD, kind, now)
        )
    shown = await parts.overviews.read(GUILD, Span.until(MORNING, 7))
    assert shown.daily("refused", "word")[-2:] == [0, 2]
    assert shown.daily("refused", "picture")[-2:] == [1, 0]


async def test_servers_are_ranked_by_what_they_had_drawn(parts: Repositories) -> None:
    town = Town(parts, random.Random(3))
    await town.live(60)
    span = Span.until(town.now + 5 * DAY_S, 365)
    used = await parts.overviews.servers([*SERVERS, 999], span)
    for use in used:
        drawn = sum(n for key, n in town.counted.items() if key[:2] == (use.guild, "drawn"))
        paid = sum(n for key, n in town.spent.items() if key[0] == use.guild)
        assert (use.jobs, use.credits) == (drawn, paid)
    assert used[0].jobs >= used[1].jobs > 0
    assert (used[2].guild, used[2].jobs) == (999, 0)


async def test_unfinished_jobs_of_a_server_come_in_pages(parts: Repositories) -> None:
    asked = [a_job(now=MORNING + n, user=n, channel=CHANNEL) for n in range(5)]
    for job in (*asked, a_job(guild=GUILD + 1)):
        await parts.jobs.submit([job], PLENTY, 1000)
    await parts.jobs.start(asked[3].id, MORNING)
    await parts.jobs.cancel(asked[0].id, MORNING)
    page, count = await parts.overviews.unfinished(GUILD, 3)
    assert ([job.id for job in page], count) == ([job.id for job in asked[1:4]], 4)
    page, count = await parts.overviews.unfinished(GUILD, 3, 3)
    assert [job.id for job in page] == [asked[4].id]


async def test_no_read_looks_through_the_jobs_of_a_server(database: Database) -> None:
    connection = sqlite3.connect(database.path)
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    overview._spenders(connection, GUILD, Span(20_000, 30), 10)
    overview._unfinished(connection, GUILD)
    overview._use(connection, GUILD, Span(20_000, 30))
    overview._by_what_they_ever_spent(connection, GUILD, Span(20_000, 30), 10, 10)
    connection.set_trace_callback(None)
    plans = [
        str(row[3])
        for sql in seen
        for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")
        if str(row[3]).startswith(("SCAN", "SEARCH"))
    ]
    connection.close()
    of_jobs = [plan for plan in plans if "jobs" in plan or " j " in plan]
    assert of_jobs
    assert all("jobs_paid" in plan or "jobs_unfinished" in plan for plan in of_jobs)
    assert not [plan for plan in plans if plan.startswith("SCAN")]


async def test_the_database_and_python_mean_the_same_kinds(database: Database) -> None:
    rows = await database.report(lambda c: c.execute("SELECT * FROM wait_bounds").fetchall())
    assert len(rows) == 91
    for number, from_s in rows:
        assert bound(number) == pytest.approx(from_s, rel=1e-9)


def test_the_repository_reads_on_the_readers_thread(database: Database) -> None:
    """Nobody who writes waits for an overview."""
    names = OverviewRepository.__dict__.keys() & {"read", "spenders", "servers", "unfinished"}
    assert len(names) == 4
    for name in names:
        code = getattr(OverviewRepository, name).__code__
        assert "report" in code.co_names
        assert not {"transaction"} & set(code.co_names)
