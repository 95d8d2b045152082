"""How a language writes numbers and lists, what it says where nothing is translated, and how long
it is spoken."""

from __future__ import annotations

import asyncio
import datetime

import pytest

from bot.domain.errors import NotFound
from bot.domain.language import (
    ENGLISH,
    N_,
    _,
    counted,
    in_english,
    joined,
    moment,
    pgettext,
    speak,
    speaking,
    spoken,
)
from bot.language import language

SPACE = "\u202f"
"""Narrow, and never broken."""


@pytest.mark.parametrize(
    ("code", "number", "percent", "listed"),
    [
        ("en-US", "12,345.5", "45%", "red, green and blue"),
        ("de", "12.345,5", "45\xa0%", "red, green und blue"),
        ("fr", f"12{SPACE}345,5", "45\xa0%", "red, green et blue"),
        ("es-ES", "12.345,5", "45\xa0%", "red, green y blue"),
        ("es-419", "12,345.5", "45%", "red, green y blue"),
        ("pt-BR", "12.345,5", "45%", "red, green e blue"),
        ("ja", "12,345.5", "45%", "red、green、blue"),
        ("ko", "12,345.5", "45%", "red, green 및 blue"),
        ("zh-CN", "12,345.5", "45%", "red、green和blue"),
        ("zh-TW", "12,345.5", "45%", "red、green和blue"),
    ],
)
def test_numbers_and_lists(code: str, number: str, percent: str, listed: str) -> None:
    one = language(code)
    assert one.code == code
    assert one.number(12345.5, 1) == number
    assert one.percent(0.45) == percent
    assert one.listed(["red", "green", "blue"]) == listed
    assert one.listed(["red"]) == "red"


THIN = "\u2009"


@pytest.mark.parametrize(
    ("code", "day", "days", "year"),
    [
        ("en-US", "Dec 28", "Dec 28 2025 to Jan 3 2026", "Jan 3 to Jan 9 2026"),
        ("de", "28. Dez.", f"28. Dez. 2025{THIN}–{THIN}3. Jan. 2026", "3.–9. Jan. 2026"),
        ("fr", "28 déc.", f"28 déc. 2025{THIN}–{THIN}3 janv. 2026", "3–9 janv. 2026"),
        ("pt-BR", "28 de dez.", f"28 de dez. de 2025{THIN}–{THIN}3 de jan. de 2026",
         "3–9 de jan. de 2026"),
        ("ja", "12月28日", "2025年12月28日～2026年1月3日", "2026年1月3日～9日"),
        ("zh-TW", "12月28日", "2025年12月28日至2026年1月3日", "2026年1月3日至9日"),
    ],
)  # fmt: skip
def test_days(code: str, day: str, days: str, year: str) -> None:
    one, first, last = language(code), datetime.date(2025, 12, 28), datetime.date(2026, 1, 3)
    assert one.day(first) == day
    assert one.days(first, last) == days
    assert one.days(last, last + datetime.timedelta(days=6)).replace(THIN, "") == year


@pytest.mark.parametrize(("code", "said"), [("en-US", "a, b"), ("de", "a, b"), ("ja", "a、b")])
def test_what_is_told_one_after_another(code: str, said: str) -> None:
    with speaking(language(code)):
        assert joined(["a", "b"]) == said
        assert joined(["a"]) == "a"


@pytest.mark.parametrize("code", ["en-US", "en-GB", "sv-SE", "uk", "", "no-such"])
def test_what_easel_does_not_speak_is_english(code: str) -> None:
    assert language(code) is ENGLISH


def test_english_stands_for_what_is_not_translated() -> None:
    with speaking(language("de")):
        assert _("A sentence that nobody wrote: {what}", what="{x}") == (
            "A sentence that nobody wrote: {x}"
        )
        assert counted("{n} sentence", "{n} sentences", 2) == "2 sentences"
        assert pgettext("button", "Nobody's") == "Nobody's"
        assert N_("Own options, such as --mystyle") == "Own options, such as --mystyle"
        assert _(N_("Own options, such as --mystyle")) != "Own options, such as --mystyle"


def test_braces_of_what_was_typed_are_left_alone() -> None:
    assert _("A prompt {typed}") == "A prompt {typed}"
    assert _("A prompt {typed}", typed="{a, b}") == "A prompt {a, b}"


