"""What was bought: credits once for each entitlement, taken back once, plans while they run."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.errors import OutOfCredits
from bot.domain.people import Account
from bot.domain.quota import Claim, Quota
from bot.domain.shop import GRACE_S, Assortment, Entitlement, Pack, Span
from bot.storage import entries
from bot.storage.database import Database
from bot.storage.entitlements import (
    VISIT_S,
    EntitlementRepository,
    GivenBack,
    Granted,
    Owed,
    plans_of,
)
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from tests.kit import blank
from tests.kit.values import ANNA, BERT, GUILD, MORNING, a_job

PACK, PLAN, CLUB = 101, 102, 103
SOLD = Pack(5, Span(12))
HERE = Account(GUILD, ANNA)
BOUGHT = Entitlement(1001, PACK, ANNA)
BROKE = Quota(credits=0, running=50, waiting=50)
YEAR_LATER = 1_811_836_800.0  # 2027-06-01 08:00 UTC
ASSORTMENT = Assortment({PACK: SOLD}, {PLAN: "Patron", CLUB: "Club"})


@pytest.fixture
def bought(database: Database) -> EntitlementRepository:
    return EntitlementRepository(database)


@pytest.fixture
async def open_shop(bought: EntitlementRepository) -> EntitlementRepository:
    """Anna has opened the shop on the server."""
    await bought.visit(HERE, MORNING)
    return bought


async def lasting(database: Database, account: Account = HERE, now: float = MORNING) -> int:
    return (await LedgerRepository(database).balance(account, BROKE, now)).lasting


async def written(database: Database) -> list[tuple[str, int]]:
    return await database.read(
        lambda c: [tuple(row) for row in c.execute("SELECT kind, amount FROM ledger ORDER BY id")]
    )


async def draw(database: Database, now: float = MORNING) -> str:
    """A job of Anna's that is paid by her packs."""
    job = a_job(now=now)
    await JobRepository(database).submit([job], Claim(BROKE), 1000)
    return job.id


async def end(database: Database, job: str, state: str) -> None:
    close = entries.capture if state == "succeeded" else entries.release

    def run(connection: Any) -> None:
        connection.execute("UPDATE jobs SET state = ? WHERE id = ?", (state, job))
        close(connection, job, MORNING)

    await database.transaction(run)


async def test_credits_come_once_and_last_a_year(
    database: Database, open_shop: EntitlementRepository
) -> None:
    outcome = await open_shop.take(BOUGHT, SOLD, MORNING)
    assert outcome == Granted(BOUGHT.id, HERE, SOLD)
    for again in (BOUGHT, BOUGHT, replace(BOUGHT, starts_at=MORNING)):
        assert await open_shop.take(again, SOLD, MORNING + 1) is None
        assert await open_shop.take(again, SOLD, MORNING + 1, listed=True) is None
    assert await written(database) == [("grant", 5)]
    assert await lasting(database, now=YEAR_LATER - 1) == 5
    assert await lasting(database, now=YEAR_LATER) == 0


async def test_two_at_once_grant_once(database: Database, open_shop: EntitlementRepository) -> None:
    other = EntitlementRepository(await Database.open(database.path))
    outcomes = await asyncio.gather(
        *(each.take(BOUGHT, SOLD, MORNING) for each in (open_shop, other) * 10)
    )
    await other._database.close()
    assert [outcome for outcome in outcomes if outcome] == [Granted(BOUGHT.id, HERE, SOLD)]
    assert await lasting(database) == 5


async def test_each_entitlement_is_a_pack_of_its_own(
    database: Database, open_shop: EntitlementRepository
) -> None:
    for number in range(3):
        await open_shop.take(replace(BOUGHT, id=BOUGHT.id + number), SOLD, MORNING + number)
    assert await lasting(database) == 15
    await open_shop.take(replace(BOUGHT, deleted=True), SOLD, MORNING + 9)
    assert await lasting(database) == 10


