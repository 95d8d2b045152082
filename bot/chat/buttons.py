"""Buttons whose whole state is their custom id: `easel:<action>:<job>:<tile>`.

They work after restarts and on messages of any age, because discord.py rebuilds them from the id
(`DynamicItem`). A press becomes the event `easel_press`; what it does is the cogs' business.

Two traps of discord.py 2.7 shape this: storing a sent view again without its dynamic items, or a
mixed view that times out, removes that class's pattern for every message. So each render builds a
new `View(timeout=None)` of dynamic items and link buttons only, and no sent view is used again.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import discord
from discord import ui

from bot.domain.action import Action, Tile
from bot.domain.job import Job

PREFIX = "easel"
CANCEL = "cancel"
CODES = (*(action.value for action in Action if action is not Action.IMAGINE), CANCEL)

_QUIET = discord.ButtonStyle.secondary
_USED = discord.ButtonStyle.primary


class JobButton(
    ui.DynamicItem[ui.Button[ui.View]],
    template=rf"{PREFIX}:(?P<code>[a-z_]{{1,24}}):(?P<job>[0-9a-f]{{32}}):(?P<tile>[0-9]{{1,2}})",
):
    """One button of a job; `code` is an action's value or "cancel", `tile.index` 0 means all.

    Codes that this version does not know still match, so that they are answered.
    """

    def __init__(self, code: str, tile: Tile, **look: object) -> None:
        self.code = code
        self.tile = tile
        custom_id = f"{PREFIX}:{code}:{tile.job}:{tile.index}"
        super().__init__(ui.Button(custom_id=custom_id, **look))  # type: ignore[arg-type]

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.View], match: re.Match[str], /
    ) -> JobButton:
        return cls(match["code"], Tile(match["job"], int(match["tile"])))

    async def callback(self, interaction: discord.Interaction) -> None:
        # discord.py only logs what a dynamic item raises; the listener answers its own errors.
        interaction.client.dispatch("easel_press", interaction, self.code, self.tile)


def is_ours(custom_id: str) -> bool:
    """Whether a component or form was made by Easel, of whatever version."""
    return custom_id.startswith(f"{PREFIX}:")


def result_view(job: Job, used: Collection[tuple[Action, int]] = ()) -> ui.View:
    """The buttons under a finished job: U1–U4 🔄 / V1–V4, or those of a single picture.

    `used` holds (action, tile) that led to a job; those change style.
    """
    view = ui.View(timeout=None)
    if job.action is Action.UPSCALE and job.request.source is not None:
        view.add_item(
            JobButton(Action.VARY.value, job.tile(1), label="Vary", emoji="🪄",
                      style=_style(used, Action.VARY, 1), row=0)
        )  # fmt: skip
        return view
    for index in range(1, job.request.count + 1):
        view.add_item(
            JobButton(Action.UPSCALE.value, job.tile(index), label=f"U{index}",
                      style=_style(used, Action.UPSCALE, index), row=0)
        )  # fmt: skip
    view.add_item(
        JobButton(Action.REROLL.value, job.tile(0), emoji="🔄",
                  style=_style(used, Action.REROLL, 0), row=0)
    )  # fmt: skip
    for index in range(1, job.request.count + 1):
        view.add_item(
            JobButton(Action.VARY.value, job.tile(index), label=f"V{index}",
                      style=_style(used, Action.VARY, index), row=1)
        )  # fmt: skip
    return view


def cancel_view(job: Job) -> ui.View:
    """The button under a progress message."""
    view = ui.View(timeout=None)
    view.add_item(
        JobButton(CANCEL, job.tile(0), label="Cancel", emoji="✖️", style=_QUIET)
    )  # fmt: skip
    return view


def is_cancel(custom_id: str, job: Job) -> bool:
    """Whether this is the id of the job's Cancel button."""
    return custom_id.startswith(f"{PREFIX}:{CANCEL}:{job.id}:")


def _style(used: Collection[tuple[Action, int]], action: Action, index: int) -> discord.ButtonStyle:
    return _USED if (action, index) in used else _QUIET
