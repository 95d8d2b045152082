"""What messages say of plans, prices, gifts, and of why somebody has what they have."""

from __future__ import annotations

from typing import Any

import pytest

from bot.chat import plans
from bot.domain.action import Action
from bot.domain.credits import Balance, Bucket
from bot.domain.period import Period
from bot.domain.presets import PRESETS
from bot.domain.quota import Caps, Level, Quota, QuotaSetting, decide
from bot.domain.speed import Speed
from bot.domain.tariff import Tariff
from bot.service.accounts import Entry, Holdings
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


def holdings(quota: Quota, levels: list[Level], balance: Balance, *sources: Any) -> Holdings:
    return Holdings(balance, decide(quota, [levels], Caps()), Tariff(), sources, 0.0)


def test_why_somebody_has_nothing() -> None:
    said = plans.explained(holdings(Quota(0), [], Balance(0, 0, 0, 0, AT)))
    assert said.splitlines() == [
        "**0 grids** to spend: none.",
        "3 at once from the operator, 10 waiting from the operator, 40 grids by one command from"
        " the operator.",
    ]


def test_why_somebody_has_what_they_have() -> None:
    level = Level(
        QuotaSetting(
            15, Period.MONTH, running=2, rollover=True, relaxed=True, speeds=FAST, side=512,
            models=frozenset({"sdxl"}),
        ),
        "role", 5, plan="Patron",
    )  # fmt: skip
    own = Level(QuotaSetting(waiting=4), "user", 9)
    balance = Balance(12, 107, 3, 15, AT, pooled=40)
    said = plans.explained(
        holdings(
            Quota(), [level, own], balance,
            ("grant", Bucket(1, 100)), ("rollover", Bucket(2, 7, AT)),
            ("pool", Bucket(3, 40, None, True)),
        )
    ).splitlines()  # fmt: skip
    assert said[0] == (
        "**159 grids** to spend: 12 of 15 a month from the plan Patron of the role <@&5>,"
        f" +100 granted, +7 carried over until <t:{AT:.0f}:D>, +40 in the server's pool,"
        " 3 held for jobs under way."
    )
    assert said[1] == f"Whole again <t:{AT:.0f}:R>; what is left of a month stays for the next one."
    assert "4 waiting from a setting for them alone" in said[2]
    assert said[3:] == [
        "No turbo: the plan Patron of the role <@&5> allows fast.",
        "No relaxed: the plan Patron of the role <@&5> allows fast.",
        "Up to 512 × 512 pixels from the plan Patron of the role <@&5>.",
        "Only the models sdxl from the plan Patron of the role <@&5>.",
        "Relaxed for free once the credits are out from the plan Patron of the role <@&5>.",
    ]


@pytest.mark.parametrize(
    ("level", "who"),
    [
        (Level(QuotaSetting(1), "server", 7), "from this server"),
        (Level(QuotaSetting(1), "server", 7, plan="All"), "from the plan All of everybody here"),
        (Level(QuotaSetting(1), "bought", plan="Pro"), "from the plan Pro that was bought"),
        (Level(QuotaSetting(1), "user", 9, plan="X*"), "from the plan X\\* that was given to them"),
        (Level(QuotaSetting(1), "role", 5), "from role <@&5>"),
    ],
)
def test_who_decided(level: Level, who: str) -> None:
    said = plans.explained(holdings(Quota(), [level], Balance(1, 0, 0, 1, AT)))
    assert f"1 of 1 a day {who}" in said


def test_what_the_operator_lowers_is_said() -> None:
    decision = decide(Quota(), [[Level(QuotaSetting(99, running=9), "server", 7)]], Caps(5, 2))
    said = plans.explained(Holdings(Balance(5, 0, 0, 5, AT), decision, Tariff(), (), 0.0))
    assert "The operator of this bot allows less than was set: credits a period, at once." in said


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Entry(AT, "hold", -1, "", "abcdef0123456789", 9, "job", False, False),
         "**-1** spent on job `23456789`"),
        (Entry(AT, "hold", -3, "", "abcdef0123456789", 9, "job", True, True),
         "**-3** from the pool held for job `23456789`"),
        (Entry(AT, "expire", -2, "grant", "", 0, "expired", False, False),
         "**-2** past their date"),
        (Entry(AT, "grant", 5, "grant", "", 9, "*prize*", False, False),
         "**+5** granted (\\*prize\\*)"),
        (Entry(AT, "grant", 5, "welcome", "", 9, "welcome", False, False),
         "**+5** at first use"),
        (Entry(AT, "grant", -5, "grant", "", 9, "grant", False, False), "**-5** taken back"),
        (Entry(AT, "grant", 2, "gift code", "", 9, "fair", False, False),
         "**+2** gift code (fair)"),
    ],
)  # fmt: skip
def test_a_line_of_a_statement(entry: Entry, said: str) -> None:
    assert plans.statement([entry]) == f"<t:{AT:.0f}:d> {said}"


def test_an_empty_statement_says_so() -> None:
    assert plans.statement([]) == "Nothing was given or spent here so far."


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
        "Code 2: 4 grids, used 0 of 1 times",
        f"Code 3: 1 grid, for 30 days, used 2 of 9 times, to be used until <t:{AT:.0f}:D> (a\\*b)",
    ]


@pytest.mark.parametrize(
    ("name", "detail", "said"),
    [
        ("plan set", {"plan": "P", "credits": 3, "period": "day"}, "Plan P: 3 grids a day"),
        ("plan remove", {"plan": "P"}, "Plan P removed"),
        ("plan give", {"scope": "role", "target": 5, "plan": "P"}, "<@&5>: plan P"),
        ("plan give", {"scope": "user", "target": 5, "plan": ""}, "<@5>: no plan any more"),
        ("plan preset", {"preset": "dalle"}, "Preset dalle taken over"),
        ("tariff", {"size": False}, "Prices: Larger pictures cost no more."),
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
