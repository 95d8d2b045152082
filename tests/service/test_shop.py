"""What somebody can buy and has, and where it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import assortment_of
from bot.domain.erasure import Erasure
from bot.domain.errors import SettingsError, StoreUnavailable
from bot.domain.people import Account
from bot.domain.quota import Quota, QuotaSetting
from bot.domain.shop import Assortment, Entitlement, Pack, Possession, Span
from bot.service.rules import Rules
from bot.service.shop import Counter, GivenBack, Granted
from bot.settings import Settings
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, House
from tests.kit.values import ANNA, BERT, GUILD

SOLD = Pack(5, Span(12))
ASSORTMENT = Assortment({101: SOLD}, {102: "Patron"})
BOUGHT = Entitlement(1001, 101, ANNA)
GRANTED = Granted(1001, Account(GUILD, ANNA), SOLD)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    rules = Rules(quota=Quota(0), dm_quota=Quota(0), assortment=ASSORTMENT)
    async with House(tmp_path, automatic=True, rules=rules) as opened:
        await opened.service.shop.begin()
        yield opened


async def test_what_the_counter_shows(house: House) -> None:
    shop = house.service.shop
    assert shop.open
    nothing = Possession((), 0, (), {})
    assert await shop.counter(ANNA_ASKS, GUILD) == Counter(GUILD, ASSORTMENT, nothing, True)
    assert await shop.take(BOUGHT) == GRANTED
    await shop.take(Entitlement(1002, 102, ANNA))
    has = (await shop.counter(ANNA_ASKS, GUILD)).possession
    assert [each.left for each in has.packs] == [5]
    assert has.plans == {"Patron": None}
    assert (await shop.counter(BERT_ASKS, GUILD)).possession == nothing
    assert await house.credits() == (5, 0)


async def test_what_waits_is_granted_where_its_buyer_comes_next(house: House) -> None:
    shop = house.service.shop
    assert await shop.take(BOUGHT) is None
    assert (await shop.counter(ANNA_ASKS, 0)).possession.waiting == (101,)
    # Nobody else brings it in, and neither do direct messages where nothing is drawn.
    assert await shop.arrive(BERT, GUILD, []) == []
    assert await shop.arrive(ANNA, 0, []) == []
    assert await shop.arrive(ANNA, GUILD, [BOUGHT]) == [GRANTED]
    assert await shop.arrive(ANNA, GUILD, [BOUGHT]) == []
    assert await house.credits() == (5, 0)


async def test_what_waits_is_remembered_by_the_next_run(house: House) -> None:
    await house.service.shop.take(BOUGHT)
    await house.restart()
    await house.service.shop.begin()
    assert await house.service.shop.arrive(ANNA, GUILD, []) == [GRANTED]


async def test_an_interaction_tells_of_what_nobody_told_before(house: House) -> None:
    assert await house.service.shop.arrive(ANNA, GUILD, [BOUGHT]) == [GRANTED]
    given_back = await house.service.shop.take(replace(BOUGHT, deleted=True))
    assert given_back == GivenBack(1001, 5, 0)
    assert await house.credits() == (0, 0)


async def test_direct_messages_are_a_place_where_drawing_is_allowed(tmp_path: Path) -> None:
    rules = Rules(assortment=ASSORTMENT)
    async with House(tmp_path, rules=rules) as house:
        counter = await house.service.shop.counter(ANNA_ASKS, 0)
        assert counter.place
        assert await house.service.shop.take(BOUGHT) == replace(GRANTED, account=Account(0, ANNA))


async def test_other_things_that_the_application_sells_are_left_alone(house: House) -> None:
    shop, other = house.service.shop, Entitlement(5, 999, ANNA)
    assert await shop.take(other) is None
    assert await shop.take(replace(other, deleted=True)) is None
    assert not await house.parts.entitlements.known(5)


async def test_a_pack_that_is_not_sold_any_more_is_given_back_all_the_same(house: House) -> None:
    await house.service.shop.arrive(ANNA, GUILD, [BOUGHT])
    house.rules = replace(house.rules, assortment=Assortment({7: SOLD}))
    await house.restart()
    assert await house.service.shop.take(replace(BOUGHT, deleted=True)) == GivenBack(1001, 5, 0)


@pytest.mark.parametrize("code", ["locked", "full", "read_only"])
async def test_what_the_database_refuses_is_taken_when_it_is_told_again(
    house: House, code: str
) -> None:
    await house.service.shop.counter(ANNA_ASKS, GUILD)
    house.database.refuse(code, "EntitlementRepository.take")
    with pytest.raises(StoreUnavailable):
        await house.service.shop.take(BOUGHT)
    house.database.calm()
    assert await house.service.shop.take(BOUGHT) == GRANTED
    assert await house.service.shop.take(BOUGHT) is None


async def test_being_forgotten_brings_no_pack_twice(house: House) -> None:
    shop = house.service.shop
    await shop.counter(ANNA_ASKS, GUILD)
    await shop.take(BOUGHT)
    await house.parts.erasures.begin(Erasure("user", ANNA, house.clock()))
    await house.restart()
    assert await house.service.shop.take(BOUGHT, listed=True) is None
    assert await house.credits() == (5, 0)
    words = await house.database.read(
        lambda c: c.execute("SELECT reason FROM ledger UNION SELECT user_id FROM shop_visits")
        .fetchall()
    )  # fmt: skip
    assert [row[0] for row in words] == [""]


async def test_a_server_that_is_forgotten_keeps_packs_alone(house: House) -> None:
    shop = house.service.shop
    await shop.counter(ANNA_ASKS, GUILD)
    await shop.take(BOUGHT)
    await shop.take(Entitlement(1002, 102, ANNA, GUILD))
    await house.parts.departures.reconcile((), house.clock())
    left = await house.parts.departures.before(house.clock() + 1)
    assert [each.owner for each in left] == [GUILD]
    # Where it was removed from nothing that is bought from then on is spent.
    assert await shop.take(replace(BOUGHT, id=1003)) is None
    await house.parts.erasures.begin(left[0])
    assert await house.parts.entitlements.known(1001)
    assert not await house.parts.entitlements.known(1002)


def test_an_sku_is_one_thing_and_they_fit_under_a_message() -> None:
    packs = {number: SOLD for number in range(1, 21)}
    assert len(assortment_of(Settings(shop_packs=packs)).skus) == 20
    with pytest.raises(SettingsError, match="SHOP_PLANS has 7, which SHOP_PACKS has too"):
        assortment_of(Settings(shop_packs=packs, shop_plans={7: "Patron"}))
    plans = dict.fromkeys(range(50, 56), "Patron")
    with pytest.raises(SettingsError, match="26 SKUs together; Discord shows 25"):
        assortment_of(Settings(shop_packs=packs, shop_plans=plans))


async def test_a_plan_that_is_sold_is_the_servers_of_that_name_in_any_case(house: House) -> None:
    await house.service.shop.take(Entitlement(1002, 102, ANNA))
    await house.service.plans.save(ADMIN_ASKS, GUILD, "patron", QuotaSetting(credits=9))
    assert await house.credits() == (9, 0)


async def test_a_preset_that_is_sold_is_known_in_any_case(tmp_path: Path) -> None:
    rules = Rules(quota=Quota(0), assortment=Assortment({}, {102: "pro", 103: "PRO"}))
    async with House(tmp_path, rules=rules) as house:
        await house.service.shop.begin()
        await house.service.shop.take(Entitlement(1002, 102, ANNA))
        assert await house.credits() == (1800, 0)


async def test_a_servers_plan_is_back_with_the_bot_after_the_server_was_forgotten(
    tmp_path: Path,
) -> None:
    rules = Rules(quota=Quota(0), assortment=Assortment({}, {102: "Pro"}))
    async with House(tmp_path, rules=rules) as house:
        shop, bought = house.service.shop, Entitlement(1001, 102, ANNA, GUILD)
        await shop.begin()
        await shop.take(bought, listed=True)
        for again in (shop.take(bought, listed=True), shop.arrive(BERT, GUILD, [bought])):
            await house.parts.erasures.begin(Erasure("server", GUILD, house.clock()))
            assert await house.credits(BERT_ASKS) == (0, 0)
            await again
            assert await house.credits(BERT_ASKS) == (1800, 0)
