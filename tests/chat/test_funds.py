"""What is said of credits and limits."""

from __future__ import annotations

import pytest

from bot.chat import funds
from bot.domain.credits import Balance
from bot.domain.period import Period
from bot.domain.quota import Caps, Quota, QuotaSetting

DAY, MONTH = Quota(25), Quota(290, Period.MONTH, running=1, waiting=2)


@pytest.mark.parametrize(
    ("balance", "quota", "lines"),
    [
        (
            Balance(25, 0, 0, 25, 99.0), DAY,
            ["**25** grids left", "25 of today's 25", "Back to 25 <t:99:R>"],
        ),
        (
            Balance(0, 1, 3, 290, 99.0), MONTH,
            [
                "**1** grid left",
                "0 of this month's 290, 1 besides, 3 held for jobs under way",
                "Back to 290 <t:99:R>",
            ],
        ),
        (
            Balance(0, 7, 0, 0, 99.0), Quota(0),
            [
                "**7** grids left", "7 besides",
                "None come by themselves here; an admin can give some.",
            ],
        ),
        (
            Balance(0, 0, 0, 0, 99.0), Quota(0),
            ["**0** grids left", "None come by themselves here; an admin can give some."],
        ),
    ],
)  # fmt: skip
def test_balances(balance: Balance, quota: Quota, lines: list[str]) -> None:
    assert funds.balance(balance, quota).split("\n") == lines


def test_in_direct_messages_nobody_can_give_any() -> None:
    said = funds.balance(Balance(0, 0, 0, 0, 99.0), Quota(0), direct=True)
    assert said.split("\n") == [
        "**0** grids left", "Drawing in direct messages is switched off; ask on a server.",
    ]  # fmt: skip


def test_the_operators_cap_is_said_where_it_bites() -> None:
    capped = Quota(25, most=30)
    assert "operator" not in funds.balance(Balance(20, 9, 0, 25, 99.0, room=29), capped)
    said = funds.balance(Balance(20, 9, 0, 25, 99.0, room=1), capped).split("\n")
    assert said[0] == "**1** grid left"
    assert "The operator of this bot allows 30 a day in all" in said


@pytest.mark.parametrize(
    ("caps", "text"),
    [
        (Caps(), ""),
        (Caps(100), "100 grids a period"),
        (Caps(running=2), "2 at once"),
        (Caps(1, 2, 3), "1 grid a period, 2 at once, 3 waiting"),
    ],
)
def test_caps(caps: Caps, text: str) -> None:
    assert funds.caps(caps) == text


def test_limits() -> None:
    assert funds.limits(DAY) == "25 grids a day, 3 at once, 10 waiting"
    assert funds.limits(MONTH) == "290 grids a month, 1 at once, 2 waiting"


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        (QuotaSetting(), "nothing set"),
        (QuotaSetting(1, Period.DAY), "1 grid a day"),
        (QuotaSetting(running=5), "5 at once"),
        (QuotaSetting(600, Period.MONTH, waiting=4), "600 grids a month, 4 waiting"),
    ],
)
def test_settings(setting: QuotaSetting, text: str) -> None:
    assert funds.setting(setting) == text


@pytest.mark.parametrize(
    ("deed", "detail", "line"),
    [
        (
            "quota set", {"scope": "role", "target": 5, "credits": 290, "period": "month"},
            "<@&5>: 290 grids a month",
        ),
        ("quota set", {"scope": "server", "target": 1, "running": 2}, "Everybody: 2 at once"),
        ("quota reset limits", {"scope": "user", "target": 7}, "<@7>: limits forgotten"),
        (
            "quota grant", {"user": 7, "asked": 2, "changed": 2, "reason": "*won* @here"},
            r"<@7>: +2 lasting (\*won\* \@here)",
        ),
        (
            "quota grant", {"user": 7, "asked": -9, "changed": -2, "reason": "grant"},
            "<@7>: -2 lasting",
        ),
        ("quota reset credits", {"user": 7, "changed": 3}, "<@7>: allowance refilled (+3)"),
        ("plan made", {"by": "a later version"}, "plan made"),
    ],
)  # fmt: skip
def test_deeds_of_admins(deed: str, detail: dict[str, object], line: str) -> None:
    assert funds.deed(deed, detail) == line
