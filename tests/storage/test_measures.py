"""What is owed and held, as the database itself says it."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.delivery import Kind
from bot.domain.errors import StoreUnavailable
from bot.domain.people import Account
from bot.domain.quota import Claim, Quota
from bot.domain.snapshots import Owed
from bot.storage import disk, outbox
from bot.storage.database import Database
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from bot.storage.measures import MeasureRepository
from tests.kit.faults import FaultyDatabase
from tests.kit.values import ANNA, BERT, GUILD, MORNING, a_job
from tests.storage.test_ledger import submitted, succeed

MANY = Quota(credits=50, running=50, waiting=50)


async def cancel(database: Database, job: str) -> None:
    assert await JobRepository(database).cancel(job, MORNING + 1)


async def post(database: Database, job: str, kind: Kind = Kind.RESULT) -> None:
    await database.transaction(lambda c: outbox.insert(c, job, kind))


async def plan(database: Database) -> list[str]:
    """How SQLite looks for what is to be shown."""

    def run(connection: sqlite3.Connection) -> list[str]:
        rows = connection.execute(
            "EXPLAIN QUERY PLAN SELECT d.kind, COUNT(*), MIN(j.finished_at) FROM deliveries d"
            " JOIN jobs j ON j.id = d.job_id WHERE d.message_id = 0 AND d.given_up IS NULL"
            " GROUP BY d.kind"
        )
        return [row["detail"] for row in rows]

    return await database.read(run)


async def test_an_empty_database_owes_nothing(database: Database) -> None:
    found = await MeasureRepository(database).read(MORNING)
    assert dict(found.owed) == dict.fromkeys(Kind, Owed())
    assert (sum(found.credits.values()), found.held) == (0, 0)
    assert found.bytes >= database.path.stat().st_size > 0


async def test_credits_are_told_by_what_became_of_them(database: Database) -> None:
    measures, ledger = MeasureRepository(database), LedgerRepository(database)
    for amount in (40, -15):
        await ledger.grant(Account(GUILD, BERT), amount, 99, "because", MORNING)
    paid, back, open_ = [await submitted(database, MANY, cost=cost) for cost in (3, 2, 4)]
    await succeed(database, paid)
    await cancel(database, back)
    found = await measures.read(MORNING)
    assert dict(found.credits) == {
        "granted": 40, "taken_back": 15, "held": 9, "captured": 3, "released": 2,
    }  # fmt: skip
    assert found.held == 4
    await succeed(database, open_)
    assert (await measures.read(MORNING)).held == 0


async def test_what_was_read_is_not_read_again(database: Database) -> None:
    """A book of years is summed up once; entries are never changed."""
    measures = MeasureRepository(database)
    await succeed(database, await submitted(database, MANY, cost=3))
    first = await measures.read(MORNING)
    read: list[str] = []
    await database.report(lambda c: c.set_trace_callback(read.append))
    second = await measures.read(MORNING)
    await database.report(lambda c: c.set_trace_callback(None))
    assert second.credits == first.credits
    assert any("id > 2" in statement for statement in read)
    await succeed(database, await submitted(database, MANY, user=BERT, cost=5))
    third = await measures.read(MORNING)
    assert (third.credits["captured"], third.credits["held"]) == (8, 8)


async def test_a_long_book_is_read_in_parts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await succeed(database, await submitted(database, MANY, cost=3))
    monkeypatch.setattr("bot.storage.measures.AT_ONCE", 3)
    counted: list[str] = []
    await database.report(lambda c: c.set_trace_callback(counted.append))
    found = await MeasureRepository(database).read(MORNING)
    await database.report(lambda c: c.set_trace_callback(None))
    assert (found.credits["captured"], found.credits["held"], found.held) == (15, 15, 0)
    assert counted.count("BEGIN") == 4 + 1  # of ten entries, and the report that ends counting


async def test_credits_of_several_sources_are_each_held_and_captured(database: Database) -> None:
    await LedgerRepository(database).grant(Account(GUILD, ANNA), 4, 99, "because", MORNING)
    job = await submitted(database, Quota(credits=2, running=9, waiting=9), cost=5)
    measures = MeasureRepository(database)
    assert (await measures.read(MORNING)).held == 5
    await succeed(database, job)
    found = await measures.read(MORNING)
    assert (found.credits["captured"], found.held) == (5, 0)


async def test_credits_that_end_are_told(database: Database) -> None:
    ledger = LedgerRepository(database)
    await ledger.grant(Account(GUILD, ANNA), 7, 99, "x", MORNING, expires_at=MORNING + 10)
    assert await ledger.sweep(MORNING + 20) == 1
    found = await MeasureRepository(database).read(MORNING + 20)
    assert (found.credits["granted"], found.credits["expired"]) == (7, 7)


async def test_what_is_owed_is_as_old_as_the_end_of_its_job(database: Database) -> None:
    first, second, third = [await submitted(database, MANY) for _ in range(3)]
    await succeed(database, first)
    await post(database, first)
    await cancel(database, second)
    await post(database, second, Kind.END)
    await post(database, third, Kind.DM)  # of a job that is not over it has no age
    found = await MeasureRepository(database).read(MORNING + 60)
    assert found.owed[Kind.RESULT] == Owed(1, 60.0)
    assert found.owed[Kind.END] == Owed(1, 59.0)
    assert found.owed[Kind.DM] == Owed(1, 0.0)
    await database.transaction(lambda c: c.execute("UPDATE deliveries SET message_id = 9"))
    assert dict((await MeasureRepository(database).read(MORNING)).owed) == dict.fromkeys(
        Kind, Owed()
    )


async def test_only_what_is_open_is_looked_at(database: Database) -> None:
    assert "SCAN d USING INDEX deliveries_open" in (await plan(database))[0]


@pytest.fixture
async def faulty(tmp_path: Path) -> AsyncIterator[FaultyDatabase]:
    one = await FaultyDatabase.open(tmp_path / "easel.sqlite3", busy_s=0.01)
    yield one
    await one.close()


async def test_commits_are_timed_and_what_is_refused_is_counted(faulty: FaultyDatabase) -> None:
    jobs = JobRepository(faulty)
    before = faulty.commits.seconds.count
    await jobs.submit([a_job()], Claim(MANY), 9)
    assert faulty.commits.seconds.count == faulty.commits.sizes.count == before + 1
    faulty.refuse("full")
    with pytest.raises(StoreUnavailable):
        await jobs.submit([a_job()], Claim(MANY), 9)
    assert faulty.refusals["full"] == 1


@pytest.mark.parametrize("code", ["locked", "full"])
async def test_a_probe_finds_out_whether_it_can_be_written(
    faulty: FaultyDatabase, code: str
) -> None:
    await faulty.probe()
    faulty.refuse(code)
    with pytest.raises(StoreUnavailable) as refused:
        await faulty.probe()
    assert refused.value.code == code
    faulty.calm()
    await faulty.probe()


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "full"), (errno.EROFS, "read_only"), (errno.EIO, "io")],
)
async def test_a_probe_tries_the_disk_out(
    database: Database, number: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite would notice with the next page that it writes."""

    def refused(handle: int, data: bytes) -> None:
        raise OSError(number, "no")

    await database.probe()
    before = sorted(database.path.parent.iterdir())
    with monkeypatch.context() as patched:
        patched.setattr(disk, "_write", refused)
        with pytest.raises(StoreUnavailable) as raised:
            await database.probe()
    assert raised.value.code == code
    assert sorted(database.path.parent.iterdir()) == before
    await database.probe()


async def test_a_probe_writes_the_file_only_where_that_is_in_doubt(
    faulty: FaultyDatabase,
) -> None:
    """Else it would have a copy made every ten minutes, though nothing was written."""
    log = faulty.path.with_name("easel.sqlite3-wal")
    before = log.stat()
    await faulty.probe()
    assert log.stat().st_mtime_ns == before.st_mtime_ns
    faulty.refuse("full", times=1)
    with pytest.raises(StoreUnavailable):
        await JobRepository(faulty).submit([a_job()], Claim(MANY), 9)
    before = log.stat()
    await faulty.probe()
    assert log.stat().st_mtime_ns > before.st_mtime_ns
