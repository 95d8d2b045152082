"""The hello to a new server: what it says, and how much Discord takes."""

from __future__ import annotations

from typing import Any

import pytest

from bot.chat.admin import hello
from bot.domain.language import speaking
from bot.domain.presets import PRESETS
from bot.language import CATALOGUES, language
from bot.service.first_hour import Choices
from tests.kit import layouts

NOTHING = Choices("", (), frozenset())


def shown(choices: Choices, idea: str = "") -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Its text and its two menus."""
    found = layouts.parts(hello.view(choices, idea))
    menus = layouts.pressable(found)
    return layouts.text(found), menus["setup:preset"], menus["setup:channels"]


def test_nothing_is_chosen_at_first() -> None:
    text, presets, channels = shown(NOTHING, "a `red` fox")
    assert text.startswith("## Hello, I am Easel")
    assert "As the operator of this bot has it" in text
    assert "In every channel" in text
    assert "`/imagine prompt:a red fox`" in text
    assert [each["label"] for each in presets["options"]] == [p.title for p in PRESETS.values()]
    assert layouts.defaults(presets) == []
    assert (channels["type"], channels["min_values"]) == (8, 0)
    assert "default_values" not in channels


@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_that_was_chosen_stands_in_it(key: str) -> None:
    text, presets, _ = shown(Choices(key, tuple(PRESETS[key].plans), frozenset()))
    assert f"✅ {PRESETS[key].title}" in text
    assert layouts.defaults(presets) == [key]


def test_own_plans_neither_format_nor_ping() -> None:
    text, presets, _ = shown(Choices("", ("*Gold*", "@everyone"), frozenset()))
    assert "Plans of your own: \\*Gold\\*, \\@everyone." in text
    assert layouts.defaults(presets) == []


@pytest.mark.parametrize(("count", "said"), [(2, ""), (25, ""), (100, " and 75 more")])
def test_channels_that_were_chosen_stand_in_it(count: int, said: str) -> None:
    text, _, channels = shown(Choices("", (), frozenset(range(10**18, 10**18 + count))))
    listed = text.partition("Only in ")[2].partition(".\n")[0]
    assert listed.count("<#") == min(count, 25)
    assert listed.endswith(f">{said}")
    assert len(layouts.defaults(channels)) == min(count, 25)


@pytest.mark.parametrize("code", CATALOGUES)
@pytest.mark.parametrize("key", PRESETS)
def test_it_fits_in_every_language(code: str, key: str) -> None:
    channels = frozenset(range(10**18, 10**18 + 100))
    plain, *_ = shown(Choices(key, tuple(PRESETS[key].plans), channels))
    with speaking(language(code)):
        text, presets, places = shown(Choices(key, tuple(PRESETS[key].plans), channels))
    assert text != plain
    assert layouts.defaults(presets) == [key]
    assert len(places["placeholder"]) <= 150
    assert all(len(each["description"]) <= 100 for each in presets["options"])
