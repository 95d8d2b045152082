"""What plans cost their askers, and whether they may have them: alone, by batch, under caps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.action import Action, Press
from bot.domain.errors import NotAllowed, OutOfCredits
from bot.domain.language import speaking
from bot.domain.people import Asker
from bot.domain.quota import Caps, Quota, QuotaSetting
from bot.domain.speed import Speed
from bot.domain.tariff import Tariff
from bot.language import language
from bot.models.cards import ModelCard
from bot.service import requests, tariff
from bot.service.plan import Plan
from bot.service.quotas import Whom
from bot.service.rules import Rules
from bot.service.terms import RELAXED, Terms
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, DIRECT, HERE, TINY, House
from tests.kit.values import ANNA, GUILD

OTHER = ModelCard("other", "Other", "nowhere", native=16, steps=4, guidance=3.0, strength=0.5)
FAST = frozenset({Speed.FAST})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, automatic=True, others=[OTHER]) as one:
        yield one


def terms_of(house: House) -> Terms:
    return Terms(house.parts.ledger, house.catalogue, house.rules, house.clock)


async def planned(house: House, asked: str | Press, asker: Asker = ANNA_ASKS) -> Plan:
    """Without anything that a server says."""
    return await house.service.drawing._planner.plan(asker, HERE, asked)


async def give(house: House, gives: QuotaSetting, name: str = "P") -> None:
    await house.service.plans.save(ADMIN_ASKS, GUILD, name, gives)
    await house.service.plans.give(ADMIN_ASKS, GUILD, Whom(), name)


@pytest.mark.parametrize(
    "asked", ["a fox", "a {red, blue} fox --hd", "a fox --turbo", "a fox --relax --draft"]
)
async def test_applied_twice_is_applied_once(house: House, asked: str) -> None:
    await give(house, QuotaSetting(1, relaxed=True))
    await house.service.plans.price_action(ADMIN_ASKS, GUILD, Action.IMAGINE, 2)
    terms = terms_of(house)
    once = await terms.applied(await planned(house, asked))
    assert await terms.applied(once) == once


async def test_where_nothing_is_said_everything_costs_as_usual(house: House) -> None:
    plan = await planned(house, "a {red, blue} fox --hd")
    assert plan.prices == (3, 3)
    assert await terms_of(house).applied(plan) == plan


async def test_each_of_a_batch_has_its_price_and_all_their_usual(house: House) -> None:
    await house.service.plans.price_model(ADMIN_ASKS, GUILD, "Other", 3)
    await house.service.plans.price_speed(ADMIN_ASKS, GUILD, Speed.TURBO, 5)
    plan = await planned(house, "a fox {--model tiny, --model other, --turbo}")
    priced = await terms_of(house).applied(plan)
    assert priced.prices == (1, 3, 5)
    assert (priced.price, priced.usual, priced.large) == (9, 5, True)


@pytest.mark.parametrize(
    ("asked", "large"),
    [
        ("a fox", False),
        ("a fox --turbo", False),  # who is in a hurry knows the price of that
        ("a fox --hd", True),
        ("a fox --model other", True),
        ("a fox --relax", False),
    ],
)
async def test_what_is_told_first(house: House, asked: str, large: bool) -> None:
    await house.service.plans.price_action(ADMIN_ASKS, GUILD, Action.IMAGINE, 4)
    await house.service.plans.price_model(ADMIN_ASKS, GUILD, "Other", 2)
    assert (await terms_of(house).applied(await planned(house, asked))).large is large


async def test_a_button_is_drawn_under_the_rules_of_who_presses(house: House) -> None:
    grid = await house.draw("a fox --hd")
    await give(house, QuotaSetting(9, side=16))
    with pytest.raises(NotAllowed, match="16 × 16"):
        await terms_of(house).applied(await planned(house, Press(Action.VARY, grid.tile(1))))
    plan = await planned(house, Press(Action.UPSCALE, grid.tile(1)))
    assert (await terms_of(house).applied(plan)).price == 0  # U draws nothing


async def test_relaxed_for_free_stands_under_the_operators_cap(tmp_path: Path) -> None:
    rules = Rules(quota=Quota(5, relaxed=True), caps=Caps(credits=2))
    async with House(tmp_path, automatic=True, rules=rules) as house:
        await house.draw()
        await house.draw()
        plan = await terms_of(house).applied(await planned(house, "a fox"))
        assert plan.price == 1  # the cap is on what is drawn, whatever pays
        with pytest.raises(OutOfCredits, match="operator allows 2"):
            await house.imagine()


@pytest.mark.parametrize(
    ("asked", "free"),
    [
        ("a fox", True),
        ("a {red, blue} fox", True),
        ("a fox --relax", True),
        ("a fox --turbo", False),
    ],
)
async def test_who_is_out_of_credits_draws_relaxed(house: House, asked: str, free: bool) -> None:
    await give(house, QuotaSetting(0, relaxed=True))
    plan = await terms_of(house).applied(await planned(house, asked))
    assert (plan.price == 0, RELAXED in plan.warnings) == (free, free)
    hurries = {Speed.of(each.extra) for each in plan.requests}
    assert hurries == {Speed.RELAX if free else Speed.TURBO}


async def test_a_batch_that_cannot_be_paid_as_a_whole_is_relaxed_as_a_whole(
    house: House,
) -> None:
    await give(house, QuotaSetting(1, relaxed=True))
    plan = await terms_of(house).applied(await planned(house, "a {red, blue} fox"))
    assert plan.prices == (0, 0)
    assert [Speed.of(each.extra) for each in plan.requests] == [Speed.RELAX] * 2
    assert plan.warnings.count(RELAXED) == 1
    assert "credits do not suffice" in RELAXED  # one is left


async def test_relaxed_has_to_be_allowed_as_a_speed(house: House) -> None:
    await give(house, QuotaSetting(0, relaxed=True, speeds=FAST))
    with pytest.raises(NotAllowed, match="`--fast`, and this is `--relax`"):
        await terms_of(house).applied(await planned(house, "a fox"))


async def test_who_says_no_is_named(house: House) -> None:
    terms = terms_of(house)
    turbo = await planned(house, "a fox --turbo")
    for setting, whom, name in (
        (QuotaSetting(speeds=FAST), Whom(), "This server allows you"),
        (QuotaSetting(speeds=FAST), Whom(user=ANNA), "Your own limits here allow"),
    ):
        await house.service.quotas.set(ADMIN_ASKS, GUILD, whom, setting)
        with pytest.raises(NotAllowed, match=name):
            await terms.applied(turbo)
    await house.service.plans.save(ADMIN_ASKS, GUILD, "Slow", QuotaSetting(speeds=FAST))
    await house.service.quotas.clear(ADMIN_ASKS, GUILD, Whom(user=ANNA))
    await house.service.plans.give(ADMIN_ASKS, GUILD, Whom(user=ANNA), "Slow")
    with pytest.raises(NotAllowed, match="The plan `Slow` allows you"):
        await terms.applied(turbo)


async def test_nobody_is_named_alone_for_what_several_allow_together(house: House) -> None:
    for role, speed in ((500, Speed.FAST), (501, Speed.RELAX)):
        await house.service.quotas.set(
            ADMIN_ASKS, GUILD, Whom(role=role), QuotaSetting(speeds=frozenset({speed}))
        )
    both = Asker(ANNA, roles=frozenset({500, 501}))
    with pytest.raises(NotAllowed, match="Your own limits here allow `--fast` and `--relax`"):
        await terms_of(house).applied(await planned(house, "a fox --turbo", both))


@pytest.mark.parametrize(
    ("setting", "asked", "said"),
    [
        (QuotaSetting(batch=1), "a {red, blue} fox",
         "このサーバーでは、1つのコマンドで最大グリッド1枚です。これは2枚です。"),
        (QuotaSetting(speeds=FAST), "a fox --turbo",
         "このサーバーでは、使えるのは `--fast` です。これは `--turbo` です。"),
        (QuotaSetting(side=8), "a fox",
         "このサーバーでは、画像は 8 × 8 のピクセル数までです。これは 16×16 です。"),
    ],
)  # fmt: skip
async def test_what_is_not_allowed_is_said_in_an_order_of_its_own(
    house: House, setting: QuotaSetting, asked: str, said: str
) -> None:
    await house.service.quotas.set(ADMIN_ASKS, GUILD, Whom(), setting)
    plan = await planned(house, asked)
    with pytest.raises(NotAllowed) as refused, speaking(language("ja")):
        await terms_of(house).applied(plan)
    assert str(refused.value) == said


async def test_in_direct_messages_the_operator_decides(tmp_path: Path) -> None:
    rules = Rules(dm_quota=Quota(5, speeds=FAST, batch=1))
    async with House(tmp_path, rules=rules) as house:
        planner = house.service.drawing._planner
        for asked, words in (("a fox --turbo", "`--fast`"), ("a {red, blue} fox", "asks for 2")):
            plan = await planner.plan(ANNA_ASKS, DIRECT, asked)
            with pytest.raises(NotAllowed, match="The operator of this bot allows") as refused:
                await terms_of(house).applied(plan)
            assert words in str(refused.value)


@given(st.integers(0, 1000), st.integers(0, 10_000), st.integers(0, 10_000), st.booleans())
@example(50, 110, 100, False)
@example(50, 100, 110, False)
@example(50, 100, 110, True)
def test_prices_are_as_they_are_written(
    base: int, speed: int, model: int, draft: bool
) -> None:  # fmt: skip
    """By hundredths, of which a float has few exactly."""
    there = Tariff({Action.IMAGINE: base}, dict.fromkeys(Speed, speed / 100), {"tiny": model / 100})
    request = requests.imagine(TINY, "a fox --draft" if draft else "a fox")
    half = -(-base // 2) if draft else base
    assert tariff.price(TINY, request, there) == -(-half * speed * model // 10_000)
    assert tariff.grid(request, there) == -(-base * speed // 100)


@given(st.integers(1, 1000), st.integers(1, 80), st.integers(1, 80))
def test_steps_cost_what_they_are_of_the_usual(base: int, usual: int, steps: int) -> None:
    card = replace(TINY, steps=usual)
    there = Tariff({Action.IMAGINE: base}, steps=True)
    made = requests.imagine(card, "a fox")
    request = replace(made, sampling=replace(made.sampling, steps=steps))
    assert tariff.price(card, request, there) == max(base, -(-base * steps // usual))


@given(
    st.integers(0, 50), st.floats(0, 10), st.floats(0, 10), st.booleans(), st.booleans(),
    st.sampled_from(["", " --hd", " --draft", " --quality 2", " --turbo", " --relax"]),
)  # fmt: skip
def test_prices_are_whole_and_never_negative(
    base: int, speed: float, model: float, size: bool, steps: bool, typed: str
) -> None:
    there = Tariff(
        {Action.IMAGINE: base}, dict.fromkeys(Speed, speed), {"tiny": model}, size, steps
    )
    request = requests.imagine(TINY, f"a fox{typed}")
    price = tariff.price(TINY, request, there)
    assert isinstance(price, int)
    assert price >= 0
    dearer = replace(there, actions={Action.IMAGINE: base + 1})
    assert tariff.price(TINY, request, dearer) >= price
    if not base or not speed or not model:
        assert price == 0