async def test_a_pack_waits_until_a_place_is_known(
    database: Database, bought: EntitlementRepository
) -> None:
    assert await bought.take(BOUGHT, SOLD, MORNING) is None
    assert await bought.waiting({PACK: SOLD}) == {ANNA}
    assert await bought.waiting({}) == set()
    assert await bought.due(MORNING) is None
    elsewhere = Account(GUILD + 1, ANNA)
    assert await bought.settle(Account(GUILD, BERT), {PACK: SOLD}, MORNING) == []
    granted = await bought.settle(elsewhere, {PACK: SOLD}, MORNING)
    assert granted == [Granted(BOUGHT.id, elsewhere, SOLD)]
    assert await bought.settle(HERE, {PACK: SOLD}, MORNING) == []
    assert (await lasting(database), await lasting(database, elsewhere)) == (0, 5)
    assert await bought.waiting({PACK: SOLD}) == set()


async def test_where_the_shop_was_opened_counts_for_a_day(
    database: Database, open_shop: EntitlementRepository
) -> None:
    assert await open_shop.take(BOUGHT, SOLD, MORNING + VISIT_S) is None
    await open_shop.visit(Account(GUILD + 1, ANNA), MORNING + VISIT_S)
    again = await open_shop.take(BOUGHT, SOLD, MORNING + VISIT_S + 1)
    assert isinstance(again, Granted)
    assert again.account == Account(GUILD + 1, ANNA)


async def test_what_a_server_has_is_the_account_there(
    database: Database, open_shop: EntitlementRepository
) -> None:
    outcome = await open_shop.take(replace(BOUGHT, guild=77), SOLD, MORNING)
    assert outcome == Granted(BOUGHT.id, Account(77, ANNA), SOLD)
    assert await open_shop.take(Entitlement(1002, PACK, 0, 77), SOLD, MORNING) is None


async def test_what_was_consumed_before_us_is_not_granted(
    database: Database, open_shop: EntitlementRepository
) -> None:
    assert await open_shop.take(replace(BOUGHT, consumed=True), SOLD, MORNING) is None
    assert await open_shop.take(BOUGHT, SOLD, MORNING) is None
    assert await written(database) == []


async def test_given_back_before_anything_was_spent(
    database: Database, open_shop: EntitlementRepository
) -> None:
    await open_shop.take(BOUGHT, SOLD, MORNING)
    back = await open_shop.take(replace(BOUGHT, deleted=True), SOLD, MORNING + 1)
    assert back == GivenBack(BOUGHT.id, taken=5, written_off=0)
    assert await open_shop.take(replace(BOUGHT, deleted=True), SOLD, MORNING + 2) is None
    # A late word of the purchase brings nothing back.
    assert await open_shop.take(BOUGHT, SOLD, MORNING + 3, listed=True) is None
    assert await written(database) == [("grant", 5), ("grant", -5)]
    assert await lasting(database) == 0


async def test_given_back_after_some_was_spent(
    database: Database, open_shop: EntitlementRepository
) -> None:
    await open_shop.take(BOUGHT, SOLD, MORNING)
    for state in ("succeeded", "failed"):
        await end(database, await draw(database), state)
    under_way = await draw(database)
    back = await open_shop.take(replace(BOUGHT, deleted=True), None, MORNING + 1)
    assert back == GivenBack(BOUGHT.id, taken=3, written_off=2)
    assert (await written(database))[-2:] == [("grant", 2), ("grant", -5)]
    assert await lasting(database) == 0
    # What was under way and fails comes back into a pack that is over.
    await end(database, under_way, "failed")
    assert await lasting(database, now=MORNING + 1) == 0
    with pytest.raises(OutOfCredits):
        await draw(database, MORNING + 2)
    assert await balance_of_packs(database) == [1]


async def balance_of_packs(database: Database) -> list[int]:
    return await database.read(
        lambda c: [row[0] for row in c.execute("SELECT balance FROM buckets ORDER BY id")]
    )


