"""What an account has: its own start, what is due to it, what has ended, the pool."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.credits import Bucket, Due
from bot.domain.errors import OutOfCredits
from bot.domain.people import Account
from bot.domain.period import Period
from bot.domain.quota import Claim, Quota
from bot.storage import entries, funds, statements
from bot.storage.database import Database
from bot.storage.gifts import GiftRepository
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from tests.kit.values import ANNA, BERT, GUILD, MORNING, a_job

ACCOUNT = Account(GUILD, ANNA)
POOL = Account(GUILD, 0)
DAY_S = 86_400
ROLE = frozenset({500})
MIDNIGHT = MORNING // DAY_S * DAY_S


@pytest.fixture
def ledger(database: Database) -> LedgerRepository:
    return LedgerRepository(database)


async def had(
    database: Database, quota: Quota, now: float = MORNING, roles: frozenset[int] = frozenset(),
    account: Account = ACCOUNT,
) -> funds.Funds:  # fmt: skip
    return await database.read(lambda c: funds.of(c, account, quota, roles, now))


async def draw(
    database: Database, quota: Quota, now: float = MORNING, cost: int = 1,
    roles: frozenset[int] = frozenset(),
) -> str:  # fmt: skip
    """A job of Anna's that is stored; returns its id."""
    job = a_job(now=now, cost=cost)
    await JobRepository(database).submit([job], Claim(quota, roles), 10**6)
    return job.id


async def book(database: Database) -> list[tuple[Any, ...]]:
    """(kind, amount, source, origin) of every entry, oldest first."""
    rows = await database.read(
        lambda c: c.execute(
            "SELECT l.kind, l.amount, b.source, b.origin FROM ledger l"
            " JOIN buckets b ON b.id = l.bucket_id ORDER BY l.id"
        ).fetchall()
    )
    return [tuple(row) for row in rows]


# The start


async def test_who_never_drew_begins_now(database: Database) -> None:
    weekly = Quota(5, Period.WEEK)
    found = await had(database, weekly)
    assert (found.new, found.balance.resets_at) == (True, MIDNIGHT + 7 * DAY_S)
    await draw(database, weekly)
    later = MORNING + 3 * DAY_S
    found = await had(database, weekly, later)
    assert (found.new, found.started_at) == (False, MIDNIGHT)
    assert found.balance.resets_at == MIDNIGHT + 7 * DAY_S
    assert found.balance.allowance_left == 4
    assert (await had(database, weekly, MIDNIGHT + 7 * DAY_S)).balance.allowance_left == 5


async def test_a_refusal_begins_nothing(database: Database) -> None:
    with pytest.raises(OutOfCredits):
        await draw(database, Quota(0, welcome=2), cost=3)
    found = await had(database, Quota(0, welcome=2))
    assert (found.new, found.balance.lasting) == (True, 2)
    assert await book(database) == []


async def test_each_server_has_its_own_start(database: Database) -> None:
    await draw(database, Quota(5, Period.WEEK))
    elsewhere = await had(
        database, Quota(5, Period.WEEK), MORNING + 2 * DAY_S, account=Account(GUILD + 1, ANNA)
    )
    assert elsewhere.new
    assert elsewhere.balance.resets_at == MIDNIGHT + 9 * DAY_S


# What is due


async def test_a_welcome_is_there_before_and_written_once(database: Database) -> None:
    quota = Quota(1, welcome=3)
    assert (await had(database, quota)).dues == [Due("welcome", "welcome", 3, None)]
    await draw(database, quota)
    await draw(database, quota)
    found = await had(database, quota)
    assert (found.dues, found.balance.lasting) == ([], 2)
    assert await book(database) == [
        ("grant", 3, "welcome", "welcome"), ("hold", -1, "", ""),
        ("hold", -1, "welcome", "welcome"),
    ]  # fmt: skip


