"""The book of credits: grants, holds and their ends, and that nothing can unbalance it."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from bot.domain.credits import Balance
from bot.domain.errors import OutOfCredits
from bot.domain.people import Account
from bot.domain.period import Period
from bot.domain.quota import Claim, Quota
from bot.storage import entries
from bot.storage.audit import AuditRepository
from bot.storage.database import Database
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from tests.kit.values import ANNA, BERT, GUILD, MORNING, a_job

ACCOUNT = Account(GUILD, ANNA)
ADMIN = 99
DAY_S = 86_400
FIVE = Quota(credits=5, running=50, waiting=50)


def monthly(credits: int) -> Quota:
    return Quota(credits, Period.MONTH, running=50, waiting=50)


async def left(database: Database, quota: Quota, now: float = MORNING) -> int:
    return (await LedgerRepository(database).balance(ACCOUNT, quota, now)).allowance_left


async def succeed(database: Database, job: str) -> None:
    """A job's end, without its pictures."""

    def run(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE jobs SET state = 'succeeded', finished_at = ? WHERE id = ?", (MORNING, job)
        )
        entries.capture(connection, job, MORNING)

    await database.transaction(run)


async def submitted(database: Database, quota: Quota = FIVE, **more: Any) -> str:
    job = a_job(**more)
    await JobRepository(database).submit([job], Claim(quota), 1000)
    return job.id


async def rows(database: Database, sql: str = "SELECT * FROM ledger ORDER BY id") -> list[Any]:
    return await database.read(lambda c: c.execute(sql).fetchall())


async def test_looking_writes_nothing(database: Database) -> None:
    balance = await LedgerRepository(database).balance(ACCOUNT, FIVE, MORNING)
    assert balance == Balance(5, 0, 0, allowance=5, resets_at=MORNING + 16 * 3600)
    assert balance.spendable == 5
    assert await rows(database) == []


async def test_the_allowance_is_whole_again_with_its_period(database: Database) -> None:
    await submitted(database)
    assert await left(database, FIVE) == 4
    assert await left(database, FIVE, MORNING + 15 * 3600) == 4
    assert await left(database, FIVE, MORNING + 16 * 3600) == 5
    assert await left(database, monthly(5), MORNING + DAY_S) == 4
    assert await left(database, monthly(5), MORNING + 30 * DAY_S) == 5


async def test_a_changed_limit_holds_at_once(database: Database) -> None:
    for _ in range(4):
        await submitted(database)
    assert await left(database, Quota(credits=8)) == 4
    assert await left(database, FIVE) == 1
    assert await left(database, Quota(credits=2)) == 0
    with pytest.raises(OutOfCredits, match="you have 0"):
        await submitted(database, Quota(credits=2, waiting=50))
    await submitted(database)
    assert await left(database, Quota(credits=8)) == 3


async def test_days_and_months_overlap(database: Database) -> None:
    """A role that is put on and off brings no second allowance."""
    for _ in range(2):
        await submitted(database, Quota(credits=2))
    assert await left(database, monthly(5)) == 3
    for _ in range(3):
        await submitted(database, monthly(5))
    for quota in (monthly(5), FIVE, Quota(credits=2)):
        with pytest.raises(OutOfCredits):
            await submitted(database, quota)
    assert len(await JobRepository(database).of_account(ACCOUNT)) == 5
    # The next day is a new day, and the same month.
    assert await left(database, FIVE, MORNING + DAY_S) == 5
    assert await left(database, monthly(5), MORNING + DAY_S) == 0


async def test_a_job_counts_on_the_day_it_was_asked_for(database: Database) -> None:
    job = await submitted(database)
    tomorrow = MORNING + DAY_S
    assert await left(database, FIVE, tomorrow) == 5
    await JobRepository(database).cancel(job, tomorrow)
    assert await left(database, FIVE, tomorrow) == 5
    assert await left(database, monthly(5), tomorrow) == 5


async def test_accounts_are_apart(database: Database) -> None:
    book = LedgerRepository(database)
    await submitted(database)
    await book.grant(ACCOUNT, 3, ADMIN, "", MORNING)
    for other in (Account(GUILD, BERT), Account(GUILD + 1, ANNA), Account(0, ANNA)):
        assert (await book.balance(other, FIVE, MORNING)).spendable == 5
        await book.forgive(other, FIVE, ADMIN, MORNING)
    assert await left(database, FIVE) == 4


