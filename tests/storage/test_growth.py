"""What a submit, an account, a report and housekeeping cost does not grow with history."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.domain.people import Account
from bot.domain.period import Period
from bot.domain.quota import Claim, Quota, QuotaSetting
from bot.storage import rows
from bot.storage.database import Database
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from bot.storage.outbox import OutboxRepository
from bot.storage.pictures import PictureRepository
from bot.storage.profiles import ProfileRepository
from bot.storage.purges import PurgeRepository, Wish
from bot.storage.quotas import QuotaRepository
from bot.storage.recent import RecentPrompts
from tests.kit.values import ANNA, BERT, GUILD, a_job

ACCOUNT = Account(GUILD, ANNA)
# The whole history of a lively account lies in the running month.
NOW = dt.datetime(2026, 6, 28, tzinfo=dt.UTC).timestamp()
BEGAN = dt.datetime(2026, 6, 1, tzinfo=dt.UTC).timestamp()
DAY_S = 86_400
MONTHLY = Quota(1_000_000, Period.MONTH, running=50, waiting=50)
_numbers = count(10**9)


def draw(connection: sqlite3.Connection, user: int, grids: int, at: float, kind: str) -> None:
    """Grids that were asked for and drawn at a moment, paid from a bucket of their kind."""
    bucket = connection.execute(
        "INSERT INTO buckets (guild_id, user_id, kind, source, granted_at) VALUES (?, ?, ?, '', ?)"
        " RETURNING id",
        (GUILD, user, kind, at // DAY_S * DAY_S),
    ).fetchone()[0]
    if kind == "lasting":
        connection.execute(
            "INSERT INTO ledger (bucket_id, kind, amount, actor_id, reason, created_at)"
            " VALUES (?, 'grant', ?, 0, '', ?)",
            (bucket, grids + 1, at),
        )
    jobs = [f"{next(_numbers):032x}" for _ in range(grids)]
    connection.executemany(
        "INSERT INTO jobs (id, guild_id, channel_id, user_id, action, request, state, cost,"
        " running_limit, created_at, finished_at)"
        " VALUES (?, ?, 1, ?, 'imagine', '{}', 'succeeded', 1, 3, ?, ?)",
        [(job, GUILD, user, at, at) for job in jobs],
    )
    connection.executemany(
        "INSERT INTO images (job_id, idx, sha256, bytes, created_at) VALUES (?, 1, '', 99, ?)",
        [(job, at + place / 1000) for place, job in enumerate(jobs)],
    )
    for entry, amount in (("hold", -1), ("capture", 0)):
        connection.executemany(
            "INSERT INTO ledger (bucket_id, kind, amount, job_id, actor_id, reason, created_at)"
            " VALUES (?, ?, ?, ?, 0, 'job', ?)",
            [(bucket, entry, amount, job, at) for job in jobs],
        )


def live(connection: sqlite3.Connection, grids: int) -> None:
    """A history of two people, half of it paid by the allowance; and a last day like any other."""
    for day in range(25):
        at = BEGAN + day * DAY_S
        for user in (ANNA, BERT):
            draw(connection, user, grids // 50, at, "allowance")
    for user in (ANNA, BERT):
        draw(connection, user, grids // 2, BEGAN, "lasting")
        draw(connection, user, 20, NOW - 1, "allowance")


Work = Callable[[Database], Awaitable[Any]]


async def steps(database: Database, work: Work) -> int:
    """How often SQLite came round while it worked: each row that it looks at counts."""
    seen = 0

    def passed() -> int:
        nonlocal seen
        seen += 1
        return 0

    for connection in (database.read, database.report):
        await connection(lambda c: c.set_progress_handler(passed, 1))
    await work(database)
    for connection in (database.read, database.report):
        await connection(lambda c: c.set_progress_handler(None, 1))
    return seen


async def submit(database: Database) -> None:
    await JobRepository(database).submit([a_job(now=NOW)], Claim(MONTHLY, frozenset({5})), 1000)


async def cancel(database: Database) -> None:
    [job, *_] = await JobRepository(database).of_account(ACCOUNT)
    await JobRepository(database).cancel(job.id, NOW)


async def account(database: Database) -> None:
    await LedgerRepository(database).balance(ACCOUNT, MONTHLY, NOW)
    await JobRepository(database).of_account(ACCOUNT)
    await ProfileRepository(database).get(ANNA)


async def newcomer(database: Database) -> None:
    """Who never drew there is told at once that they have nothing."""
    account = Account(GUILD, 777)
    assert await RecentPrompts(database).of(account) == []
    wish = Wish(account, actor=1, days=0, since=0.0, asked_at=NOW)
    assert await PurgeRepository(database).count(wish) == (0, 0)
    assert await PurgeRepository(database).jobs(wish, (), 10) == []
    assert await OutboxRepository(database).owed(GUILD, 777) == []
    capped = replace(MONTHLY, most=5)
    assert (await LedgerRepository(database).balance(account, capped, NOW)).room == 5


async def weight(database: Database) -> None:
    assert await PictureRepository(database).kept_bytes() > 0


async def eviction(database: Database) -> None:
    pictures = PictureRepository(database)
    await pictures.mark_evicted([each.tile for each in await pictures.evictable(20)], NOW)


@pytest.fixture(scope="module")
async def aged(tmp_path_factory: pytest.TempPathFactory):
    """A young database and an old one."""
    made = []
    for grids in (100, 10_000):
        folder: Path = tmp_path_factory.mktemp("aged")
        database = await Database.open(folder / "easel.sqlite3")
        await database.transaction(lambda c, grids=grids: live(c, grids))
        members = QuotaRepository(database)
        for user in range(grids // 50):
            await members.set_quota(GUILD, "user", user, QuotaSetting(running=1), 1, NOW)
        # One job is under way.
        await submit(database)
        made.append(database)
    yield made
    for database in made:
        await database.close()


@pytest.mark.parametrize("work", [submit, account, cancel, newcomer, weight, eviction])
async def test_work_does_not_grow_with_history(aged: list[Database], work: Work) -> None:
    young, old = [await steps(database, work) for database in aged]
    assert young > 0
    assert old < 1.3 * young, (young, old)


async def test_a_submit_costs_the_same_behind_a_long_queue(tmp_path: Path) -> None:
    cost = []
    for ahead in (10, 700):
        database = await Database.open(tmp_path / f"{ahead}.sqlite3")
        await database.transaction(lambda c, ahead=ahead: wait(c, ahead))
        await submit(database)  # the first of an account writes more
        cost.append(await steps(database, submit))
        await database.close()
    assert cost[0] == cost[1] > 0


def wait(connection: sqlite3.Connection, jobs: int) -> None:
    """So many jobs of others wait."""
    for number in range(jobs):
        rows.insert(connection, a_job(user=1000 + number, now=NOW))


async def test_what_every_submit_says_makes_no_table_and_no_order(database: Database) -> None:
    """SQLite makes one for each list in brackets that it does not know, and forgets it; of what a
    check allows, for each of three or more."""
    said: list[str] = []
    await submit(database)
    await database.read(lambda c: c.set_trace_callback(said.append))
    await submit(database)
    await database.read(lambda c: c.set_trace_callback(None))
    asked = [each for each in dict.fromkeys(said) if each.split()[0] in ("SELECT", "INSERT")]
    assert 0 < len([each for each in asked if each.split()[0] == "SELECT"]) <= 2, asked
    assert len(asked) == 5
    for each in asked:
        assert not {"OpenEphemeral", "SorterOpen", "OpenAutoindex"} & await _codes(database, each)


async def _codes(database: Database, sql: str) -> set[str]:
    """What it is made of, without what it would trigger."""
    rows = await database.read(lambda c: c.execute(f"EXPLAIN {sql}").fetchall())
    triggered = [number for number, row in enumerate(rows) if row["addr"] == 0][1:]
    return {row["opcode"] for row in rows[: triggered[0] if triggered else None]}
