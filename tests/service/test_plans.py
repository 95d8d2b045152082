"""Plans and prices of a server, as its members meet them."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.chat import holdings as told
from bot.chat import plans as said
from bot.domain.action import Action, Press
from bot.domain.errors import NotAllowed, NotFound, OutOfCredits, UserError
from bot.domain.people import Asker
from bot.domain.period import Period
from bot.domain.presets import PRESETS
from bot.domain.quota import Quota, QuotaSetting
from bot.domain.speed import Speed
from bot.service.quotas import Whom
from bot.service.rules import Rules
from bot.service.terms import RELAXED
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, HERE, MODERATOR_ASKS, House
from tests.kit.values import ANNA, GUILD

ROLE, OTHER = 500, 501
PATRON = Asker(ANNA, roles=frozenset({ROLE}))
DAY_S = 86_400


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, automatic=True) as one:
        yield one


def moment(date: str) -> float:
    return dt.datetime.fromisoformat(date).replace(tzinfo=dt.UTC).timestamp()


async def plan(house: House, name: str, gives: QuotaSetting, whom: Whom | None = None) -> None:
    await house.service.plans.save(ADMIN_ASKS, GUILD, name, gives)
    if whom is not None:
        await house.service.plans.give(ADMIN_ASKS, GUILD, whom, name)


async def explained(house: House, asker: Asker = ANNA_ASKS) -> str:
    holdings = await house.service.quotas.holdings_of(ADMIN_ASKS, GUILD, asker.user, asker.roles)
    return told.explained(holdings)


async def test_who_has_which_plan_by_precedence(house: House) -> None:
    service = house.service
    await plan(house, "All", QuotaSetting(5, running=1), Whom())
    await plan(house, "Patron", QuotaSetting(15, Period.MONTH, waiting=7), Whom(role=ROLE))
    assert await house.credits() == (5, 0)
    assert await house.credits(PATRON) == (15, 0)
    # 600 a month are more a day than 15 a month; what a plan leaves out, the next decides.
    await plan(house, "Rich", QuotaSetting(600, Period.MONTH), Whom(role=OTHER))
    both = Asker(ANNA, roles=frozenset({ROLE, OTHER}))
    quota = await service.accounts.quota_of(GUILD, ANNA, both.roles)
    assert (quota.credits, quota.period, quota.running, quota.waiting) == (600, "month", 1, 7)
    await plan(house, "Anna's", QuotaSetting(2), Whom(user=ANNA))
    assert await house.credits(both) == (2, 0)
    # A setting for the same member is stronger than the plan they have.
    await service.quotas.set(ADMIN_ASKS, GUILD, Whom(user=ANNA), QuotaSetting(3))
    assert await house.credits(both) == (3, 0)
    await service.plans.give(ADMIN_ASKS, GUILD, Whom(user=ANNA), "")
    await service.quotas.clear(ADMIN_ASKS, GUILD, Whom(user=ANNA))
    assert await house.credits(both) == (600, 0)
    assert await service.plans.remove(ADMIN_ASKS, GUILD, "rich") == "Rich"
    assert await house.credits(both) == (15, 0)
    assert (await service.plans.book(ADMIN_ASKS, GUILD)).assigned == {
        ("server", GUILD): "All", ("role", ROLE): "Patron",
    }  # fmt: skip


async def test_only_admins_and_only_what_makes_sense(house: House) -> None:
    plans = house.service.plans
    for asker in (BERT_ASKS, MODERATOR_ASKS):
        for ask in (
            plans.save(asker, GUILD, "P", QuotaSetting(1)),
            plans.remove(asker, GUILD, "P"),
            plans.give(asker, GUILD, Whom(), "P"),
            plans.adopt(asker, GUILD, "open"),
            plans.book(asker, GUILD),
            plans.tariff(asker, GUILD),
            plans.price_action(asker, GUILD, Action.IMAGINE, 2),
            plans.price_speed(asker, GUILD, Speed.TURBO, 2),
            plans.price_model(asker, GUILD, "Tiny", 2),
            plans.price_growth(asker, GUILD, size=False),
            plans.price_as_usual(asker, GUILD),
        ):
            with pytest.raises(NotAllowed, match="Manage Server"):
                await ask
    for ask, words in (
        (plans.save(ADMIN_ASKS, GUILD, " ", QuotaSetting(1)), "1 to 32 characters"),
        (plans.save(ADMIN_ASKS, GUILD, "P", QuotaSetting()), "at least one thing"),
        (plans.save(ADMIN_ASKS, GUILD, "P", QuotaSetting(period=Period.DAY)), "needs `credits`"),
        (plans.save(ADMIN_ASKS, GUILD, "P", QuotaSetting(speeds=frozenset())), "one speed"),
        (plans.save(ADMIN_ASKS, GUILD, "P", QuotaSetting(models=frozenset({"x"}))), "no model"),
        (plans.give(ADMIN_ASKS, GUILD, Whom(), "Nix"), "no plan of this name"),
        (plans.remove(ADMIN_ASKS, GUILD, "Nix"), "no plan of this name"),
        (plans.adopt(ADMIN_ASKS, GUILD, "nix"), "no such preset"),
        (plans.price_action(ADMIN_ASKS, GUILD, Action.UPSCALE, 1), "always free"),
        (plans.price_action(ADMIN_ASKS, GUILD, Action.VARY, -1), "0 to 1,000"),
        (plans.price_speed(ADMIN_ASKS, GUILD, Speed.TURBO, 1e9), "0 to 100"),
        (plans.price_model(ADMIN_ASKS, GUILD, "Nix", 2), "no model"),
    ):
        with pytest.raises((UserError, NotFound), match=words):
            await ask
    assert await house.parts.audit.newest(GUILD) == []


async def test_more_plans_than_a_menu_holds_are_refused(house: House) -> None:
    for number in range(25):
        await plan(house, f"Plan {number}", QuotaSetting(1))
    with pytest.raises(UserError, match="at most 25 plans"):
        await plan(house, "One more", QuotaSetting(1))
    await plan(house, "PLAN 7", QuotaSetting(running=2))  # which is there
    book = await house.service.plans.book(ADMIN_ASKS, GUILD)
    assert book.plans["Plan 7"] == QuotaSetting(1, Period.DAY, running=2)


@pytest.mark.parametrize(
    ("gives", "asked", "words"),
    [
        (QuotaSetting(speeds=frozenset({Speed.FAST})), "a fox --turbo", "allows you `--fast`"),
        (QuotaSetting(speeds=frozenset({Speed.FAST})), "a fox --relax", "this is `--relax`"),
        (QuotaSetting(batch=2), "a {red, blue, green} fox", "2 grids by one command"),
        (QuotaSetting(batch=2), "a fox --repeat 3", "asks for 3"),
        (QuotaSetting(side=16), "a fox --hd", "16 × 16"),
    ],
)
async def test_what_a_plan_does_not_allow_is_refused_by_its_name(
    house: House, gives: QuotaSetting, asked: str, words: str
) -> None:
    await plan(house, "Trial *x*", gives, Whom())
    with pytest.raises(NotAllowed, match=r"The plan .*Trial") as refused:
        await house.service.drawing.imagine(ANNA_ASKS, HERE, asked)
    assert words in str(refused.value)
    assert await house.credits() == (25, 0)
    await house.service.drawing.imagine(ANNA_ASKS, HERE, "a fox")


async def test_models_are_chosen_by_plan(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True) as house:
        await plan(house, "Small", QuotaSetting(models=frozenset({"Tiny"})), Whom())
        await house.draw()
        book = await house.service.plans.book(ADMIN_ASKS, GUILD)
        assert book.plans["Small"].models == {"tiny"}
        await house.parts.quotas.save_plan(
            GUILD, "Small", QuotaSetting(models=frozenset({"gone"})), 99, house.clock()
        )
        with pytest.raises(NotAllowed, match="no model of today"):
            await house.imagine()


async def test_relaxed_and_free_once_the_credits_are_out(house: House) -> None:
    await plan(house, "Free", QuotaSetting(1, relaxed=True), Whom())
    first = await house.draw()
    assert (first.cost, Speed.of(first.request.extra)) == (1, Speed.FAST)
    asked = await house.service.drawing.imagine(ANNA_ASKS, HERE, "a fox")
    assert asked.job is not None
    assert (asked.job.cost, Speed.of(asked.job.request.extra)) == (0, Speed.RELAX)
    assert RELAXED in asked.plan.warnings
    with pytest.raises(OutOfCredits):  # who is in a hurry pays
        await house.service.drawing.imagine(ANNA_ASKS, HERE, "a fox --turbo")
    await house.service.plans.give(ADMIN_ASKS, GUILD, Whom(), "")
    await house.service.quotas.set(ADMIN_ASKS, GUILD, Whom(), QuotaSetting(1))
    with pytest.raises(OutOfCredits):
        await house.service.drawing.imagine(ANNA_ASKS, HERE, "a fox")


@pytest.mark.parametrize("text", ["a fox", "a fox --repeat 2"])
async def test_of_two_at_once_on_the_last_credits_the_second_is_relaxed(
    tmp_path: Path, text: str
) -> None:
    async with House(tmp_path, rules=Rules(quota=Quota(1, relaxed=True))) as house:
        asked = await asyncio.gather(
            *(house.service.drawing.imagine(ANNA_ASKS, HERE, each) for each in ("a fox", text))
        )
        assert sorted(each.plan.price for each in asked) == [0, 1]
        assert await house.credits() == (0, 1)


async def test_prices_of_a_server(house: House) -> None:
    plans, drawing = house.service.plans, house.service.drawing
    grid = await house.draw()

    async def price(asked: str | Press) -> int:
        return (await drawing.plan(ANNA_ASKS, HERE, asked)).price

    usual = [await price(each) for each in ("a fox", "a fox --turbo", "a fox --hd")]
    assert usual == [1, 2, 3]
    await plans.price_action(ADMIN_ASKS, GUILD, Action.IMAGINE, 4)
    await plans.price_action(ADMIN_ASKS, GUILD, Action.VARY, 0)
    await plans.price_speed(ADMIN_ASKS, GUILD, Speed.TURBO, 1.5)
    await plans.price_speed(ADMIN_ASKS, GUILD, Speed.RELAX, 0.5)
    asked = ("a fox", "a fox --turbo", "a fox --hd", "a fox --relax", "a fox --draft")
    assert [await price(each) for each in asked] == [4, 6, 9, 2, 2]
    assert await price(Press(Action.VARY, grid.tile(1))) == 0
    await plans.price_model(ADMIN_ASKS, GUILD, "tiny", 2.5)
    await plans.price_growth(ADMIN_ASKS, GUILD, size=False, steps=True)
    assert [await price(each) for each in ("a fox", "a fox --hd", "a fox --quality 2")] == [
        10, 10, 20,
    ]  # fmt: skip
    job = await house.draw()
    assert (job.cost, await house.credits()) == (10, (25 - 1 - 10, 0))
    assert await house.credits(BERT_ASKS) == (25, 0)
    lines = said.tariff(await plans.tariff(ADMIN_ASKS, GUILD))
    assert "imagine: 4 credits" in lines
    assert "× 2.5" in lines
    await plans.price_as_usual(ADMIN_ASKS, GUILD)
    assert await price("a fox --hd") == 3
    await plans.price_action(ADMIN_ASKS, GUILD, Action.IMAGINE, 50)
    lines = said.tariff(await plans.price_model(ADMIN_ASKS, GUILD, "tiny", 1.1000000001))
    assert "× 1.1." in f"{lines}."
    assert await price("a fox") == 55


async def test_what_is_dearer_than_a_grid_is_told_first(house: House) -> None:
    await house.service.plans.price_action(ADMIN_ASKS, GUILD, Action.IMAGINE, 4)
    drawing = house.service.drawing
    assert (await drawing.imagine(ANNA_ASKS, HERE, "a fox")).job is not None
    asked = await drawing.imagine(ANNA_ASKS, HERE, "a fox --hd")
    assert (asked.job, asked.plan.price) == (None, 9)
    (job,) = await drawing.accept(ANNA_ASKS, HERE, asked.proposal)
    assert job.cost == 9


async def test_explained_in_one_readable_answer(house: House) -> None:
    gifts = house.service.gifts
    await plan(
        house, "Patron", QuotaSetting(15, Period.MONTH, speeds=frozenset({Speed.FAST})),
        Whom(role=ROLE),
    )  # fmt: skip
    await gifts.grant(ADMIN_ASKS, GUILD, ANNA, 100, "bought")
    await gifts.grant(ADMIN_ASKS, GUILD, ANNA, 7, "prize", days=10)
    await gifts.pool(ADMIN_ASKS, GUILD, 40, "")
    await house.draw(asker=PATRON)
    text = await explained(house, PATRON)
    assert "**161 grids** to spend: 15 of 15 a month from the plan Patron of the role <@&500>" in (
        text
    )
    assert f"+6 granted until <t:{house.clock() + 10 * DAY_S:.0f}:D>" in text
    assert "+100 granted" in text
    assert "+40 in the server's pool" in text
    assert "No turbo: the plan Patron of the role <@&500> allows fast." in text
    assert "3 at once from the operator" in text
    assert "what is left of a month stays no longer." in text


@pytest.mark.parametrize("key", PRESETS)
async def test_each_preset_is_what_it_says(house: House, key: str) -> None:
    await house.service.quotas.set(ADMIN_ASKS, GUILD, Whom(), QuotaSetting(7))
    preset = await house.service.plans.adopt(ADMIN_ASKS, GUILD, key)
    book = await house.service.plans.book(ADMIN_ASKS, GUILD)
    assert book.plans == preset.plans
    first = next(iter(preset.plans.values()))
    assert (await house.credits())[0] == (first.credits or 0) + (first.welcome or 0)
    assert all(said.gives(gives) for gives in preset.plans.values())
    await house.service.plans.adopt(ADMIN_ASKS, GUILD, key)  # again is the same
    assert (await house.service.plans.book(ADMIN_ASKS, GUILD)) == book


async def test_a_year_of_dalle_2(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True) as house:
        clock, gifts = house.clock, house.service.gifts
        clock.now = moment("2026-01-31T15:00:00")
        await house.service.plans.adopt(ADMIN_ASKS, GUILD, "dalle")
        assert await house.credits() == (50, 0)  # in the first month
        for _ in range(4):
            await house.draw()
        assert await house.credits() == (46, 0)
        # A refused prompt and a failed job cost nothing.
        with pytest.raises(UserError):
            await house.imagine("--ar 3:2")
        house.executor.automatic = False
        job = await house.imagine()
        assert await house.credits() == (45, 1)
        await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
        assert await house.credits() == (46, 0)
        house.executor.automatic = True
        clock.now = moment("2026-02-27T23:59:59")
        assert await house.credits() == (46, 0)
        clock.now = moment("2026-02-28T00:00:00")  # the 31st of February; nothing rolled over
        assert await house.credits() == (15, 0)
        await house.draw()
        clock.now = moment("2026-03-30T23:59:59")
        assert await house.credits() == (14, 0)
        clock.now = moment("2026-03-31T00:00:00")
        assert await house.credits() == (15, 0)
        # A pack of 115 that lasts 12 months: the month's credits lapse first, and pay first.
        await gifts.grant(ADMIN_ASKS, GUILD, ANNA, 115, "pack", days=365)
        await house.draw()
        view = await house.service.accounts.account(ANNA_ASKS, GUILD)
        assert (view.balance.allowance_left, view.balance.lasting) == (14, 115)
        for _ in range(16):
            await house.draw()
        view = await house.service.accounts.account(ANNA_ASKS, GUILD)
        assert (view.balance.allowance_left, view.balance.lasting) == (0, 113)
        for month, first in (
            ("04", "30"), ("05", "31"), ("06", "30"), ("07", "31"), ("08", "31"), ("09", "30"),
            ("10", "31"), ("11", "30"), ("12", "31"),
        ):  # fmt: skip
            clock.now = moment(f"2026-{month}-{first}T00:00:00")
            assert await house.credits() == (128, 0)
        clock.now = moment("2027-03-30T23:59:59")
        assert (await house.credits())[0] == 128
        clock.now = moment("2027-03-31T00:00:01")  # the pack is gone, and the month is new
        assert await house.credits() == (15, 0)
        await house.draw()
        assert "**-113** past their date" in told.statement(
            await house.service.accounts.statement(ANNA_ASKS, GUILD)
        )


async def test_what_is_left_of_a_period_is_carried_over_once(house: House) -> None:
    await plan(house, "Saver", QuotaSetting(10, Period.WEEK, rollover=True), Whom())
    for _ in range(4):
        await house.draw()
    assert await house.credits() == (6, 0)
    house.clock.now += 7 * DAY_S
    assert await house.credits() == (16, 0)
    for _ in range(3):
        await house.draw()  # what ends soonest: both end together, the allowance first
    assert await house.credits() == (13, 0)
    house.clock.now += 7 * DAY_S
    assert await house.credits() == (17, 0)
    house.clock.now += 21 * DAY_S
    assert await house.credits() == (20, 0)


async def test_a_plan_that_was_bought_holds_while_it_does(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True) as house:
        await plan(house, "Patron", QuotaSetting(15), Whom(role=ROLE))
        begun = house.clock()

        def sold(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO plans_sold VALUES (7, 'Patron'), (8, 'Pro')")
            connection.execute(
                "INSERT INTO entitlements (id, sku_id, user_id, guild_id, starts_at, ends_at,"
                " deleted, consumed) VALUES (1, 7, ?, 0, ?, ?, 0, 0)",
                (ANNA, begun, begun + 30 * DAY_S),
            )

        await house.database.transaction(sold)
        assert await house.credits() == (15, 0)
        assert "from the plan Patron that was bought" in await explained(house)
        await plan(house, "Anna's", QuotaSetting(2), Whom(user=ANNA))
        assert await house.credits() == (2, 0)  # what an admin gave her counts before that
        await house.service.plans.give(ADMIN_ASKS, GUILD, Whom(user=ANNA), "")
        # A server without a plan of that name has the one of the preset.
        await house.database.transaction(lambda c: c.execute("UPDATE entitlements SET sku_id = 8"))
        assert await house.credits() == (1800, 0)
        house.clock.now = begun + 40 * DAY_S
        assert await house.credits() == (25, 0)


async def test_a_plan_says_no_more_of_what_is_silent(house: House) -> None:
    plans = house.service.plans
    full = QuotaSetting(50, Period.WEEK, 2, 5, relaxed=True)
    await plans.save(ADMIN_ASKS, GUILD, "Gold", full)
    gives = QuotaSetting(running=3)
    silent = {"credits", "period", "running", "welcome"}
    made = await plans.save(ADMIN_ASKS, GUILD, "gold", gives, silent)
    assert made == QuotaSetting(running=3, waiting=5, relaxed=True)
    assert (await plans.book(ADMIN_ASKS, GUILD)).plans == {"Gold": made}
    [entry, _] = await house.parts.audit.newest(GUILD)
    said = {"plan": "Gold", "running": 3, "silent": ["credits", "period"]}
    assert (entry.deed, entry.detail) == ("plan set", said)
    made = await plans.save(ADMIN_ASKS, GUILD, "Gold", QuotaSetting(), {"running", "waiting"})
    assert made == QuotaSetting(relaxed=True)
    with pytest.raises(UserError, match="at least one thing; remove it"):
        await plans.save(ADMIN_ASKS, GUILD, "Gold", QuotaSetting(), {"relaxed"})
    with pytest.raises(UserError, match="Say at least one thing"):
        await plans.save(ADMIN_ASKS, GUILD, "Gold", QuotaSetting())
    assert (await plans.book(ADMIN_ASKS, GUILD)).plans == {"Gold": made}