async def test_hold_then_capture_once(database: Database) -> None:
    book = LedgerRepository(database)
    job = await submitted(database)
    assert (await book.balance(ACCOUNT, FIVE, MORNING)).held == 1
    for _ in range(2):
        await succeed(database, job)
    await database.transaction(lambda c: entries.release(c, job, MORNING))
    balance = await book.balance(ACCOUNT, FIVE, MORNING)
    assert (balance.allowance_left, balance.held) == (4, 0)
    assert [row["kind"] for row in await rows(database)] == ["hold", "capture"]


async def test_hold_then_release_once(database: Database) -> None:
    job = await submitted(database)
    await JobRepository(database).cancel(job, MORNING)
    await database.transaction(lambda c: entries.release(c, job, MORNING))
    await database.transaction(lambda c: entries.capture(c, job, MORNING))
    balance = await LedgerRepository(database).balance(ACCOUNT, FIVE, MORNING)
    assert (balance.allowance_left, balance.held) == (5, 0)
    assert [row["kind"] for row in await rows(database)] == ["hold", "release"]


async def test_the_price_is_the_jobs_own(database: Database) -> None:
    await submitted(database, cost=3)
    await submitted(database, cost=0)
    balance = await LedgerRepository(database).balance(ACCOUNT, FIVE, MORNING)
    assert (balance.allowance_left, balance.held) == (2, 3)
    with pytest.raises(OutOfCredits, match="costs 3 credits and you have 2"):
        await submitted(database, cost=3)


async def test_refusal_says_when_credits_come_back(database: Database) -> None:
    for _ in range(5):
        await submitted(database)
    with pytest.raises(OutOfCredits) as caught:
        await submitted(database)
    said = str(caught.value)
    assert "costs 1 credit and you have 0 (5 held for jobs under way)" in said
    assert f"come back <t:{MORNING + 16 * 3600:.0f}:R>" in said
    await submitted(database, monthly(1), user=BERT)
    with pytest.raises(OutOfCredits, match="a month come back"):
        await submitted(database, monthly(1), user=BERT)
    with pytest.raises(OutOfCredits, match="ask an admin"):
        await submitted(database, Quota(credits=0), user=77)


async def test_what_lapses_soonest_is_spent_first(database: Database) -> None:
    book, hour = LedgerRepository(database), 3600
    two = Quota(credits=2, waiting=50)
    for amount, expires_at in ((1, None), (1, MORNING + 40 * hour), (1, MORNING + hour)):
        await book.grant(ACCOUNT, amount, ADMIN, "", MORNING, expires_at=expires_at)
    order = []
    for _ in range(5):
        await submitted(database, two)
        [hold] = await rows(database, "SELECT bucket_id FROM ledger ORDER BY id DESC LIMIT 1")
        [bucket] = await rows(database, f"SELECT * FROM buckets WHERE id = {hold['bucket_id']}")
        order.append(bucket["kind"] if bucket["expires_at"] is None else bucket["expires_at"])
    # The allowance lapses 16 hours later.
    assert order == [MORNING + hour, "allowance", "allowance", MORNING + 40 * hour, "lasting"]
    with pytest.raises(OutOfCredits):
        await submitted(database, two)


async def test_one_job_may_be_paid_from_several_buckets(database: Database) -> None:
    book, jobs = LedgerRepository(database), JobRepository(database)
    two = Quota(credits=2, waiting=50)
    for _ in range(2):
        await book.grant(ACCOUNT, 2, ADMIN, "", MORNING)
    job = await submitted(database, two, cost=5)
    balance = await book.balance(ACCOUNT, two, MORNING)
    assert (balance.allowance_left, balance.lasting, balance.held) == (0, 1, 5)
    await jobs.cancel(job, MORNING)
    balance = await book.balance(ACCOUNT, two, MORNING)
    assert (balance.allowance_left, balance.lasting, balance.held) == (2, 4, 0)


async def test_lasting_credits_end_when_they_were_said_to(database: Database) -> None:
    book, jobs = LedgerRepository(database), JobRepository(database)
    none, noon = Quota(credits=0), MORNING + 4 * 3600
    await book.grant(ACCOUNT, 2, ADMIN, "", MORNING, source="pack", expires_at=noon)
    job = await submitted(database, none)
    assert (await book.balance(ACCOUNT, none, noon - 1)).lasting == 1
    assert (await book.balance(ACCOUNT, none, noon)).lasting == 0
    with pytest.raises(OutOfCredits):
        await submitted(database, none, now=noon)
    assert await book.grant(ACCOUNT, -1, ADMIN, "", noon) == 0
    # What comes back after the end is over as well.
    await jobs.cancel(job, noon)
    assert (await book.balance(ACCOUNT, none, noon)).spendable == 0


