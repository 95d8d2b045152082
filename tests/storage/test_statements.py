"""The book of credits as its readers have it: statements, exports, and whether it balances."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from bot.domain.job import Failure
from bot.domain.people import Account
from bot.domain.quota import Claim, Quota
from bot.storage import statements
from bot.storage.database import Database
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from bot.storage.statements import COLUMNS, StatementRepository
from tests.kit.values import ANNA, BERT, GUILD, MORNING, a_job
from tests.storage.test_ledger import succeed

ACCOUNT = Account(GUILD, ANNA)
POOL = Account(GUILD, 0)


@pytest.fixture
def reader(database: Database) -> StatementRepository:
    return StatementRepository(database)


@pytest.fixture
def ledger(database: Database) -> LedgerRepository:
    return LedgerRepository(database)


async def draw(database: Database, user: int = ANNA, cost: int = 1, credits: int = 0) -> str:
    job = replace(a_job(cost=cost), user=user)
    await JobRepository(database).submit([job], Claim(Quota(credits)), 10**6)
    return job.id


async def test_a_statement_says_what_changed_newest_first(
    database: Database, reader: StatementRepository, ledger: LedgerRepository
) -> None:
    await ledger.grant(ACCOUNT, 5, 99, "prize", MORNING, expires_at=MORNING + 60)
    drawn = await draw(database, cost=2)
    await succeed(database, drawn)
    failed = await draw(database)
    await JobRepository(database).refuse(failed, Failure("no", "REF"), MORNING + 1)
    waiting = await draw(database)
    await ledger.grant(ACCOUNT, -1, 99, "mistake", MORNING + 2)
    await ledger.sweep(MORNING + 60)
    lines = await reader.of(ACCOUNT, 10)
    assert [(each.kind, each.amount, each.job, each.held) for each in lines] == [
        ("expire", -1, "", False),
        ("grant", -1, "", False),
        ("hold", -1, waiting, True),
        ("hold", -2, drawn, False),  # what failed gave its credits back, and is no line
        ("grant", 5, "", False),
    ]
    assert [each.reason for each in lines] == ["expired", "mistake", "job", "job", "prize"]
    assert [each.actor for each in lines] == [0, 99, ANNA, ANNA, 99]
    assert [each.kind for each in await reader.of(ACCOUNT, 2)] == ["expire", "grant"]


async def test_what_the_pool_paid_is_on_the_statement_of_who_drew(
    database: Database, reader: StatementRepository, ledger: LedgerRepository
) -> None:
    await ledger.grant(POOL, 5, 99, "party", MORNING)
    for user in (ANNA, BERT):
        await draw(database, user)
    [line] = await reader.of(ACCOUNT, 10)
    assert (line.kind, line.amount, line.pool, line.held) == ("hold", -1, True, True)
    # The pool's own has what it was given, and what was drawn on it.
    assert [each.amount for each in await reader.of(POOL, 10)] == [-1, -1, 5]
    assert not any(each.pool for each in await reader.of(POOL, 10))
    assert await reader.of(Account(GUILD + 1, ANNA), 10) == []


async def test_the_allowance_is_a_source_without_a_name(
    database: Database, reader: StatementRepository
) -> None:
    await draw(database, credits=3)
    [line] = await reader.of(ACCOUNT, 10)
    assert (line.source, line.amount) == ("", -1)


async def test_an_export_has_every_entry_oldest_first(
    database: Database, reader: StatementRepository, ledger: LedgerRepository
) -> None:
    await ledger.grant(ACCOUNT, 2, 99, "a", MORNING)
    await ledger.grant(Account(GUILD, BERT), 3, 99, "b", MORNING)
    await ledger.grant(Account(GUILD + 1, ANNA), 4, 99, "c", MORNING)
    job = await draw(database, credits=1)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in await reader.export(GUILD)]
    assert [(row["user"], row["kind"], row["amount"], row["source"]) for row in rows] == [
        (ANNA, "grant", 2, "grant"), (BERT, "grant", 3, "grant"), (ANNA, "hold", -1, "allowance"),
    ]  # fmt: skip
    assert rows[-1]["job"] == job
    assert [row["entry"] for row in rows] == sorted(row["entry"] for row in rows)
    assert {row["server"] for row in rows} == {GUILD}
    assert len(await reader.export(GUILD, ANNA)) == 2
    everything = await database.read(lambda c: list(statements.exported(c)))
    assert len(everything) == 4


async def test_a_book_that_balances_has_no_faults(
    database: Database, ledger: LedgerRepository
) -> None:
    await ledger.grant(ACCOUNT, 5, 99, "", MORNING)
    await succeed(database, await draw(database, cost=2, credits=1))
    await draw(database)
    assert await database.read(statements.faults) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE buckets SET balance = 9 WHERE kind = 'lasting'", "holds 9, and its entries make"),
        ("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;"
         " UPDATE buckets SET balance = -1 WHERE kind = 'lasting'", "is overdrawn: -1"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM buckets WHERE kind = 'lasting'",
         "which is not there"),
        ("UPDATE jobs SET state = 'succeeded' WHERE state = 'waiting'", "are held for it still"),
        ("UPDATE jobs SET state = 'cancelled' WHERE state = 'succeeded'", "settled by: capture"),
        ("UPDATE jobs SET cost = 7 WHERE state = 'waiting'", "costs 7, and 1 were held for it"),
        ("INSERT INTO ledger (bucket_id, kind, amount, job_id, actor_id, reason, created_at)"
         " SELECT bucket_id, 'release', 5, job_id, 0, '', 0 FROM ledger WHERE kind = 'hold'"
         " ORDER BY id DESC LIMIT 1", "gave back 5 of 1 credits"),
    ],
)  # fmt: skip
async def test_each_kind_of_fault_is_found(
    database: Database, ledger: LedgerRepository, damage: str, said: str
) -> None:
    await ledger.grant(ACCOUNT, 5, 99, "", MORNING)
    await succeed(database, await draw(database))
    await draw(database)

    def harm(connection: sqlite3.Connection) -> list[str]:
        connection.executescript(damage)
        return statements.faults(connection)

    assert said in "\n".join(await database.read(harm))


async def test_not_more_faults_of_a_kind_than_somebody_reads(database: Database) -> None:
    for _ in range(5):
        await draw(database, credits=99)

    def harm(connection: sqlite3.Connection) -> list[str]:
        connection.execute("UPDATE jobs SET cost = 7")
        return statements.faults(connection, limit=3)

    assert len(await database.read(harm)) == 3