async def test_given_back_before_it_was_known_or_placed(
    database: Database, bought: EntitlementRepository
) -> None:
    assert await bought.take(replace(BOUGHT, deleted=True), SOLD, MORNING) is None
    assert await bought.take(BOUGHT, SOLD, MORNING) is None
    waiting = replace(BOUGHT, id=1002)
    await bought.take(waiting, SOLD, MORNING)
    await bought.take(replace(waiting, deleted=True), SOLD, MORNING)
    assert await bought.settle(HERE, {PACK: SOLD}, MORNING) == []
    assert await written(database) == []


async def test_what_was_granted_is_due_until_discord_knows(
    open_shop: EntitlementRepository,
) -> None:
    await open_shop.take(BOUGHT, SOLD, MORNING)
    await open_shop.take(replace(BOUGHT, id=1002), SOLD, MORNING)
    first = await open_shop.due(MORNING)
    assert first == Owed(1001, 0)
    await open_shop.postpone(first, MORNING + 60)
    assert await open_shop.due(MORNING) == Owed(1002, 0)
    await open_shop.consumed(1002)
    assert await open_shop.due(MORNING + 59) is None
    assert await open_shop.due(MORNING + 60) == Owed(1001, 1)
    await open_shop.take(replace(BOUGHT, consumed=True), SOLD, MORNING)
    assert await open_shop.due(MORNING + 60) is None


async def test_what_was_given_back_needs_no_consuming(open_shop: EntitlementRepository) -> None:
    await open_shop.take(BOUGHT, SOLD, MORNING)
    await open_shop.take(replace(BOUGHT, deleted=True), SOLD, MORNING)
    assert await open_shop.due(MORNING) is None


async def test_what_somebody_has(database: Database, open_shop: EntitlementRepository) -> None:
    await open_shop.sell(ASSORTMENT.plans)
    await open_shop.take(BOUGHT, SOLD, MORNING)
    await draw(database)
    await open_shop.take(replace(BOUGHT, id=1002, guild=77), SOLD, MORNING)
    await open_shop.take(Entitlement(1003, PLAN, ANNA), None, MORNING)
    has = await open_shop.possession(HERE, ASSORTMENT, MORNING)
    assert [(each.sku, each.left, each.ends_at) for each in has.packs] == [(PACK, 4, YEAR_LATER)]
    assert (has.elsewhere, has.waiting, has.plans) == (5, (), {"Patron": None})
    later = await open_shop.possession(HERE, ASSORTMENT, YEAR_LATER)
    assert (later.packs, later.elsewhere) == ((), 0)


async def plans(database: Database, user: int = ANNA, guild: int = GUILD, now=MORNING) -> list[str]:
    return await database.read(lambda c: plans_of(c, user, guild, now))


async def test_a_plan_holds_while_its_subscription_runs(
    database: Database, bought: EntitlementRepository
) -> None:
    await bought.sell(ASSORTMENT.plans)
    runs = Entitlement(1, PLAN, ANNA, starts_at=MORNING)
    await bought.take(runs, None, MORNING)
    assert await plans(database) == ["Patron"]
    assert await plans(database, guild=0) == ["Patron"]
    assert await plans(database, user=BERT) == []
    assert await plans(database, now=MORNING - 1) == []
    ended = replace(runs, ends_at=MORNING + 100)
    await bought.take(ended, None, MORNING)
    await bought.take(runs, None, MORNING)  # late
    assert await plans(database, now=MORNING + 99 + GRACE_S) == ["Patron"]
    assert await plans(database, now=MORNING + 100 + GRACE_S) == []
    # A list knows better.
    await bought.take(runs, None, MORNING, listed=True)
    assert await plans(database, now=MORNING + 100 + GRACE_S) == ["Patron"]
    await bought.take(replace(runs, deleted=True), None, MORNING)
    assert await plans(database) == []


async def test_a_plan_of_a_server_is_everybody_s_there(
    database: Database, bought: EntitlementRepository
) -> None:
    await bought.sell(ASSORTMENT.plans)
    await bought.take(Entitlement(1, CLUB, ANNA, GUILD), None, MORNING)
    await bought.take(Entitlement(2, PLAN, BERT), None, MORNING)
    assert await plans(database, user=BERT) == ["Club", "Patron"]
    assert await plans(database, user=BERT, guild=GUILD + 1) == ["Patron"]
    # Who bought it has it there, too, and nowhere else.
    assert await plans(database) == ["Club"]
    assert await plans(database, guild=0) == []