async def test_taking_back_stops_at_zero(database: Database) -> None:
    book = LedgerRepository(database)
    for amount in (3, 2):
        await book.grant(ACCOUNT, amount, ADMIN, "", MORNING)
    assert await book.grant(ACCOUNT, -4, ADMIN, "", MORNING) == -4
    assert await book.grant(ACCOUNT, -10, ADMIN, "", MORNING) == -1
    assert await book.grant(ACCOUNT, -10, ADMIN, "", MORNING) == 0
    assert (await book.balance(ACCOUNT, Quota(credits=0), MORNING)).spendable == 0


async def test_grants_and_resets_are_in_the_audit_trail(database: Database) -> None:
    book, audit = LedgerRepository(database), AuditRepository(database)
    await book.grant(ACCOUNT, 3, ADMIN, "thanks", MORNING)
    await submitted(database)
    await book.forgive(ACCOUNT, FIVE, ADMIN, MORNING)
    newest, older = await audit.newest(GUILD)
    assert (newest.actor, newest.deed) == (ADMIN, "quota reset credits")
    assert newest.detail == {"user": ANNA, "changed": 1}
    assert older.detail == {"user": ANNA, "asked": 3, "changed": 3, "reason": "thanks"}


async def test_a_reset_forgives_what_was_used_until_now(database: Database) -> None:
    book, jobs = LedgerRepository(database), JobRepository(database)
    before = [await submitted(database) for _ in range(4)]
    assert (await book.forgive(ACCOUNT, FIVE, ADMIN, MORNING)).allowance_left == 5
    assert (await book.forgive(ACCOUNT, FIVE, ADMIN, MORNING)).allowance_left == 5
    after = await submitted(database)
    # What was forgiven cannot come back a second time.
    for job in before:
        await jobs.cancel(job, MORNING)
    assert await left(database, FIVE) == 4
    await jobs.cancel(after, MORNING)
    assert await left(database, FIVE) == 5
    assert await left(database, monthly(5)) == 5


async def test_the_operators_cap_counts_whatever_paid(database: Database) -> None:
    book, jobs = LedgerRepository(database), JobRepository(database)
    capped = Quota(credits=2, running=50, waiting=50, most=3)
    await book.grant(ACCOUNT, 1000, ADMIN, "", MORNING)
    drawn = [await submitted(database, capped) for _ in range(3)]
    for _ in range(2):
        with pytest.raises(
            OutOfCredits, match=r"have 0 .* operator allows 3 a day in all, again <t:"
        ):
            await submitted(database, capped)
        # No admin's reset makes room.
        await book.forgive(ACCOUNT, capped, ADMIN, MORNING)
    balance = await book.balance(ACCOUNT, capped, MORNING)
    assert (balance.allowance_left, balance.lasting, balance.spendable) == (2, 999, 0)
    await jobs.cancel(drawn[0], MORNING)
    await submitted(database, capped)
    assert (await book.balance(ACCOUNT, capped, MORNING + DAY_S)).spendable == 3


@pytest.mark.parametrize(
    "sql", ["UPDATE ledger SET amount = 100", "DELETE FROM ledger", "DELETE FROM ledger WHERE id=1"]
)
async def test_the_ledger_is_append_only(database: Database, sql: str) -> None:
    await LedgerRepository(database).grant(ACCOUNT, 5, ADMIN, "", MORNING)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await database.transaction(lambda c: c.execute(sql))
    assert [row["amount"] for row in await rows(database)] == [5]


@pytest.mark.parametrize(
    ("kind", "amount", "with_job"),
    [("hold", 1, True), ("release", -1, True), ("capture", 1, True), ("grant", 1, True),
     ("hold", -1, False), ("expire", 1, False), ("gift", 1, False)],
)  # fmt: skip
async def test_senseless_rows_are_refused(database, kind: str, amount: int, with_job: bool) -> None:
    job = await submitted(database)
    await LedgerRepository(database).grant(ACCOUNT, 5, ADMIN, "", MORNING)
    with pytest.raises(sqlite3.IntegrityError):
        await database.transaction(
            lambda c: entries.write(
                c, 2, kind, amount, job if with_job else None, 0, "test", MORNING
            )
        )


async def test_no_balance_can_be_overdrawn(database: Database) -> None:
    job = await submitted(database, cost=0)
    await LedgerRepository(database).grant(ACCOUNT, 5, ADMIN, "", MORNING)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        await database.transaction(
            lambda c: entries.write(c, 1, "hold", -6, job, ANNA, "test", MORNING)
        )
    assert (await LedgerRepository(database).balance(ACCOUNT, FIVE, MORNING)).lasting == 5
