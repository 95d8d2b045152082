"""The book of credits: grants, holds and their ends, and that nothing can unbalance it."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.domain.errors import OutOfCredits
from bot.domain.people import Account
from bot.domain.quota import Balance, Claim, Period, Quota
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
        ledger.capture(connection, job, MORNING)

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
    await database.transaction(lambda c: ledger.release(c, job, MORNING))
    balance = await book.balance(ACCOUNT, FIVE, MORNING)
    assert (balance.allowance_left, balance.held) == (4, 0)
    assert [row["kind"] for row in await rows(database)] == ["hold", "capture"]


async def test_hold_then_release_once(database: Database) -> None:
    job = await submitted(database)
    await JobRepository(database).cancel(job, MORNING)
    await database.transaction(lambda c: ledger.release(c, job, MORNING))
    await database.transaction(lambda c: ledger.capture(c, job, MORNING))
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


async def test_usage_counts_paid_grids_since_a_moment(database: Database) -> None:
    book, jobs = LedgerRepository(database), JobRepository(database)
    for user, count in ((ANNA, 2), (BERT, 3)):
        for _ in range(count):
            await succeed(database, await submitted(database, user=user))
    await submitted(database)
    await succeed(database, await submitted(database, user=BERT, cost=0))
    await jobs.cancel(await submitted(database, user=BERT), MORNING)
    await succeed(database, await submitted(database, guild=GUILD + 1))
    assert await book.usage(GUILD, MORNING - 1) == [Usage(BERT, 3), Usage(ANNA, 2)]
    assert await book.usage(GUILD, MORNING - 1, limit=1) == [Usage(BERT, 3)]
    assert await book.usage(GUILD, MORNING + 1) == []


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
            lambda c: ledger._write(
                c, 2, kind, amount, job if with_job else None, 0, "test", MORNING
            )
        )


async def test_no_balance_can_be_overdrawn(database: Database) -> None:
    job = await submitted(database, cost=0)
    await LedgerRepository(database).grant(ACCOUNT, 5, ADMIN, "", MORNING)
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        await database.transaction(
            lambda c: ledger._write(c, 1, "hold", -6, job, ANNA, "test", MORNING)
        )
    assert (await LedgerRepository(database).balance(ACCOUNT, FIVE, MORNING)).lasting == 5


@dataclass
class Source:
    """Lasting credits in the oracle."""

    left: int
    expires_at: float | None


@dataclass
class Hold:
    """A job's payment in the oracle; `allowance` counts until it is released or forgiven."""

    at: float
    cost: int
    allowance: int = 0
    lasting: list[Source] = field(default_factory=list)
    open: bool = True
    released: bool = False


