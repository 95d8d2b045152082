"""What messages say of what somebody has, of why, and of how it came to that."""

from __future__ import annotations

from typing import Any

import pytest

from bot.chat import holdings, wording
from bot.domain.credits import Balance, Bucket
from bot.domain.language import in_english, speaking
from bot.domain.period import Period
from bot.domain.quota import Caps, Level, Quota, QuotaSetting, decide
from bot.domain.speed import Speed
from bot.domain.tariff import Tariff
from bot.language import language
from bot.service.accounts import Entry, Holdings

FAST = frozenset({Speed.FAST})
AT = 1_780_000_000.0


def found(quota: Quota, levels: list[Level], balance: Balance, *sources: Any) -> Holdings:
    return Holdings(balance, decide(quota, [levels], Caps()), Tariff(), sources, 0.0)


def test_why_somebody_has_nothing() -> None:
    said = holdings.explained(found(Quota(0), [], Balance(0, 0, 0, 0, AT)))
    assert said.splitlines() == [
        "**0 grids** to spend: none.",
        "3 at once from the operator, 10 waiting from the operator, 13 grids by one command from"
        " the operator.",
    ]


def test_one_command_may_ask_for_no_more_than_may_wait() -> None:
    own = Level(QuotaSetting(running=2, waiting=5), "user", 9)
    for batch, words in (
        (10, "7 grids by one command from a setting for them alone"),
        (7, "7 grids by one command from this server"),
        (2, "2 grids by one command from this server"),
    ):
        there = Level(QuotaSetting(batch=batch), "server", 7)
        account = Holdings(
            Balance(1, 0, 0, 1, AT), decide(Quota(), [[own], [there]]), Tariff(), (), 0.0
        )
        assert words in holdings.explained(account)


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
    said = holdings.explained(
        found(
            Quota(), [level, own], balance,
            ("grant", Bucket(1, 100)), ("rollover", Bucket(2, 7, AT)),
            ("pool", Bucket(3, 40, None, True)),
        )
    ).splitlines()  # fmt: skip
    assert said[0] == (
        "**159 grids** to spend: 12 of 15 a month from the plan Patron of the role <@&5>,"
        f" +7 carried over until <t:{AT:.0f}:D>, +100 granted, +40 in the server's pool,"
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


def test_of_many_sources_those_that_end_first_are_named() -> None:
    sources = [(f"{n} *" + "x" * 190, Bucket(n, 2, AT - n)) for n in range(20)]
    account = found(
        Quota(0), [], Balance(0, 43, 0, 0, AT, pooled=3),
        ("pool", Bucket(98, 3, None, True)), ("grant", Bucket(99, 3)), *sources,
    )  # fmt: skip
    first = wording.cut(holdings.explained(account)).splitlines()[0]
    assert first.startswith(r"**46 grids** to spend: +2 19 \*xxx")
    assert "+2 13 " in first
    assert "+2 12 " not in first
    assert first.endswith(", +32 from 15 more.")


def test_long_reasons_leave_room_for_the_others() -> None:
    entries = [Entry(AT, "grant", 5, "grant", "", 9, "*" * 200, False, False)] * 25
    text = holdings.statement(entries)
    assert text.count("**+5** granted (\\*\\*") == 25
    assert len(text) < wording.DESCRIPTION_LIMIT


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
    said = holdings.explained(found(Quota(), [level], Balance(1, 0, 0, 1, AT)))
    assert f"1 of 1 a day {who}" in said


def test_all_who_decide_together_are_named() -> None:
    levels = [
        Level(QuotaSetting(speeds=FAST, models=frozenset({"sdxl"})), "role", 5, plan="A"),
        Level(QuotaSetting(speeds=frozenset({Speed.RELAX})), "role", 6, plan="B"),
        Level(QuotaSetting(speeds=FAST, models=frozenset({"tiny"})), "role", 7),
    ]
    said = holdings.explained(found(Quota(), levels, Balance(1, 0, 0, 1, AT))).splitlines()
    assert (
        "No turbo: the plan A of the role <@&5> allows fast, the plan B of the role <@&6> allows"
        " relaxed." in said
    )
    assert "Only the models sdxl, tiny from the plan A of the role <@&5>, from role <@&7>." in said


def test_what_the_operator_lowers_is_said() -> None:
    decision = decide(Quota(), [[Level(QuotaSetting(99, running=9), "server", 7)]], Caps(5, 2))
    said = holdings.explained(Holdings(Balance(5, 0, 0, 5, AT), decision, Tariff(), (), 0.0))
    assert "The operator of this bot allows less than was set: credits a period, at once." in said


def test_the_operators_cap_is_said_where_there_is_more() -> None:
    level = Level(QuotaSetting(15, Period.MONTH), "server", 7, plan="All")
    decision = decide(Quota(), [[level]], Caps(20))
    said = []
    for room in (20, 50):
        balance = Balance(15, 35, 0, 15, AT, room=room)
        said.append(holdings.explained(Holdings(balance, decision, Tariff(), (), 0.0)).split("\n"))
    assert said[0][0].startswith("**20 grids** to spend")
    assert said[0][1] == "The operator of this bot allows 20 a month in all"
    assert "operator of this bot" not in "".join(said[1])


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
    assert holdings.statement([entry]) == f"<t:{AT:.0f}:d> {said}"


def test_an_empty_statement_says_so() -> None:
    assert holdings.statement([]) == "Nothing was given or spent here so far."


def test_numbers_and_reasons_are_said_in_the_language_of_the_reader() -> None:
    entry = Entry(AT, "grant", 1150, "pack", "", 9, "pack bought", False, False)
    back = Entry(AT, "grant", -1150, "pack", "", 0, "pack given back", False, False)
    with speaking(language("de")):
        lines = holdings.statement([entry, back]).splitlines()
    assert lines == [
        f"<t:{AT:.0f}:d> **+1.150** Paket (Paket gekauft)",
        f"<t:{AT:.0f}:d> **-1.150** zurückgenommen (Paket zurückgegeben)",
    ]
    own = Entry(AT, "grant", 1, "won by Mia", "", 9, "won by Mia", False, False)
    with speaking(language("ja")):
        assert holdings.statement([own]).endswith("**+1** won by Mia")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en-US", "No relaxed: a setting for them alone allows turbo and fast."),
        ("de", "Nicht entspannt: eine persönliche Einstellung erlaubt turbo und schnell."),
        ("es-ES", "Sin modo tranquilo: un ajuste solo para este miembro permite turbo y rápido."),
        ("pt-BR", "Sem o modo tranquilo: um ajuste só deste membro permite turbo e rápido."),
        ("ko", "느긋하게: 쓸 수 없음. 이 멤버만의 설정에서 허용하는 것: 터보 및 빠르게."),
        ("zh-CN", "不能用悠闲：个人设置允许极速和快速。"),
        ("zh-TW", "不能用悠閒：個人設定允許極速和快速。"),
    ],
)
def test_what_is_not_allowed_in_every_order_of_words(code: str, said: str) -> None:
    own = Level(QuotaSetting(speeds=frozenset({Speed.TURBO, Speed.FAST})), "user", 9)
    with speaking(language(code)):
        text = holdings.explained(found(Quota(), [own], Balance(1, 0, 0, 1, AT)))
    assert said in text.splitlines()


def test_lists_are_known_in_english_too() -> None:
    with speaking(language("ja")):
        held = holdings.held(3)
    assert held == "進行中のジョブのために確保中3"
    assert in_english(held) == "3 held for jobs under way"
