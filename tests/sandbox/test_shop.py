"""SKUs and entitlements: what can be bought, what the bot is told, what the API refuses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.sandbox import ApiError, MovableClock, Refused, Sandbox
from bot.sandbox.people.customer import Customer
from bot.sandbox.world.first import BOT_ID, GUILD_ID
from bot.sandbox.world.goods import CONSUMABLE, DURABLE, SUBSCRIPTION
from bot.sandbox.world.shop import MONTH_S, Shop
from tests.kit.robots import Api, Robot, Running
from tests.kit.sandbox import clock_of, heard

PACK, PLAN, SERVER_PLAN, LASTING = (
    "1200000000000000301", "1200000000000000304", "1200000000000000305", "1200000000000000306",
)  # fmt: skip
BASE = f"/applications/{BOT_ID}"


@pytest.fixture
def shop(closed: Sandbox) -> Shop:
    return closed.world.shop


@pytest.fixture
def mia(closed: Sandbox) -> Customer:
    return closed.person("Mia").customer


@pytest.fixture
def noah(closed: Sandbox) -> Customer:
    return closed.person("Noah").customer


def test_a_pack_is_bought_again_once_it_was_consumed(shop: Shop, mia: Customer) -> None:
    first = mia.buy("115 grids")
    assert (first.user_id, first.guild_id, first.type) == (mia._user_id, None, 1)
    with pytest.raises(Refused, match="waits to be taken in"):
        mia.buy("115 grids")
    mia.buy("500 grids")
    shop.consume(first.id)
    assert mia.buy("115 grids").id != first.id


def test_in_test_mode_a_pack_is_bought_again_at_once(mia: Customer) -> None:
    kinds = [mia.buy("115 grids", test_mode=True).type for _ in range(2)]
    assert kinds == [4, 4]


def test_what_lasts_is_bought_once_unless_it_was_given_back(shop: Shop, mia: Customer) -> None:
    owned = mia.buy("Patron for ever")
    with pytest.raises(Refused, match="own that already"):
        mia.buy("Patron for ever")
    shop.refund(owned)
    assert mia.buy("Patron for ever").active(clock_of_shop(shop))
    with pytest.raises(Refused, match="given back already"):
        shop.refund(owned)


def clock_of_shop(shop: Shop) -> float:
    return shop._clock()


def test_what_is_not_available_is_not_sold(shop: Shop, mia: Customer) -> None:
    with pytest.raises(Refused, match="not for sale"):
        mia.buy("25 grids of last year")
    with pytest.raises(Refused, match="not for sale"):
        mia.buy("1")
    extra = shop.add("Extra")
    mia.buy(extra.id)
    shop.withdraw(extra)
    assert mia.own("Extra").active(clock_of_shop(shop))


def test_a_subscription_renews_until_it_is_cancelled(closed: Sandbox, mia: Customer) -> None:
    shop, clock, news = closed.world.shop, clock_of(closed), heard(closed)
    plan = mia.buy("Patron")
    with pytest.raises(Refused, match="subscribed"):
        mia.buy("Patron")
    clock.advance(2.5 * MONTH_S)
    assert [each.ends_at for each in shop.all()] == [None]
    mia.do("cancel", plan.id)
    assert plan.active(clock())
    clock.advance(MONTH_S)
    assert [each.ends_at for each in shop.all()] == [pytest.approx(clock() - MONTH_S / 2)]
    # The bot hears of the end and not that it was cancelled.
    told = [each.name for each in news if each.name.startswith("ENTITLEMENT")]
    assert told == ["ENTITLEMENT_CREATE", "ENTITLEMENT_UPDATE"]
    assert mia.buy("Patron").id != plan.id


def test_a_cancelled_subscription_can_be_resumed(closed: Sandbox, mia: Customer) -> None:
    plan = mia.buy("Patron")
    mia.do("cancel", plan.id)
    mia.do("resume", plan.id)
    clock_of(closed).advance(2 * MONTH_S)
    assert closed.world.shop.all()[0].ends_at is None
    mia.do("end", plan.id)
    assert not plan.active(clock_of(closed)())
    with pytest.raises(Refused, match="no subscription that runs"):
        mia.do("cancel", plan.id)


def test_one_member_buys_for_all_of_a_server(shop: Shop, mia: Customer, noah: Customer) -> None:
    bought = mia.buy("Patron server")
    assert (bought.user_id, bought.guild_id) == (mia._user_id, GUILD_ID)
    with pytest.raises(Refused, match="subscribed"):
        noah.buy("Patron server")
    assert shop.active(noah._user_id, GUILD_ID) == [bought]
    assert shop.active(noah._user_id, None) == []


def test_nobody_touches_what_is_another_s(mia: Customer, noah: Customer) -> None:
    plan = mia.buy("Patron")
    with pytest.raises(Refused, match="not yours"):
        noah.do("cancel", plan.id)


def test_the_owner_sees_what_everybody_bought(closed: Sandbox, shop: Shop, mia: Customer) -> None:
    pack = mia.buy("115 grids")
    mia.buy("Patron")
    assert mia.seen()["sales"] is None
    assert [each["state"] for each in mia.seen()["owned"]] == ["renewing", "waiting"]
    shop.consume(pack.id)
    shop.refund(mia.own("Patron"))
    sales = closed.person("Ada").customer.seen()["sales"]
    assert [(each["user_id"], each["state"]) for each in sales] == [
        (mia._user_id, "refunded"),
        (mia._user_id, "consumed"),
    ]
    assert closed.person("Ada").customer.seen()["owned"] == []


def test_test_entitlements_are_for_subscriptions(shop: Shop, mia: Customer) -> None:
    def code(sku: str, owner: str, kind: int) -> int:
        with pytest.raises(ApiError) as refused:
            shop.grant_test(sku, owner, kind)
        return refused.value.code

    made = shop.grant_test(PLAN, mia._user_id, 2)
    assert "starts_at" not in made.json()
    assert code(PLAN, mia._user_id, 2) == 40074
    assert code("1", mia._user_id, 2) == 10027
    assert code(PACK, mia._user_id, 2) == 50057
    assert code(PLAN, GUILD_ID, 1) == 50057
    assert shop.grant_test(SERVER_PLAN, GUILD_ID, 1).guild_id == GUILD_ID
    shop.delete_test(made.id)
    with pytest.raises(ApiError, match="10029"):
        shop.delete_test(made.id)
    with pytest.raises(ApiError, match="40019"):
        shop.delete_test(mia.buy("Patron").id)


@pytest.fixture
async def robot(sandbox: Sandbox, run: Running) -> Robot:
    made = Robot()

    @made.tree.command(description="What I have")
    async def mine(interaction: discord.Interaction) -> None:
        held = ",".join(str(each.sku_id) for each in interaction.entitlements)
        await interaction.response.send_message(held or "nothing")

    @made.tree.command(description="Buy it")
    @app_commands.describe(sku="Which")
    async def offer(interaction: discord.Interaction, sku: str) -> None:
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(sku_id=int(sku)))
        await interaction.response.send_message("buy", view=view)

    return await run(made)


async def test_discord_py_lists_skus_and_entitlements(sandbox: Sandbox, robot: Robot) -> None:
    skus = {sku.name: sku for sku in await robot.fetch_skus() if sku.type.value != 6}
    assert skus["115 grids"].type.value == CONSUMABLE
    assert skus["115 grids"].flags.available
    assert not skus["25 grids of last year"].flags.available
    assert skus["Patron"].type.value == SUBSCRIPTION
    assert skus["Patron server"].flags.guild_subscription
    assert skus["Patron for ever"].type.value == DURABLE
    customer = sandbox.person("Mia").customer
    bought = [customer.buy("115 grids", test_mode=True) for _ in range(3)]
    listed = [each async for each in robot.entitlements(limit=None)]
    assert [str(each.id) for each in listed] == [each.id for each in bought]
    await listed[0].consume()
    await listed[0].consume()
    assert [(await robot.fetch_entitlement(each.id)).consumed for each in listed] == [
        True, False, False,
    ]  # fmt: skip


async def test_the_gateway_and_interactions_tell_of_them(sandbox: Sandbox, robot: Robot) -> None:
    mia, noah = sandbox.person("Mia"), sandbox.person("Noah")
    plan = mia.customer.buy("Patron")
    await robot.until("entitlement_create")
    [[created]] = robot.seen("entitlement_create")
    assert (str(created.id), created.sku_id, created.ends_at) == (plan.id, int(PLAN), None)
    assert await said(mia) == PLAN
    assert await said(noah) == "nothing"
    mia.customer.do("end", plan.id)
    await robot.until("entitlement_update")
    [[ended]] = robot.seen("entitlement_update")
    assert ended.is_expired()
    assert ended.ends_at <= dt.datetime.now(dt.UTC)
    assert await said(mia) == "nothing"
    mia.customer.do("refund", plan.id)
    await robot.until("entitlement_delete")
    [[deleted]] = robot.seen("entitlement_delete")
    assert deleted.deleted


async def said(person: Any) -> str:
    asked = await person.slash("mine")
    return (await asked.ack())["data"]["content"]


async def test_a_premium_button_stands_under_a_message(sandbox: Sandbox, robot: Robot) -> None:
    mia = sandbox.person("Mia")
    asked = await mia.slash("offer", sku=PACK)
    await asked.ack()
    assert asked.original is not None
    [row] = asked.original["components"]
    [button] = row["components"]
    assert (button["style"], button["sku_id"]) == (6, PACK)
    with pytest.raises(Refused, match="no button"):
        await mia.click(asked.original, "115 grids")


@pytest.mark.parametrize("sku", ["1", "1200000000000000307", "1200000000000000303"])
async def test_premium_buttons_offer_what_is_for_sale(api: Api, imagine: str, sku: str) -> None:
    button = {"type": 2, "style": 6, "sku_id": sku}
    body = {"content": "buy", "components": [{"type": 1, "components": [button]}]}
    assert (await api("POST", f"{imagine}/messages", body)).error == (400, 50035)


async def test_entitlements_are_filtered_and_paged(
    sandbox: Sandbox, api: Api, clock: MovableClock
) -> None:
    mia, noah = (sandbox.person(name).customer for name in ("Mia", "Noah"))
    packs = [mia.buy("115 grids", test_mode=True).id for _ in range(3)]
    plan, server = noah.buy("Patron"), mia.buy("Patron server")
    noah.do("end", plan.id)
    sandbox.world.shop.refund(sandbox.world.shop.find(packs[0]))

    async def listed(query: str) -> list[str]:
        return [each["id"] for each in (await api("GET", f"{BASE}/entitlements?{query}")).body]

    assert await listed("") == [*packs[1:], plan.id, server.id]
    assert await listed("exclude_deleted=false") == [*packs, plan.id, server.id]
    assert await listed("exclude_ended=1") == [*packs[1:], server.id]
    assert await listed(f"user_id={plan.user_id}") == [plan.id]
    assert await listed(f"guild_id={GUILD_ID}") == [server.id]
    assert await listed(f"sku_ids={PLAN},{SERVER_PLAN}") == [plan.id, server.id]
    assert await listed(f"after={packs[1]}&limit=1") == [packs[2]]
    assert await listed(f"before={server.id}&limit=1") == [plan.id]


async def test_requests_that_make_no_sense_are_refused(sandbox: Sandbox, api: Api) -> None:
    mia = sandbox.person("Mia")
    plan = mia.customer.buy("Patron for ever")
    wrong = ("limit=0", "limit=101", "limit=x", "after=me", "sku_ids=a", "exclude_ended=maybe")
    for query in wrong:
        assert (await api("GET", f"{BASE}/entitlements?{query}")).error == (400, 50035)
    assert (await api("GET", "/applications/1/skus")).error == (403, 20012)
    assert (await api("POST", f"{BASE}/entitlements/1/consume")).error == (404, 10029)
    assert (await api("POST", f"{BASE}/entitlements/{plan.id}/consume")).error == (400, 50057)
    assert (await api("DELETE", f"{BASE}/entitlements/{plan.id}")).error == (403, 40019)
    body = {"sku_id": PLAN, "owner_id": mia.id, "owner_type": 2}
    assert (await api("POST", f"{BASE}/entitlements", body | {"owner_type": 3})).error[1] == 50035
    assert (await api("POST", f"{BASE}/entitlements", body | {"owner_id": "1"})).error[1] == 10013
    made = await api("POST", f"{BASE}/entitlements", body)
    assert "ends_at" not in made.body
    assert (await api("DELETE", f"{BASE}/entitlements/{made.body['id']}")).status == 204
    assert (await api("GET", f"{BASE}/entitlements/{made.body['id']}")).body["deleted"]
