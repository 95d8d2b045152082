"""The form of a remix and its drafts: what they say, hold and give back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import forms, remix
from bot.chat.buttons import JobButton
from bot.domain.action import ALL, Action, Press
from bot.domain.errors import NotFound
from tests.kit.values import a_job, a_request

GRID = a_job()
VARY = Press(Action.VARY, GRID.tile(3))
FOX = "\N{FOX FACE}"


def shown(text: str, press: Press = VARY, **more: Any) -> dict[str, Any]:
    return remix.form(press, GRID, text, **more).to_dict()


def inputs(form: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["component"] for each in form["components"]]


def came_back(form: dict[str, Any]) -> tuple[Press, bool]:
    code, argument = forms.sent(form["custom_id"])
    assert code == remix.CODE
    return remix.read(argument, {each["custom_id"]: each["value"] for each in inputs(form)})


def units(text: str) -> int:
    """Characters as Discord's clients count them."""
    return len(text.encode("utf-16-le")) // 2


async def test_a_form_says_what_it_draws_and_its_id_brings_it_back() -> None:
    form = shown("a fox --ar 3:2")
    assert form["title"] == "Vary picture 3"
    [field] = inputs(form)
    assert (field["style"], field["max_length"], field["required"]) == (2, 4000, True)
    assert came_back(form) == (Press(Action.VARY, GRID.tile(3), prompt="a fox --ar 3:2"), False)
    again = shown("a fox", Press(Action.REROLL, GRID.tile(ALL)), again=True)
    assert again["title"] == "Draw it again"
    assert came_back(again) == (Press(Action.REROLL, GRID.tile(ALL), prompt="a fox"), True)
    longest = shown("x", Press(Action.REROLL, GRID.tile(16)), again=True)
    assert len(longest["custom_id"]) <= 100
    single = a_job(a_request(count=1))
    assert remix.form(VARY, single, "x").title == "Vary this picture"


async def test_discord_py_forgets_a_form_soon() -> None:
    assert remix.form(VARY, GRID, "x").timeout == forms.REMEMBERED_S


@pytest.mark.parametrize(
    "text",
    ["x" * 4000, "x" * 4001, "x " * 2999 + "y", FOX * 2000, FOX * 6000, "ab " * 1999 + FOX,
     "x" * 3999 + FOX + "y"],
)  # fmt: skip
async def test_no_text_is_too_long_for_the_form(text: str) -> None:
    form = shown(text)
    parts = inputs(form)
    assert len(parts) == max(1, -(-units(text) // 4000))
    assert all(units(each["value"]) <= 4000 for each in parts)
    assert len({each["custom_id"] for each in parts}) == len(parts)
    assert came_back(form)[0].prompt == text
    if len(parts) > 1:
        assert "goes on below" in form["components"][0]["description"]
    for each in form["components"]:
        assert len(each["label"]) <= 45
        assert len(each.get("description") or "") <= 100


@given(st.text(st.sampled_from("ab `\n" + FOX), min_size=1, max_size=80))
def test_a_draft_gives_back_what_was_typed(text: str) -> None:
    draft = remix.draft(Press(Action.VARY, GRID.tile(3), prompt=text))
    said = f"`--arr` is no parameter.\n{draft['kept']}"
    assert said.count("```") == 2
    message = SimpleNamespace(embeds=[discord.Embed(description=said)])
    assert remix.text_of(cast(Any, message)) == text
    [button] = draft["view"].children
    assert isinstance(button, JobButton)
    assert button.custom_id == f"easel:remix:{GRID.id}:3:vary"


@pytest.mark.parametrize("text", ["x " * 2000, "`" * 3000, FOX * 2000, "ab " * 4000])
def test_what_is_too_long_for_a_draft_fits_messages_of_its_own(text: str) -> None:
    press = Press(Action.VARY, GRID.tile(3), prompt=text)
    assert remix.draft(press) == {}
    blocks = remix.blocks(press)
    assert all(units(each) <= 2000 for each in blocks)
    whole = "".join(each[4:-4] for each in blocks).replace("`\u200b", "`")
    assert whole.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "argument",
    ["", "vary", f"upscale:{'a' * 32}:1", f"nothing:{'a' * 32}:1", f"vary:{'a' * 31}:1",
     f"vary:{'a' * 32}:1:more"],
)  # fmt: skip
def test_a_form_of_another_version_is_said(argument: str) -> None:
    with pytest.raises(NotFound, match="another version"):
        remix.read(argument, {"prompt": "a fox"})


def test_a_message_that_is_no_draft_is_said() -> None:
    for embeds in ([], [discord.Embed(description="Something else")], [discord.Embed()]):
        with pytest.raises(NotFound, match="another version"):
            remix.text_of(cast(Any, SimpleNamespace(embeds=embeds)))
    with pytest.raises(NotFound):
        remix.text_of(None)