async def test_what_is_not_sold_any_more_is_no_plan(
    database: Database, bought: EntitlementRepository
) -> None:
    await bought.sell({PLAN: "Patron", CLUB: "Patron"})
    await bought.take(Entitlement(1, PLAN, ANNA), None, MORNING)
    await bought.take(Entitlement(2, CLUB, ANNA, ends_at=MORNING + 9), None, MORNING)
    assert await plans(database) == ["Patron"]
    has = await bought.possession(HERE, ASSORTMENT, MORNING)
    assert has.plans == {"Patron": None}
    await bought.sell({CLUB: "Patron"})
    has = await bought.possession(HERE, ASSORTMENT, MORNING)
    assert has.plans == {"Patron": MORNING + 9}
    await bought.sell({})
    assert await plans(database) == []


DEEDS = st.lists(
    st.sampled_from(["told", "listed", "consumed", "given back", "opened", "arrived", "draw"])
    | st.sampled_from(["succeeded", "failed"]),
    min_size=5,
    max_size=40,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=DEEDS, numbers=st.lists(st.integers(0, 2), min_size=40, max_size=40))
async def test_whatever_comes_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[str], numbers: list[int]
) -> None:
    """Three packs; each is granted once at most, and never spendable after it was given back."""
    folder: Path = tmp_path_factory.mktemp("books")
    database = await Database.open(blank.put(folder / "easel.sqlite3"))
    try:
        await play(database, list(zip(deeds, numbers, strict=False)))
    finally:
        await database.close()


async def play(database: Database, deeds: list[tuple[str, int]]) -> None:
    bought = EntitlementRepository(database)
    granted, back, jobs = [], [], []
    for moment, (deed, number) in enumerate(deeds, int(MORNING)):
        it = Entitlement(1000 + number, PACK, ANNA)
        outcome: list[Any] = []
        match deed:
            case "told" | "listed":
                outcome = [await bought.take(it, SOLD, moment, listed=deed == "listed")]
            case "consumed":
                outcome = [await bought.take(replace(it, consumed=True), SOLD, moment)]
            case "given back":
                outcome = [await bought.take(replace(it, deleted=True), SOLD, moment)]
            case "opened":
                await bought.visit(HERE, moment)
            case "arrived":
                outcome = [*await bought.settle(HERE, {PACK: SOLD}, moment)]
            case "draw":
                try:
                    jobs.append(await draw(database, moment))
                except OutOfCredits:
                    assert await lasting(database, now=moment) == 0
            case _ if jobs:
                await end(database, jobs.pop(number % len(jobs)), deed)
        granted += [each.entitlement for each in outcome if isinstance(each, Granted)]
        back += [each for each in outcome if isinstance(each, GivenBack)]
        await check(database, granted, back)


async def check(database: Database, granted: list[int], back: list[GivenBack]) -> None:
    gone = [each.entitlement for each in back]
    assert len(set(granted)) == len(granted)
    assert len(set(gone)) == len(gone)
    assert {*gone} <= {*granted}
    assert all(each.taken + each.written_off == SOLD.credits for each in back)
    rows = await database.read(
        lambda c: c.execute(
            "SELECT e.id, b.balance, b.expires_at, (SELECT SUM(amount) FROM ledger l"
            " WHERE l.bucket_id = b.id) AS written FROM buckets b"
            " JOIN entitlements e ON e.bucket_id = b.id"
        ).fetchall()
    )
    assert sorted(row["id"] for row in rows) == sorted(granted)
    assert all(row["balance"] == row["written"] >= 0 for row in rows)
    spendable = sum(row["balance"] for row in rows if row["id"] not in gone)
    assert await lasting(database, now=MORNING + 1000) == spendable
    assert await count(database) == len({*itertools.chain(granted)})


async def count(database: Database) -> int:
    [found] = await database.read(
        lambda c: c.execute("SELECT COUNT(*) FROM buckets WHERE source = 'pack'").fetchone()
    )
    return found