class Oracle:
    """What the books should say, in plain Python: one credit at a time, nothing remembered."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.holds: dict[str, Hold] = {}

    def allowance_left(self, quota: Quota, now: float) -> int:
        began = quota.period.began(now)
        used = sum(hold.allowance for hold in self.holds.values() if hold.at >= began)
        return max(0, quota.credits - used)

    def lasting(self, now: float) -> list[Source]:
        """Soonest to end first."""
        live = [s for s in self.sources if s.left and (s.expires_at is None or s.expires_at > now)]
        return sorted(live, key=lambda s: s.expires_at or math.inf)

    def room(self, quota: Quota, now: float) -> int | None:
        if quota.most is None:
            return None
        holds = self.holds.values()
        charged = sum(h.cost for h in holds if h.at >= quota.period.began(now) and not h.released)
        return max(0, quota.most - charged)

    def balance(self, quota: Quota, now: float) -> Balance:
        return Balance(
            self.allowance_left(quota, now),
            sum(source.left for source in self.lasting(now)),
            sum(hold.cost for hold in self.holds.values() if hold.open),
            allowance=quota.credits,
            resets_at=quota.period.ends(now),
            room=self.room(quota, now),
        )

    def pay(self, job: str, cost: int, quota: Quota, now: float) -> bool:
        """Take each credit from what lapses soonest; False, and nothing taken, when too few."""
        if self.balance(quota, now).spendable < cost:
            return False
        hold = Hold(now, cost)
        for _ in range(cost):
            lasting, resets_at = self.lasting(now), quota.period.ends(now)
            soonest = lasting[0].expires_at or math.inf if lasting else math.inf
            if self.allowance_left(quota, now) - hold.allowance > 0 and (
                not lasting or resets_at <= soonest
            ):
                hold.allowance += 1
            else:
                lasting[0].left -= 1
                hold.lasting.append(lasting[0])
        self.holds[job] = hold
        return True

    def end(self, job: str, *, spent: bool) -> None:
        hold = self.holds[job]
        hold.open = False
        if not spent:
            hold.allowance, hold.released = 0, True
            for source in hold.lasting:
                source.left += 1

    def take_back(self, amount: int, now: float) -> int:
        taken = 0
        while taken < amount and (lasting := self.lasting(now)):
            lasting[0].left -= 1
            taken += 1
        return taken

    def forgive(self) -> None:
        for hold in self.holds.values():
            hold.allowance = 0


QUOTAS = st.builds(
    Quota, st.integers(0, 6), st.sampled_from(Period), st.just(1000), st.just(1000),
    st.none() | st.integers(0, 12),
)  # fmt: skip


class LedgerMachine(RuleBasedStateMachine):
    """Submits, ends, grants and resets while limits, periods, roles and the clock change, also
    backwards; every step says under which quota the account is just then."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.database = self.wait(Database.open(Path(self.folder.name) / "easel.sqlite3"))
        self.jobs = JobRepository(self.database)
        self.ledger = LedgerRepository(self.database)
        self.oracle = Oracle()
        self.now = MORNING

    def wait(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        self.wait(self.database.close())
        self.runner.close()
        self.folder.cleanup()

    @rule(hours=st.integers(-20, 400))
    def pass_time(self, hours: int) -> None:
        self.now += hours * 3600

    @rule(quota=QUOTAS, cost=st.integers(0, 4))
    def submit(self, quota: Quota, cost: int) -> None:
        job, accepted = a_job(now=self.now, cost=cost), True
        try:
            self.wait(self.jobs.submit([job], Claim(quota), 10**6))
        except OutOfCredits:
            accepted = False
        assert accepted == self.oracle.pay(job.id, cost, quota, self.now)

    @precondition(lambda self: any(hold.open for hold in self.oracle.holds.values()))
    @rule(data=st.data(), spent=st.booleans(), again=st.booleans())
    def end(self, data: Any, spent: bool, again: bool) -> None:
        job = data.draw(st.sampled_from([j for j, h in self.oracle.holds.items() if h.open]))
        end = succeed(self.database, job) if spent else self.jobs.cancel(job, self.now)
        self.wait(end)
        if again:
            for close in (ledger.capture, ledger.release):
                self.wait(self.database.transaction(lambda c, f=close: f(c, job, self.now)))
        self.oracle.end(job, spent=spent)

    @rule(amount=st.integers(1, 5), hours=st.none() | st.integers(1, 60))
    def grant(self, amount: int, hours: int | None) -> None:
        expires_at = hours and self.now + hours * 3600
        self.wait(
            self.ledger.grant(ACCOUNT, amount, ADMIN, "test", self.now, expires_at=expires_at)
        )
        self.oracle.sources.append(Source(amount, expires_at))

    @rule(amount=st.integers(1, 7))
    def take_back(self, amount: int) -> None:
        change = self.wait(self.ledger.grant(ACCOUNT, -amount, ADMIN, "test", self.now))
        assert -change == self.oracle.take_back(amount, self.now)

    @rule(quota=QUOTAS)
    def forgive(self, quota: Quota) -> None:
        balance = self.wait(self.ledger.forgive(ACCOUNT, quota, ADMIN, self.now))
        self.oracle.forgive()
        assert balance == self.oracle.balance(quota, self.now)
        assert balance.allowance_left == quota.credits

    @rule(quota=QUOTAS)
    def look(self, quota: Quota) -> None:
        balance = self.wait(self.ledger.balance(ACCOUNT, quota, self.now))
        assert balance == self.oracle.balance(quota, self.now)

    @invariant()
    def every_balance_is_the_sum_of_its_entries(self) -> None:
        buckets = self.wait(
            rows(
                self.database,
                "SELECT kind, balance, (SELECT COALESCE(SUM(amount), 0) FROM ledger"
                " WHERE bucket_id = buckets.id) AS entries FROM buckets",
            )
        )
        assert all(bucket["balance"] == bucket["entries"] for bucket in buckets)
        lasting = sum(each["balance"] for each in buckets if each["kind"] == "lasting")
        assert lasting == sum(source.left for source in self.oracle.sources)


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
