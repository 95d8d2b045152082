"""Hundreds of people at once on the books, from several connections."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.errors import OutOfCredits
from bot.domain.job import Failure
from bot.domain.people import Account
from bot.domain.period import Period
from bot.domain.quota import Claim, Quota
from bot.storage import statements
from bot.storage.database import Database
from bot.storage.gifts import GiftRepository, Terms
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from tests.kit import blank
from tests.kit.values import GUILD, MORNING, a_job

PEOPLE = range(1000, 1500)
EACH = 3
QUOTA = Quota(1, Period.DAY, running=100, waiting=100)
POOL = Account(GUILD, 0)


@pytest.fixture
async def connections(tmp_path: Path) -> AsyncIterator[list[Database]]:
    # That they wait for each other is tried, not how long: a busy machine lets them wait for long.
    path = blank.put(tmp_path / "easel.sqlite3")
    opened = [await Database.open(path, busy_s=60.0) for _ in range(3)]
    yield opened
    for database in opened:
        await database.close()


async def test_five_hundred_people_overspend_nothing(connections: list[Database]) -> None:
    first = connections[0]
    await LedgerRepository(first).grant(POOL, 700, 99, "party", MORNING)
    repositories = itertools.cycle(map(JobRepository, connections))
    accepted: list[str] = []

    async def submitted(user: int) -> None:
        job = replace(a_job(), user=user)
        try:
            await next(repositories).submit([job], Claim(QUOTA), 10**6)
        except OutOfCredits:
            return
        accepted.append(job.id)

    # One each of their own, and 700 of the pool; nobody is told that the database is busy.
    await asyncio.gather(*(submitted(user) for user in PEOPLE for _ in range(EACH)))
    assert len(accepted) == len(PEOPLE) + 700
    assert await LedgerRepository(first).pool(GUILD, MORNING) == 0
    assert await first.read(statements.faults) == []

    # Every other one fails, from all sides and twice: what it held is there again, once.
    failure = Failure("no", "REF")
    failing = accepted[::2]
    await asyncio.gather(
        *(next(repositories).refuse(job, failure, MORNING + 1) for job in failing for _ in range(2))
    )
    assert await first.read(statements.faults) == []
    spent = await first.read(
        lambda c: c.execute("SELECT -SUM(amount) FROM ledger WHERE kind <> 'grant'").fetchone()[0]
    )
    assert spent == len(accepted) - len(failing)


async def test_a_code_for_a_hundred_is_used_by_a_hundred(connections: list[Database]) -> None:
    gifts = itertools.cycle(map(GiftRepository, connections))
    await next(gifts).add(GUILD, "ab" * 32, Terms(2, uses=100), 99, MORNING)
    told = await asyncio.gather(
        *(
            next(gifts).redeem(Account(GUILD, user), "ab" * 32, MORNING)
            for user in range(1000, 1200)
            for _ in range(2)
        )
    )
    assert sum(not isinstance(each, str) for each in told) == 100
    [(buckets, credits)] = await connections[1].read(
        lambda c: c.execute(
            "SELECT COUNT(DISTINCT user_id), SUM(balance) FROM buckets WHERE origin = 'code:1'"
        ).fetchall()
    )
    assert (buckets, credits) == (100, 200)


async def test_what_ends_is_written_off_once_by_whoever_comes_first(
    connections: list[Database],
) -> None:
    ledgers = [LedgerRepository(database) for database in connections]
    for user in range(1000, 1100):
        await ledgers[0].grant(
            Account(GUILD, user), 3, 99, "prize", MORNING, expires_at=MORNING + 60
        )
    await asyncio.gather(*(ledger.sweep(MORNING + 60) for ledger in ledgers for _ in range(2)))
    [(count, total)] = await connections[2].read(
        lambda c: c.execute(
            "SELECT COUNT(*), SUM(amount) FROM ledger WHERE kind = 'expire'"
        ).fetchall()
    )
    assert (count, total) == (100, -300)
    assert await connections[2].read(statements.faults) == []
