"""The book of credits: grants, holds and their ends, and that nothing can unbalance it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.errors import OutOfCredits
from bot.domain.people import Account
from bot.domain.quota import Period, Quota
from bot.storage import ledger
from bot.storage.audit import AuditRepository
from bot.storage.database import Database
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository, Usage
from tests.kit.values import ANNA, BERT, GUILD, MORNING, a_job

ACCOUNT = Account(GUILD, ANNA)
ADMIN = 99
DAY_S = 86_400
FIVE = Quota(credits=5, running=50, waiting=50)


async def submitted(database: Database, quota: Quota = FIVE, **more: Any) -> str:
    job = a_job(**more)
    await JobRepository(database).submit(job, quota, 1000)
    return job.id


async def rows(database: Database, sql: str = "SELECT * FROM ledger ORDER BY id") -> list[Any]:
    return await database.read(lambda c: c.execute(sql).fetchall())


async def test_one_grant_a_period(database: Database) -> None:
    book = LedgerRepository(database)
    await book.balance(ACCOUNT, FIVE, MORNING)
    await book.balance(ACCOUNT, FIVE, MORNING)
    balance = await book.balance(ACCOUNT, FIVE, MORNING)
    assert (balance.periodic, balance.granted, balance.spendable) == (5, 5, 5)
    assert balance.resets_at == MORNING + 16 * 3600
    assert [row["amount"] for row in await rows(database)] == [5]


async def test_concurrent_looks_grant_once(database: Database) -> None:
    book = LedgerRepository(database)
    await asyncio.gather(*(book.balance(ACCOUNT, FIVE, MORNING) for _ in range(20)))
    assert len(await rows(database)) == 1


async def test_credits_lapse_with_their_period(database: Database) -> None:
    book = LedgerRepository(database)
    await submitted(database)
    assert (await book.balance(ACCOUNT, FIVE, MORNING)).periodic == 4
    assert (await book.balance(ACCOUNT, FIVE, MORNING + DAY_S)).periodic == 5


async def test_a_better_role_grants_only_the_difference(database: Database) -> None:
    book = LedgerRepository(database)
    for _ in range(5):
        await submitted(database)
    better = Quota(credits=8)
    assert (await book.balance(ACCOUNT, better, MORNING)).periodic == 3
    assert (await book.balance(ACCOUNT, better, MORNING)).periodic == 3
    # Losing the role takes nothing back, gaining it again gives nothing twice.
    assert (await book.balance(ACCOUNT, FIVE, MORNING)).periodic == 3
    assert (await book.balance(ACCOUNT, better, MORNING)).periodic == 3
    assert [row["amount"] for row in await rows(database) if row["kind"] == "grant"] == [5, 3]


async def test_months_and_days_are_buckets_of_their_own(database: Database) -> None:
    book = LedgerRepository(database)
    monthly = Quota(credits=100, period=Period.MONTH)
    assert (await book.balance(ACCOUNT, monthly, MORNING)).periodic == 100
    assert (await book.balance(ACCOUNT, monthly, MORNING + 20 * DAY_S)).granted == 100
    assert (await book.balance(ACCOUNT, monthly, MORNING + 30 * DAY_S)).periodic == 100
    assert len(await rows(database)) == 2


async def test_hold_then_capture(database: Database) -> None:
    book = LedgerRepository(database)
    job = await submitted(database)
    assert (await book.balance(ACCOUNT, FIVE, MORNING)).held == 1
    for _ in range(2):
        await database.transaction(lambda c: ledger.capture(c, job, MORNING))
    await database.transaction(lambda c: ledger.release(c, job, MORNING))
    balance = await book.balance(ACCOUNT, FIVE, MORNING)
    assert (balance.periodic, balance.held) == (4, 0)
    assert [row["kind"] for row in await rows(database)] == ["grant", "hold", "capture"]


async def test_hold_then_release_once(database: Database) -> None:
    job = await submitted(database)
    for _ in range(2):
        await database.transaction(lambda c: ledger.release(c, job, MORNING))
    await database.transaction(lambda c: ledger.capture(c, job, MORNING))
    balance = await LedgerRepository(database).balance(ACCOUNT, FIVE, MORNING)
    assert (balance.periodic, balance.held) == (5, 0)
    assert [row["kind"] for row in await rows(database)] == ["grant", "hold", "release"]


async def test_refusal_says_when_credits_come_back(database: Database) -> None:
    for _ in range(5):
        await submitted(database)
    with pytest.raises(OutOfCredits) as caught:
        await submitted(database)
    said = str(caught.value)
    assert "costs 1 credit and you have 0 (5 held for jobs under way)" in said
    assert f"come back <t:{MORNING + 16 * 3600:.0f}:R>" in said
    monthly = Quota(credits=1, period=Period.MONTH)
    await submitted(database, monthly, user=BERT)
    with pytest.raises(OutOfCredits, match="a month come back"):
        await submitted(database, monthly, user=BERT)
    with pytest.raises(OutOfCredits, match="ask an admin"):
        await submitted(database, Quota(credits=0), user=77)


async def test_what_lapses_is_spent_before_what_stays(database: Database) -> None:
    book = LedgerRepository(database)
    two = Quota(credits=2, waiting=50)
    assert await book.grant(ACCOUNT, 3, ADMIN, "thanks", MORNING) == 3
    jobs = [await submitted(database, two) for _ in range(3)]
    balance = await book.balance(ACCOUNT, two, MORNING)
    assert (balance.periodic, balance.extra) == (0, 2)
    await database.transaction(lambda c: ledger.release(c, jobs[2], MORNING))
    await database.transaction(lambda c: ledger.release(c, jobs[0], MORNING))
    balance = await book.balance(ACCOUNT, two, MORNING)
    assert (balance.periodic, balance.extra) == (1, 3)


async def test_taking_back_stops_at_zero(database: Database) -> None:
    book = LedgerRepository(database)
    await book.grant(ACCOUNT, 3, ADMIN, "", MORNING)
    assert await book.grant(ACCOUNT, -10, ADMIN, "", MORNING) == -3
    assert await book.grant(ACCOUNT, -10, ADMIN, "", MORNING) == 0
    assert (await book.balance(ACCOUNT, Quota(credits=0), MORNING)).spendable == 0


async def test_grants_and_refills_are_in_the_audit_trail(database: Database) -> None:
    book, audit = LedgerRepository(database), AuditRepository(database)
    await book.grant(ACCOUNT, 3, ADMIN, "thanks", MORNING)
    await submitted(database)
    await book.refill(ACCOUNT, FIVE, ADMIN, MORNING)
    newest, older = await audit.newest(GUILD)
    assert (newest.actor, newest.deed) == (ADMIN, "quota reset credits")
    assert newest.detail == {"user": ANNA, "changed": 1}
    assert older.detail == {"user": ANNA, "asked": 3, "changed": 3, "reason": "thanks"}


async def test_refill_brings_the_full_allowance_back(database: Database) -> None:
    book = LedgerRepository(database)
    for _ in range(4):
        await submitted(database)
    assert (await book.refill(ACCOUNT, FIVE, ADMIN, MORNING)).periodic == 5
    assert (await book.refill(ACCOUNT, FIVE, ADMIN, MORNING)).periodic == 5


async def test_usage_counts_paid_grids_since_a_moment(database: Database) -> None:
    book = LedgerRepository(database)
    for user, count in ((ANNA, 2), (BERT, 3)):
        for _ in range(count):
            job = await submitted(database, user=user)
            await database.transaction(lambda c, job=job: ledger.capture(c, job, MORNING))
    await submitted(database)
    released = await submitted(database, user=BERT)
    await database.transaction(lambda c: ledger.release(c, released, MORNING))
    other_guild = await submitted(database, guild=GUILD + 1)
    await database.transaction(lambda c: ledger.capture(c, other_guild, MORNING))
    assert await book.usage(GUILD, MORNING - 1) == [Usage(BERT, 3), Usage(ANNA, 2)]
    assert await book.usage(GUILD, MORNING - 1, limit=1) == [Usage(BERT, 3)]
    assert await book.usage(GUILD, MORNING + 1) == []


@pytest.mark.parametrize(
    "sql", ["UPDATE ledger SET amount = 100", "DELETE FROM ledger", "DELETE FROM ledger WHERE id=1"]
)
async def test_the_ledger_is_append_only(database: Database, sql: str) -> None:
    await LedgerRepository(database).balance(ACCOUNT, FIVE, MORNING)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        await database.transaction(lambda c: c.execute(sql))
    assert [row["amount"] for row in await rows(database)] == [5]


@pytest.mark.parametrize(
    ("kind", "amount", "with_job"),
    [("hold", 1, True), ("release", -1, True), ("capture", 1, True), ("grant", 1, True),
     ("hold", -1, False), ("gift", 1, False)],
)  # fmt: skip
async def test_senseless_rows_are_refused(database, kind: str, amount: int, with_job: bool) -> None:
    job = await submitted(database)
    with pytest.raises(sqlite3.IntegrityError):
        await database.transaction(
            lambda c: ledger._write(
                c, ACCOUNT, "x", kind, amount, job if with_job else None, 0, "test", MORNING
            )
        )


class Book:
    """What the ledger should say, in plain Python."""

    def __init__(self) -> None:
        self.granted: dict[str, int] = {}
        self.buckets: dict[str, int] = {}
        self.holds: dict[str, dict[str, int]] = {}

    def settle(self, bucket: str, credits: int) -> None:
        had = self.granted.get(bucket, 0)
        if credits > had:
            self.granted[bucket] = credits
            self.buckets[bucket] = self.buckets.get(bucket, 0) + credits - had

    def spendable(self, bucket: str) -> int:
        return self.buckets.get(bucket, 0) + self.buckets.get("", 0)


class LedgerMachine(RuleBasedStateMachine):
    """Submits, ends, grants, refills and passing days against the oracle above."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.database = self.wait(Database.open(Path(self.folder.name) / "easel.sqlite3"))
        self.jobs = JobRepository(self.database)
        self.ledger = LedgerRepository(self.database)
        self.book = Book()
        self.now = MORNING

    def wait(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        self.wait(self.database.close())
        self.runner.close()
        self.folder.cleanup()

    def quota(self, credits: int, period: Period) -> Quota:
        return Quota(credits, period, running=1000, waiting=1000)

    @rule(hours=st.integers(1, 40))
    def pass_time(self, hours: int) -> None:
        self.now += hours * 3600

    @rule(credits=st.integers(0, 4), period=st.sampled_from(Period))
    def submit(self, credits: int, period: Period) -> None:
        quota, bucket = self.quota(credits, period), period.key(self.now)
        job = a_job(now=self.now)
        accepted = True
        try:
            self.wait(self.jobs.submit(job, quota, 10**6))
        except OutOfCredits:
            accepted = False
        granted = max(0, credits - self.book.granted.get(bucket, 0))
        assert accepted == (self.book.spendable(bucket) + granted >= 1)
        if not accepted:
            return
        self.book.settle(bucket, credits)
        paid_from = bucket if self.book.buckets.get(bucket, 0) > 0 else ""
        self.book.buckets[paid_from] -= 1
        self.book.holds[job.id] = {paid_from: 1}

    @precondition(lambda self: self.book.holds)
    @rule(data=st.data(), succeeded=st.booleans(), again=st.booleans())
    def end(self, data: Any, succeeded: bool, again: bool) -> None:
        job = data.draw(st.sampled_from(sorted(self.book.holds)))
        ends: list[Callable[..., None]] = [ledger.capture if succeeded else ledger.release]
        ends += [ledger.capture, ledger.release] if again else []
        for end in ends:
            self.wait(self.database.transaction(lambda c, end=end: end(c, job, self.now)))
        held = self.book.holds.pop(job)
        if not succeeded:
            for bucket, amount in held.items():
                self.book.buckets[bucket] += amount

    @rule(amount=st.integers(-5, 5))
    def grant(self, amount: int) -> None:
        change = self.wait(self.ledger.grant(ACCOUNT, amount, ADMIN, "test", self.now))
        had = self.book.buckets.get("", 0)
        assert change == max(amount, -had)
        self.book.buckets[""] = had + change

    @rule(credits=st.integers(0, 4), period=st.sampled_from(Period))
    def refill(self, credits: int, period: Period) -> None:
        bucket = period.key(self.now)
        quota = self.quota(credits, period)
        balance = self.wait(self.ledger.refill(ACCOUNT, quota, ADMIN, self.now))
        assert balance.periodic == credits
        self.book.settle(bucket, credits)
        self.book.buckets[bucket] = credits

    @rule(credits=st.integers(0, 4), period=st.sampled_from(Period))
    def look(self, credits: int, period: Period) -> None:
        bucket = period.key(self.now)
        balance = self.wait(self.ledger.balance(ACCOUNT, self.quota(credits, period), self.now))
        self.book.settle(bucket, credits)
        assert balance.periodic == self.book.buckets.get(bucket, 0)
        assert balance.extra == self.book.buckets.get("", 0)
        assert balance.held == sum(sum(held.values()) for held in self.book.holds.values())
        assert balance.granted == max(self.book.granted.get(bucket, 0), credits)

    @invariant()
    def no_bucket_is_negative(self) -> None:
        sums = self.wait(
            rows(self.database, "SELECT bucket, SUM(amount) AS s FROM ledger GROUP BY bucket")
        )
        found = {row["bucket"]: row["s"] for row in sums if row["s"]}
        assert found == {bucket: amount for bucket, amount in self.book.buckets.items() if amount}
        assert all(amount >= 0 for amount in found.values())


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
