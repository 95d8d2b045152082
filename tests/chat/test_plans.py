"""What messages say of plans, prices and gifts."""

from __future__ import annotations

from typing import Any

import pytest

from bot.chat import plans, wording
from bot.domain.action import Action
from bot.domain.period import Period
from bot.domain.presets import PRESETS
from bot.domain.quota import QuotaSetting
from bot.domain.speed import Speed
from bot.domain.tariff import Tariff
from bot.service.gifts import Code, Offer, Terms
from bot.service.plans import Book

FAST = frozenset({Speed.FAST})
AT = 1_780_000_000.0


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (QuotaSetting(), ""),
        (QuotaSetting(1, Period.DAY), "1 grid a day"),
        (QuotaSetting(1500, Period.WEEK, rollover=True), "1,500 grids a week, carried over once"),
        (QuotaSetting(2, None, rollover=False), "2 grids a day, nothing carried over"),
        (QuotaSetting(welcome=5, lapse=True), "5 grids at first use, in the first period"),
        (QuotaSetting(running=2, waiting=9), "2 at once, 9 waiting"),
        (QuotaSetting(batch=1, speeds=FAST), "1 grid by one command, fast"),
        (QuotaSetting(speeds=frozenset(Speed)), "turbo, fast and relaxed"),
        (QuotaSetting(relaxed=True), "relaxed for free once they are out"),
        (QuotaSetting(relaxed=False, pool=False), "none for free, without the pool"),
        (QuotaSetting(side=1024), "up to 1024 × 1024"),
        (QuotaSetting(side=0, models=frozenset()), "any size, models: all"),
        (QuotaSetting(models=frozenset({"b_1", "a"})), "models: a, b\\_1"),
    ],
)
def test_what_a_plan_gives_in_one_line(setting: QuotaSetting, said: str) -> None:
    assert plans.gives(setting) == said


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_can_be_told(key: str) -> None:
    preset = PRESETS[key]
    book = Book({}, {("server", 7): next(iter(preset.plans))}, preset.plans)
    lines = plans.listed(book).splitlines()
    assert len(lines) == 2 * len(preset.plans)
    assert lines[0].endswith("— everybody")
    assert all(line.endswith("— nobody so far") for line in lines[2::2])


def test_who_has_a_plan_is_listed_as_far_as_there_is_room() -> None:
    having: dict[Any, str] = {("user", number): "P" for number in range(30)}
    said = plans.listed(Book({}, {("role", 5): "P", **having}, {"P": QuotaSetting(1)}))
    assert said.startswith("**P** — <@&5>, <@0>, ")
    assert said.count("<@") == 20
    assert "There are none so far" in plans.listed(Book({}, {}, {}))


def test_prices_that_are_not_as_usual() -> None:
    assert plans.tariff(Tariff()).startswith("As usual.")
    said = plans.tariff(
        Tariff(
            {Action.IMAGINE: 4, Action.VARY_SUBTLE: 1},
            {Speed.TURBO: 1.5},
            {"s_x": 3.0},
            False,
            True,
        )
    ).splitlines()
    assert said == [
        "imagine: 4 credits", "Vary (Subtle) (vary_subtle): 1 credit", "turbo: × 1.5",
        "Model s\\_x: × 3", "Larger pictures cost no more.",
        "More steps than usual cost as much more.",
    ]  # fmt: skip


def test_gifts_that_can_be_taken() -> None:
    offer = Offer(1, 5, 2, AT, "x", 3)
    codes = [Code(2, Terms(4), 0), Code(3, Terms(1, 9, AT, 30, "a*b"), 2)]
    assert plans.gifts([offer], codes, 1).splitlines() == [
        "In the server's pool: **1 grid**",
        f"Offer 1: 2 grids to <@&5> until <t:{AT:.0f}:D>, taken by 3",
        f"Code 3: 1 grid, for 30 days, used 2 of 9 times, to be used until <t:{AT:.0f}:D> (a\\*b)",
        "Code 2: 4 grids, used 0 of 1 times",
    ]


def test_the_newest_gifts_are_listed_and_how_many_more_there_are() -> None:
    offers = [Offer(id, 5, 2, None, "x", 3) for id in range(1, 101)]
    codes = [Code(id, Terms(4, note="*" * 100), 0) for id in range(1, 1001)]
    said = plans.gifts(offers, codes, 1)
    assert wording.cut(said) == said
    lines = said.splitlines()
    assert lines[1] == "Offer 100: 2 grids to <@&5>, taken by 3"
    shown = [line for line in lines if line.startswith("Offer")]
    assert lines[len(shown) + 1] == f"-# and {100 - len(shown)} more"
    listed = [line.partition(":")[0] for line in lines if line.startswith("Code")]
    assert listed == [f"Code {id}" for id in range(1000, 1000 - len(listed), -1)]
    assert len(listed) > 5
    assert lines[-1] == f"-# and {1000 - len(listed)} more"


@pytest.mark.parametrize(
    ("name", "detail", "said"),
    [
        ("plan set", {"plan": "P", "credits": 3, "period": "day"}, "Plan P: 3 grids a day"),
        ("plan remove", {"plan": "P"}, "Plan P removed"),
        ("plan give", {"scope": "role", "target": 5, "plan": "P"}, "<@&5>: plan P"),
        ("plan give", {"scope": "user", "target": 5, "plan": ""}, "<@5>: no plan any more"),
        ("plan preset", {"preset": "dalle"}, "Preset dalle taken over"),
        ("tariff", {"size": False}, "Prices: Larger pictures cost no more"),
        (
            "tariff",
            {"size": False, "steps": True},
            "Prices: Larger pictures cost no more, More steps than usual cost as much more",
        ),
        ("quota pool", {"changed": -2, "reason": "grant"}, "Pool: -2"),
        ("quota offer", {"role": 5, "amount": 2, "reason": "a"}, "<@&5>: +2 for each (a)"),
        ("quota code", {"code": 1, "amount": 2, "uses": 3, "reason": ""}, "Code 1: +2 for 3"),
        ("quota offer end", {"offer": 4}, "Offer 4 ended"),
        ("quota code end", {"code": 4}, "Code 4 ended"),
        ("quota show", {}, None),
    ],
)
def test_what_admins_did(name: str, detail: dict[str, Any], said: str | None) -> None:
    assert plans.deed(name, detail) == said
