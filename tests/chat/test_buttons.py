"""Buttons: their ids, their looks, and discord.py's two traps."""

from __future__ import annotations

import re
import string
from typing import Any

import discord
import pytest
from discord import ui
from discord.ui.view import ViewStore
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.buttons import JobButton, cancel_view, result_view
from bot.domain.action import Action, Tile
from bot.domain.buttons import buttons
from tests.kit import jobs

PATTERN = JobButton.__discord_ui_compiled_template__


Used = frozenset[tuple[Action, int]]


def under(count: int = 4, used: Used = frozenset()) -> ui.View:
    return result_view(buttons(jobs.JOB_ID, count, used))


def views() -> list[ui.View]:
    """One of each kind that is ever sent."""
    used = frozenset({(Action.VARY, 1), (Action.REROLL, 0)})
    return [under(), under(used=used), under(count=1), cancel_view(jobs.job())]


def labels(view: ui.View) -> list[list[str]]:
    rows = view.to_components()
    return [
        [each.get("label") or each["emoji"]["name"] for each in row["components"]] for row in rows
    ]


def primary(view: ui.View) -> list[str]:
    return [
        item.item.label or str(item.item.emoji)
        for item in view.children
        if isinstance(item, JobButton) and item.item.style is discord.ButtonStyle.primary
    ]


def test_a_grid_has_two_rows_and_a_single_picture_four() -> None:
    grid, _, single, waiting = views()
    assert labels(grid) == [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"]]
    assert labels(single) == [
        ["Upscale (Subtle)", "Upscale (Creative)", "Redo"],
        ["Vary (Subtle)", "Vary (Strong)", "Vary (Region)"],
        ["Zoom Out 2×", "Zoom Out 1.5×", "Custom Zoom", "Make Square"],
        ["⬅️", "➡️", "⬆️", "⬇️"],
    ]
    assert labels(waiting) == [["Cancel"]]


def test_used_buttons_change_style() -> None:
    assert primary(under()) == []
    used = frozenset({(Action.UPSCALE, 2), (Action.VARY, 2), (Action.REROLL, 0)})
    assert primary(under(used=used)) == ["U2", "🔄", "V2"]
    assert primary(under(count=1, used=frozenset({(Action.VARY, 1)}))) == ["Vary"]


@given(
    st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=24),
    st.text("0123456789abcdef", min_size=32, max_size=32),
    st.integers(0, 99),
    st.text(string.ascii_letters + string.digits + "_.-", max_size=24),
)
async def test_an_id_says_everything(code: str, job: str, index: int, argument: str) -> None:
    button = JobButton(code, Tile(job, index), argument)
    assert len(button.custom_id) <= 100
    match = PATTERN.fullmatch(button.custom_id)
    assert match is not None
    rebuilt = await JobButton.from_custom_id(None, button.item, match)  # type: ignore[arg-type]
    assert (rebuilt.code, rebuilt.tile, rebuilt.argument) == (code, Tile(job, index), argument)


@pytest.mark.parametrize(
    "custom_id",
    ["easel:vary:xyz:1", "easel:VARY:" + "0" * 32 + ":1", "easel:vary:" + "0" * 32, "other:1"],
)
def test_what_is_not_ours_does_not_match(custom_id: str) -> None:
    assert re.fullmatch(PATTERN, custom_id) is None


# The traps


def store() -> ViewStore:
    made = ViewStore(None)  # type: ignore[arg-type]
    made.add_dynamic_items(JobButton)
    return made


def knows_us(made: ViewStore) -> bool:
    return PATTERN in made._dynamic_items


class Mixed(ui.View):
    """What must not be sent: a dynamic item beside an ordinary one, with a time-out."""

    def __init__(self) -> None:
        super().__init__(timeout=60)
        self.add_item(JobButton("vary", Tile("0" * 32, 1), label="V1"))
        self.add_item(ui.Button[Any](label="plain", custom_id="plain"))


async def test_discord_py_forgets_our_pattern_with_a_mixed_view() -> None:
    """Why the rules of `bot.chat.buttons` exist; when this fails, they may be relaxed."""
    made, view = store(), Mixed()
    made.add_view(view, 1)
    made.remove_view(view)
    assert not knows_us(made)


async def test_discord_py_forgets_our_pattern_with_a_view_stored_again() -> None:
    made, view = store(), Mixed()
    made.add_view(view, 1)
    view.remove_item(view.children[0])
    made.add_view(view, 1)
    assert not knows_us(made)


async def test_our_views_are_safe_to_send_in_any_number() -> None:
    made = store()
    for message in range(50):
        for view in views():
            made.add_view(view, message)
            if message % 2:
                view.stop()
                made.remove_view(view)
    assert knows_us(made)
    assert made._views == {}
    assert made._synced_message_views == {}


async def test_our_views_hold_dynamic_items_only_and_never_time_out() -> None:
    for view in views():
        assert view.timeout is None
        assert all(isinstance(item, JobButton) for item in view.children)


async def test_every_render_is_a_new_view() -> None:
    assert under() is not under()
    assert cancel_view(jobs.job()) is not cancel_view(jobs.job())