CREDITS = "{n} credit", "{n} credits"
GRIDS = "{done} of {n} grid drawn", "{done} of {n} grids drawn"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en-US", ["0 credits", "1 credit", "2 credits", "1,234 credits"]),
        ("de", ["0 Credits", "1 Credit", "2 Credits", "1.234 Credits"]),
        ("fr", ["0 crédit", "1 crédit", "2 crédits", f"1{SPACE}234 crédits"]),
        ("es-ES", ["0 créditos", "1 crédito", "2 créditos", "1.234 créditos"]),
        ("es-419", ["0 créditos", "1 crédito", "2 créditos", "1,234 créditos"]),
        ("pt-BR", ["0 crédito", "1 crédito", "2 créditos", "1.234 créditos"]),
        ("ja", ["0クレジット", "1クレジット", "2クレジット", "1,234クレジット"]),
        ("ko", ["0크레딧", "1크레딧", "2크레딧", "1,234크레딧"]),
        ("zh-CN", ["0 点", "1 点", "2 点", "1,234 点"]),
        ("zh-TW", ["0 點", "1 點", "2 點", "1,234 點"]),
    ],
)
def test_plurals(code: str, said: list[str]) -> None:
    """Zero is one in French and Portuguese, and many elsewhere."""
    with speaking(language(code)):
        assert [counted(*CREDITS, number) for number in (0, 1, 2, 1234)] == said


def test_a_million_has_a_form_of_its_own() -> None:
    for code in ("fr", "es-ES", "pt-BR"):
        with speaking(language(code)):
            assert counted(*CREDITS, 10**6).endswith("s")
            assert "{" not in counted(*GRIDS, 10**6, done=3)


def test_a_log_has_it_in_english() -> None:
    with speaking(language("de")):
        sampler = _("There is no sampler {typed}; did you mean `{near}`?", typed="`x`", near="lcm")
        failed = _("{failure} Nothing was charged.", failure=_("It was withdrawn."))
    assert sampler == "Den Sampler `x` gibt es nicht; meintest du `lcm`?"
    assert NotFound(sampler).english == "There is no sampler `x`; did you mean `lcm`?"
    assert failed == "Es wurde zurückgezogen. Nichts wurde berechnet."
    assert in_english(failed) == "It was withdrawn. Nothing was charged."
    assert in_english("as it is") == NotFound("as it is").english == "as it is"


async def test_each_task_speaks_its_own_language() -> None:
    heard: dict[str, str] = {}
    both = asyncio.Barrier(2)

    async def later() -> None:
        heard["later"] = spoken().code

    async def person(code: str) -> None:
        speak(language(code))
        await both.wait()
        heard[code] = spoken().code
        if code == "ja":
            await asyncio.create_task(later())

    await asyncio.gather(person("ja"), person("fr"))
    assert heard == {"ja": "ja", "fr": "fr", "later": "ja"}
    assert spoken() is ENGLISH


def test_a_block_gives_back_what_was_spoken() -> None:
    def broken() -> None:
        with speaking(language("ko")):
            assert spoken().code == "ko"
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert spoken() is ENGLISH


@pytest.mark.parametrize(
    ("code", "gained", "lost", "times"),
    [
        ("en-US", "+1,234", "-1,234", ["2", "1.5", "0.125", "0.00001"]),
        ("de", "+1.234", "-1.234", ["2", "1,5", "0,125", "0,00001"]),
        ("fr", f"+1{SPACE}234", f"-1{SPACE}234", ["2", "1,5", "0,125", "0,00001"]),
        ("ja", "+1,234", "-1,234", ["2", "1.5", "0.125", "0.00001"]),
    ],
)
def test_changes_and_factors(code: str, gained: str, lost: str, times: list[str]) -> None:
    one = language(code)
    assert [one.signed(each) for each in (1234, -1234, 0)] == [gained, lost, "+0"]
    assert [one.factor(each) for each in (2.0, 1.5, 0.125, 1e-5)] == times


def test_what_stands_in_a_row() -> None:
    said = {}
    for code in ("en-US", "ja", "zh-CN"):
        with speaking(language(code)):
            said[code] = joined([_("Queue full"), "b", "c"])
    assert said["en-US"] == "Queue full, b, c"
    assert said["ja"].endswith("、b、c")
    assert said["zh-CN"].endswith("、b、c")
    assert in_english(said["ja"]) == "Queue full, b, c"
    assert joined([]) == ""


def test_discord_writes_moments_for_each_reader() -> None:
    assert moment(1_780_000_000.4, "D") == "<t:1780000000:D>"