async def test_a_welcome_that_lapses_ends_with_the_first_period(database: Database) -> None:
    quota = Quota(1, Period.WEEK, welcome=3, lapse=True)
    await draw(database, quota)
    # What ends with the week as well as the allowance is paid after it.
    assert (await had(database, quota)).balance.lasting == 3
    found = await had(database, quota, MIDNIGHT + 7 * DAY_S)
    assert (found.balance.lasting, found.balance.allowance_left) == (0, 1)
    assert [each.left for each in found.over] == [3]


async def test_a_plan_with_a_welcome_gives_it_to_new_members_alone(database: Database) -> None:
    await draw(database, Quota(5))
    assert (await had(database, Quota(5, welcome=9))).dues == []


async def test_what_rolls_over_is_what_was_left(database: Database) -> None:
    quota = Quota(10, Period.WEEK, rollover=True)
    await draw(database, quota, cost=4)
    next_week = MIDNIGHT + 7 * DAY_S
    ends = next_week + 7 * DAY_S
    [due] = (await had(database, quota, next_week)).dues
    assert due == Due("rollover", f"rollover:{next_week:.0f}", 6, ends)
    await draw(database, quota, next_week, cost=12)
    found = await had(database, quota, next_week)
    assert (found.balance.allowance_left, found.balance.lasting, found.dues) == (0, 4, [])
    # The week after, nothing is left of the allowance, and what rolled over is gone.
    found = await had(database, quota, ends)
    assert (found.balance.allowance_left, found.balance.lasting) == (10, 0)


async def test_nothing_rolls_over_into_the_first_period(database: Database) -> None:
    quota = Quota(10, Period.MONTH, rollover=True)
    assert (await had(database, quota)).dues == []
    await draw(database, quota)
    assert (await had(database, quota, MORNING + DAY_S)).dues == []


async def test_nothing_rolls_over_of_what_somebody_had_under_another_plan(
    database: Database,
) -> None:
    rich = Quota(900, Period.MONTH, rollover=True)
    await draw(database, Quota(1))
    later = MORNING + 40 * DAY_S
    assert (await had(database, rich, later)).balance.spendable == 900
    await draw(database, rich, later)
    month = rich.period.ends(later, MIDNIGHT)
    [due] = (await had(database, rich, month)).dues
    assert due.amount == 899
    # A smaller plan carries over no more than it gives itself, a greater one than there was.
    [due] = (await had(database, replace(rich, credits=10), month)).dues
    assert due.amount == 9
    [due] = (await had(database, replace(rich, credits=5000), month)).dues
    assert due.amount == 899
    # Nor is it one of a month after a day, and back again.
    for other in (replace(rich, period=Period.DAY), replace(rich, rollover=False)):
        await draw(database, rich, month)
        await draw(database, other, month)
        assert (await had(database, rich, month + 40 * DAY_S)).dues == []


async def test_who_drew_in_an_earlier_version_keeps_what_rolls_over(database: Database) -> None:
    quota = Quota(3, rollover=True)
    await draw(database, quota)
    await database.transaction(lambda c: c.execute("UPDATE accounts SET carries = NULL"))
    for day in (1, 2):
        [due] = (await had(database, quota, MORNING + day * DAY_S)).dues
        assert due.amount == 2
        await draw(database, quota, MORNING + day * DAY_S)


async def test_what_jobs_of_the_period_before_give_back_rolls_over_too(database: Database) -> None:
    quota = Quota(5, rollover=True)
    await draw(database, quota)
    held = [await draw(database, quota, MORNING + DAY_S) for _ in range(2)]
    later = MORNING + 2 * DAY_S
    held.append(await draw(database, quota, later))
    assert (await had(database, quota, later)).balance.spendable == 5 + 3 - 1
    for job in held:
        await JobRepository(database).cancel(job, later)
    found = await had(database, quota, later)
    assert (found.balance.spendable, [due.amount for due in found.dues]) == (10, [2])
    await draw(database, quota, later, cost=9)
    assert (await had(database, quota, later)).balance.spendable == 1
    granted = [row[:3] for row in await book(database) if row[0] == "grant"]
    assert granted == [("grant", 4, "rollover"), ("grant", 3, "rollover"), ("grant", 2, "rollover")]
    rollovers = await database.read(
        lambda c: c.execute("SELECT COUNT(*) FROM buckets WHERE origin <> ''").fetchone()[0]
    )
    assert rollovers == 2
    assert await database.read(statements.faults) == []


