"""Buying through Discord: credits once, consumed once, given back once, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import StoreUnavailable
from bot.domain.shop import Pack, Span
from bot.engine.seam import Executor
from bot.sandbox import Entitlement, Sandbox
from bot.storage.entitlements import EntitlementRepository, plans_of
from tests.kit import books
from tests.kit.easel import Easel, Gate, running, settings_for
from tests.kit.messages import text_of
from tests.kit.process import BotProcess
from tests.kit.scene import Scene

PACK, PLAN, SERVER_PLAN = 1200000000000000301, 1200000000000000304, 1200000000000000305
CONSUME = r"^/applications/\d+/entitlements/\d+/consume$"
SELLING: dict[str, Any] = {
    "shop_packs": {PACK: Pack(115, Span(12))},
    "shop_plans": {PLAN: "Patron", SERVER_PLAN: "Club"},
    "credits": 0,
}
ROWS = "SELECT id FROM entitlements"
LEFT = "SELECT guild_id, user_id, balance FROM buckets WHERE source = 'pack' ORDER BY id"


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> AsyncIterator[Easel]:
    async with running(sandbox, settings_for(sandbox, tmp_path, **SELLING), quick) as one:
        yield one


async def shop(scene: Scene, **where: Any) -> str:
    """What the shop says to somebody who opens it."""
    asked = await scene.slash("shop", **where)
    await asked.ack()
    await scene.sandbox.wait_for(lambda: asked.original and asked.original["embeds"])
    assert asked.original is not None
    return text_of(asked.original)


async def consumed(sandbox: Sandbox, *bought: Entitlement) -> None:
    await sandbox.wait_for(lambda: all(each.consumed for each in bought))


async def written(folder: Path, query: str, count: int = 1) -> None:
    """Return when the database has so many such rows."""
    while len(await asyncio.to_thread(books.rows, folder, query)) < count:
        await books.rest()


def left(folder: Path) -> list[tuple[int, int, int]]:
    return [tuple(row) for row in books.rows(folder, LEFT)]


async def test_a_pack_goes_to_the_server_where_the_shop_was_opened(
    easel: Easel, sandbox: Sandbox, mia: Scene, tmp_path: Path
) -> None:
    asked = await mia.slash("shop")
    await asked.ack()
    await sandbox.wait_for(lambda: asked.original and asked.original["embeds"])
    assert asked.original is not None
    buttons = [each for row in asked.original["components"] for each in row["components"]]
    assert [(each["style"], each["sku_id"]) for each in buttons] == [
        (6, str(PACK)), (6, str(PLAN)), (6, str(SERVER_PLAN)),
    ]  # fmt: skip
    text = text_of(asked.original)
    assert "115 grids that last 1 year" in text
    assert "Nothing so far." in text
    assert "on this server" in text
    bought = mia.person.customer.buy("115 grids")
    await consumed(sandbox, bought)
    assert left(tmp_path) == [(int(sandbox.world.guild.id), int(mia.id), 115)]
    # The open shop shows it by itself.
    await sandbox.wait_for(lambda: "115 grids of 115 grids until" in text_of(asked.original or {}))
    await mia.imagine("a fox")
    assert left(tmp_path)[0][2] == 114
    again = mia.person.customer.buy("115 grids")
    await consumed(sandbox, again)
    assert [row[2] for row in left(tmp_path)] == [114, 115]


async def test_what_was_bought_elsewhere_goes_to_where_its_buyer_draws_next(
    easel: Easel, sandbox: Sandbox, noah: Scene, tmp_path: Path
) -> None:
    bought = noah.person.customer.buy("115 grids")
    await written(tmp_path, ROWS)
    assert left(tmp_path) == []
    assert not bought.consumed
    # The command itself is paid with it.
    await noah.imagine("a boat", channel="lobby")
    assert left(tmp_path) == [(int(sandbox.world.guild.id), int(noah.id), 114)]
    await consumed(sandbox, bought)


async def test_bought_and_given_back_while_the_bot_was_away(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia_alone: Scene
) -> None:
    settings = settings_for(sandbox, tmp_path, **SELLING)
    async with running(sandbox, settings, quick):
        await shop(mia_alone)
        kept = mia_alone.person.customer.buy("115 grids")
        await consumed(sandbox, kept)
    mia_alone.person.customer.do("refund", kept.id)
    late = mia_alone.person.customer.buy("115 grids")
    gone = Scene(sandbox, "Noah").person.customer.buy("115 grids")
    sandbox.world.shop.refund(gone)
    async with running(sandbox, settings, quick):
        await consumed(sandbox, late)
        assert [row[2] for row in left(tmp_path)] == [0, 115]
        assert not gone.consumed


@pytest.fixture
def mia_alone(sandbox: Sandbox) -> Scene:
    """Before any bot is there."""
    return Scene(sandbox, "Mia")


async def test_consuming_is_tried_until_discord_says_yes(
    easel: Easel, sandbox: Sandbox, mia: Scene, tmp_path: Path
) -> None:
    await shop(mia)
    sandbox.faults.fail("POST", CONSUME, 400, times=2)
    sandbox.faults.fail("POST", CONSUME, 503, times=2)
    bought = mia.person.customer.buy("115 grids")
    await consumed(sandbox, bought)
    await written(tmp_path, f"{ROWS} WHERE consumed = 1")
    assert [row[2] for row in left(tmp_path)] == [115]


async def test_an_answer_that_got_lost_is_looked_up(
    easel: Easel, sandbox: Sandbox, mia: Scene, tmp_path: Path
) -> None:
    await shop(mia)
    sandbox.faults.fail("POST", CONSUME, 400, after_effect=True)
    mia.person.customer.buy("115 grids")
    await written(tmp_path, f"{ROWS} WHERE consumed = 1")
    posts = [call for call in sandbox.log if call.path.endswith("/consume")]
    assert len(posts) == 1


async def test_a_new_session_lists_what_nobody_told_of(
    easel: Easel, sandbox: Sandbox, mia: Scene, tmp_path: Path
) -> None:
    await shop(mia)
    sandbox.faults.hold_events("ENTITLEMENT_CREATE")
    bought = mia.person.customer.buy("115 grids")
    assert not bought.consumed
    sandbox.faults.drop_gateway()
    await consumed(sandbox, bought)
    sandbox.faults.clear()
    assert [row[2] for row in left(tmp_path)] == [115]


async def test_what_the_database_refused_is_listed_again(
    easel: Easel, sandbox: Sandbox, mia: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop(mia)
    entitlements, refused = easel.core.parts.entitlements, []

    async def refusing(*asked: Any, **more: Any) -> Any:
        if len(refused) < 2:
            refused.append(asked)
            raise StoreUnavailable("full", "the disk is full")
        return await EntitlementRepository.take(entitlements, *asked, **more)

    monkeypatch.setattr(entitlements, "take", refusing)
    bought = mia.person.customer.buy("115 grids")
    await consumed(sandbox, bought)
    assert len(refused) == 2
    assert [row[2] for row in left(tmp_path)] == [115]


async def test_only_what_discord_sells_is_offered(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia_alone: Scene,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    unavailable, plan_as_pack = 1200000000000000307, PLAN
    packs = {42: Pack(1), unavailable: Pack(25), plan_as_pack: Pack(3), PACK: Pack(115)}
    settings = settings_for(sandbox, tmp_path, shop_packs=packs)
    async with running(sandbox, settings, quick):
        said = await shop(mia_alone)
    assert "115 grids that stay" in said
    assert "25 grids" not in said
    assert "3 grids" not in said
    assert "SHOP_PACKS: Discord knows no SKU 42 of this application" in caplog.text
    assert f"SHOP_PACKS: SKU {PLAN} is subscription and should be consumable" in caplog.text


async def test_the_shop_says_when_discord_does_not_answer(
    easel: Easel, sandbox: Sandbox, mia: Scene
) -> None:
    await sandbox.wait_for(lambda: any(call.path.endswith("/skus") for call in sandbox.log))
    easel.bot.till.skus.clear()
    sandbox.faults.fail("GET", r"/skus$", 503)
    asked = await mia.slash("shop")
    assert "try again in a minute" in await mia.refused(asked)
    assert "115 grids" in await shop(mia)


async def test_an_open_shop_follows_what_is_bought_and_given_back(
    easel: Easel, sandbox: Sandbox, mia: Scene
) -> None:
    asked = await mia.slash("shop")
    await asked.ack()

    async def says(*words: str) -> None:
        def said() -> bool:
            text = text_of(asked.original) if asked.original else ""
            return all(word in text for word in words)

        await sandbox.wait_for(said)

    await says("Nothing so far.")
    mia.person.customer.buy("Patron")
    await says("The plan Patron")
    pack = mia.person.customer.buy("115 grids")
    await says("The plan Patron", "115 grids of 115 grids until")
    mia.person.customer.do("refund", pack.id)
    mia.person.customer.do("refund", mia.person.customer.own("Patron").id)
    await says("Nothing so far.")


async def test_plans_hold_as_long_as_their_subscriptions(
    easel: Easel, sandbox: Sandbox, mia: Scene, noah: Scene, tmp_path: Path
) -> None:
    mia.person.customer.buy("Patron")
    mia.person.customer.buy("Patron server")
    await written(tmp_path, ROWS, 2)
    said = await shop(mia)
    assert "The plan Club\nThe plan Patron" in said
    assert "The plan Club" in await shop(noah)
    sandbox.world.shop.refund(mia.person.customer.own("Patron"))
    await written(tmp_path, f"{ROWS} WHERE deleted = 1")
    database = easel.core.parts.ledger._database
    guild, now = int(sandbox.world.guild.id), sandbox.clock()
    assert await database.read(lambda c: plans_of(c, int(mia.id), guild, now)) == ["Club"]
    assert await database.read(lambda c: plans_of(c, int(mia.id), 0, now)) == []


async def test_nothing_is_sold_unless_the_operator_says_what(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia_alone: Scene
) -> None:
    async with running(sandbox, settings_for(sandbox, tmp_path), quick) as one:
        assert "shop" not in {each["name"] for each in mia_alone.person.commands("imagine")}
        assert "shop" not in one.core.supervisor.states()
        asked = await mia_alone.slash("info")
        await asked.ack()
        assert not any("entitlements" in call.path for call in sandbox.log)


async def test_direct_messages_in_which_nothing_is_drawn_get_no_packs(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia_alone: Scene
) -> None:
    settings = settings_for(sandbox, tmp_path, **SELLING, dm_credits=0)
    async with running(sandbox, settings, quick):
        assert "open the shop on the server that you buy for" in await shop(mia_alone, dm=True)
        bought = mia_alone.person.customer.buy("115 grids")
        await written(tmp_path, ROWS)
        assert "115 grids that wait" in await shop(mia_alone, dm=True)
        assert left(tmp_path) == []
        await shop(mia_alone)
        await consumed(sandbox, bought)
        assert left(tmp_path) == [(int(sandbox.world.guild.id), int(mia_alone.id), 115)]


@pytest.mark.slow
@pytest.mark.parametrize("after_effect", [False, True])
async def test_killed_between_the_commit_and_the_consuming(
    sandbox: Sandbox, tmp_path: Path, own_gate: Gate, mia_alone: Scene, after_effect: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("SHOP_PACKS", f"{PACK}=115 for 12 months")
    process = BotProcess(sandbox, tmp_path / "data", ["tests.kit.launcher", str(own_gate.path)])
    try:
        await process.start()
        await shop(mia_alone)
        held = sandbox.faults.hold("POST", CONSUME, after_effect=after_effect)
        bought = mia_alone.person.customer.buy("115 grids")
        await held.arrived
        await process.kill()
        held.drop()
        sandbox.faults.clear()
        assert [row[2] for row in left(process.data)] == [115]
        assert bought.consumed is after_effect
        await process.start()
        await consumed(sandbox, bought)
        await written(process.data, f"{ROWS} WHERE consumed = 1")
        assert [row[2] for row in left(process.data)] == [115]
    finally:
        await process.close()


async def test_an_open_shop_speaks_on_in_the_language_of_who_opened_it(
    easel: Easel, sandbox: Sandbox, mia: Scene
) -> None:
    mia.person.speak("de")
    asked = await mia.slash("shop")
    await asked.ack()
    await sandbox.wait_for(lambda: "Was du hast" in text_of(asked.original or {}))
    mia.person.customer.buy("115 grids")
    await sandbox.wait_for(lambda: "115 Raster aus" in text_of(asked.original or {}))
    assert "Was du hast" in text_of(asked.original or {})
