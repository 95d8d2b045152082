"""Forms: what Discord is sent, and what it sends back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.chat import forms, looks
from bot.chat.forms import Field
from bot.domain.style import BUILT_IN, Style

OIL = Style("oil", "oil *painting* of", "thick paint", "photo", (("brush", 0.5),))


async def test_a_form_keeps_discords_rules_and_says_who_takes_it() -> None:
    shown = forms.form("The style oil", "style", "oil", looks.fields(OIL)).to_dict()
    assert forms.sent(shown["custom_id"]) == ("style", "oil")
    inputs = [each["component"] for each in shown["components"]]
    assert [each.get("value") for each in inputs] == [
        "oil", "oil *painting* of", "thick paint", "photo", "brush:0.5",
    ]  # fmt: skip
    assert [each["required"] for each in inputs] == [True, False, False, False, False]
    longest = forms.form("x" * 90, "style", "a" * 32, [Field("a", "A")]).to_dict()
    assert len(longest["title"]) == 45
    assert len(longest["custom_id"]) <= 100
    empty = forms.form("New", "style", "", looks.fields(None)).to_dict()
    assert not any(each["component"].get("value") for each in empty["components"])


@pytest.mark.parametrize("custom_id", ["easel:reroll:1:2", "mine:form:a:b", "", "easel:form"])
def test_another_versions_id_has_no_code(custom_id: str) -> None:
    assert forms.sent(custom_id) == ("", "")


@pytest.mark.parametrize(
    "part",
    [
        {"type": 18, "component": {"type": 4, "custom_id": "word", "value": "fox"}},
        {"type": 1, "components": [{"type": 4, "custom_id": "word", "value": "fox"}]},
    ],
)
def test_texts_are_found_behind_labels_and_in_rows(part: dict[str, Any]) -> None:
    data = {"custom_id": "easel:form:style:", "components": [part, {"type": 10, "content": "Hi"}]}
    interaction = cast(discord.Interaction, SimpleNamespace(data=data))
    assert forms.texts(interaction) == {"word": "fox"}


def test_styles_in_words() -> None:
    assert looks.described(OIL) == (
        "`oil`: oil \\*painting\\* of …, thick paint; without photo; LoRA brush\\:0.5"
    )
    assert looks.described(Style("neon", after="neon")) == "`neon`: …, neon"
    assert looks.listed([OIL, BUILT_IN["neon"], BUILT_IN["photo"]]) == (
        "**Of this server:** `oil`\n`neon` `photo`"
    )
    own = Style("photo", "photo of", "on film")
    assert looks.listed([own]) == "**Of this server:** `photo`"