async def test_what_was_taken_back_does_not_roll_over_again(
    database: Database, ledger: LedgerRepository
) -> None:
    quota = Quota(5, rollover=True)
    await draw(database, quota)
    later = MORNING + DAY_S
    assert await ledger.grant(ACCOUNT, -9, 99, "", later, claim=Claim(quota)) == -4
    found = await had(database, quota, later)
    assert (found.dues, found.balance.spendable) == ([], 5)


async def test_a_clock_that_is_set_back_rolls_nothing_over_twice(database: Database) -> None:
    quota = Quota(3, Period.DAY, rollover=True)
    await draw(database, quota)
    tomorrow = MORNING + DAY_S
    await draw(database, quota, tomorrow)
    await draw(database, quota, MORNING)
    await draw(database, quota, tomorrow)
    granted = [row for row in await book(database) if row[0] == "grant"]
    assert granted == [("grant", 2, "rollover", f"rollover:{MIDNIGHT + DAY_S:.0f}")]


async def test_offers_are_for_who_has_the_role_now(database: Database) -> None:
    gifts = GiftRepository(database)
    await gifts.offer(GUILD, 500, 2, None, 99, "patrons", MORNING)
    await gifts.offer(GUILD, 501, 7, None, 99, "others", MORNING)
    await gifts.offer(GUILD, 500, 4, MORNING + 60, 99, "soon over", MORNING)
    await gifts.offer(GUILD + 1, 500, 9, None, 99, "elsewhere", MORNING)
    assert (await had(database, Quota(0))).dues == []
    dues = (await had(database, Quota(0), roles=ROLE)).dues
    assert [(due.source, due.amount, due.actor, due.reason) for due in dues] == [
        ("grant", 2, 99, "patrons"), ("grant", 4, 99, "soon over"),
    ]  # fmt: skip
    dues = (await had(database, Quota(0), MORNING + 60, ROLE)).dues
    assert [due.amount for due in dues] == [2]
    await draw(database, Quota(0), roles=ROLE)
    # What ends soonest pays first; the rest stays whatever roles come and go.
    found = await had(database, Quota(0))
    assert [each.left for each in found.buckets] == [3, 2]


# What ends


async def test_what_has_ended_is_written_off_by_the_next_job(
    database: Database, ledger: LedgerRepository
) -> None:
    await ledger.grant(ACCOUNT, 5, 99, "prize", MORNING, expires_at=MORNING + 60)
    job = await draw(database, Quota(0))
    later = MORNING + 61
    found = await had(database, Quota(3), later)
    assert (found.balance.lasting, [each.left for each in found.over]) == (0, [4])
    await draw(database, Quota(3), later)
    assert [row[:2] for row in await book(database)] == [
        ("grant", 5), ("hold", -1), ("expire", -4), ("hold", -1),
    ]  # fmt: skip
    # What comes back into it later has ended, too.
    await database.transaction(lambda c: entries.release(c, job, later))
    found = await had(database, Quota(3), later)
    assert (found.balance.lasting, [each.left for each in found.over]) == (0, [1])
    assert await ledger.sweep(later) == 1
    assert await ledger.sweep(later) == 0


async def test_a_sweep_takes_what_has_ended_and_nothing_else(
    database: Database, ledger: LedgerRepository
) -> None:
    for user, until in ((1, MORNING + 5), (2, MORNING + 6), (3, None), (0, MORNING + 5)):
        await ledger.grant(Account(GUILD, user), 1, 99, "", MORNING, expires_at=until)
    assert await ledger.sweep(MORNING + 4) == 0
    assert await ledger.sweep(MORNING + 5) == 2
    rows = await database.read(
        lambda c: c.execute("SELECT user_id, balance FROM buckets ORDER BY user_id").fetchall()
    )
    assert [tuple(row) for row in rows] == [(0, 0), (1, 0), (2, 1), (3, 1)]


async def test_many_are_swept_some_at_a_time(database: Database, ledger: LedgerRepository) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        for user in range(1200):
            entries.grant(
                connection, Account(GUILD, user), 1, 99, "", MORNING, expires_at=MORNING + 1
            )

    await database.transaction(fill)
    assert await database.transaction(lambda c: funds.sweep(c, MORNING + 1, 100)) == 100
    assert await ledger.sweep(MORNING + 1) == 1100


# The pool


async def test_the_pool_is_counted_apart_and_pays_last(
    database: Database, ledger: LedgerRepository
) -> None:
    await ledger.grant(POOL, 4, 99, "", MORNING, expires_at=MORNING + 60)
    await ledger.grant(ACCOUNT, 1, 99, "", MORNING)
    found = await had(database, Quota(1))
    assert (found.balance.lasting, found.balance.pooled, found.balance.spendable) == (1, 4, 6)
    await draw(database, Quota(1), cost=4)
    found = await had(database, Quota(1))
    assert (found.balance.allowance_left, found.balance.lasting, found.balance.pooled) == (0, 0, 2)
    other = await had(database, Quota(0), account=Account(GUILD, BERT))
    assert other.balance.pooled == 2
    assert (await had(database, Quota(0, pool=False))).balance.pooled == 0
    assert await ledger.pool(GUILD, MORNING) == 2
    assert await ledger.pool(GUILD, MORNING + 60) == 0
    assert await ledger.pool(GUILD + 1, MORNING) == 0


async def test_what_the_pool_has_written_off_is_nobodys_fault(
    database: Database, ledger: LedgerRepository
) -> None:
    await ledger.grant(POOL, 4, 99, "", MORNING, expires_at=MORNING + 60)
    await draw(database, Quota(1), MORNING + 61)
    assert "expire" not in [row[0] for row in await book(database)]  # the sweep does it
    assert await ledger.sweep(MORNING + 61) == 1
    assert await database.read(statements.faults) == []


async def test_the_pool_itself_has_no_pool(database: Database, ledger: LedgerRepository) -> None:
    await ledger.grant(POOL, 4, 99, "", MORNING)
    found = await had(database, Quota(0), account=POOL)
    assert (found.balance.lasting, found.balance.pooled) == (4, 0)


# What holdings say


async def test_holdings_name_each_source_and_who_decided(
    database: Database, ledger: LedgerRepository
) -> None:
    await ledger.grant(ACCOUNT, 5, 99, "prize", MORNING, source="pack", expires_at=MORNING + 60)
    await ledger.grant(POOL, 2, 99, "", MORNING)
    claim = Claim(Quota(3, welcome=1))
    holdings = await ledger.holdings(ACCOUNT, claim, MORNING)
    assert [(source, each.left, each.pool) for source, each in holdings.sources] == [
        ("pack", 5, False), ("grant", 2, True), ("welcome", 1, False),
    ]  # fmt: skip
    assert holdings.balance.spendable == 3 + 5 + 2 + 1
    assert holdings.decision.by == {}
    assert holdings.sources[-1][1] == Bucket(0, 1, None)
    assert holdings.tariff.plain() == {}


async def test_a_cap_bounds_what_holdings_and_jobs_may_spend(
    database: Database, ledger: LedgerRepository
) -> None:
    await ledger.grant(ACCOUNT, 50, 99, "", MORNING)
    capped = replace(Quota(3), most=4)
    await draw(database, capped, cost=3)
    found = await had(database, capped)
    assert (found.balance.room, found.balance.spendable, found.balance.bound) == (1, 1, True)
    with pytest.raises(OutOfCredits, match="operator allows 4 a day"):
        await draw(database, capped, cost=2)
