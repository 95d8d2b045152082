"""Buttons whose whole state is their custom id: `easel:<code>:<job>:<tile>[:<argument>]`.

They work after restarts and on messages of any age, because discord.py rebuilds them from the id
(`DynamicItem`). A press becomes the event `easel_press`; what it does is the cogs' business.

Two traps of discord.py 2.7 shape this: storing a sent view again without its dynamic items, or a
mixed view that times out, removes that class's pattern for every message. So each render builds a
new `View(timeout=None)` of dynamic items and link buttons only, and no sent view is used again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import TYPE_CHECKING

import discord
from discord import ui

from bot.chat.gate import admitted
from bot.domain.action import ACTIONS, ALL, Tile
from bot.domain.buttons import Button
from bot.domain.job import Job
from bot.domain.language import pgettext

if TYPE_CHECKING:
    from bot.service import Service

PREFIX = "easel"
CANCEL = "cancel"
CANCEL_ALL = "cancel_all"
DRAW = "draw"
LEAVE = "leave"
LIKE = "like"
BRING = "bring"
MORE, COVER, UNCOVER = "more", "cover", "uncover"
RECIPE, PNG, MAKING, DELETE = "recipe", "png", "making", "delete"
ERASE, KEEP = "erase", "keep"
TAKE_DOWN, DISMISS = "report_delete", "report_dismiss"
ADMIN_CANCEL, ADMIN_JOBS = "admin_cancel", "admin_jobs"
PURGE, PURGE_NOT = "purge", "purge_not"
APPEAL, APPROVE, DENY = "appeal", "appeal_approve", "appeal_deny"
_ACTIONS = (spec.code for spec in ACTIONS.values() if spec.derive)
_OTHERS = (
    CANCEL, CANCEL_ALL, DRAW, LEAVE, LIKE, BRING, MORE, COVER, UNCOVER, RECIPE, PNG, MAKING, DELETE,
    ERASE, KEEP, TAKE_DOWN, DISMISS, ADMIN_CANCEL, ADMIN_JOBS, APPEAL,
    APPROVE, DENY, PURGE, PURGE_NOT,
)  # fmt: skip
CODES = frozenset({*_ACTIONS, *_OTHERS})
"""What this version has buttons for, whatever features are on."""

Deed = Callable[[discord.Interaction, str, Tile, str], Awaitable[None]]
"""What a press does, by the code, the tile and the argument of its button."""

_QUIET = discord.ButtonStyle.secondary
_USED = discord.ButtonStyle.primary
_LAST_ROW = 4
_ROOM = 5
"""Buttons of a row."""


class JobButton(
    ui.DynamicItem[ui.Button[ui.View]],
    template=rf"{PREFIX}:(?P<code>[a-z0-9_]{{1,24}}):(?P<job>[0-9a-f]{{32}}):(?P<tile>[0-9]{{1,2}})"
    r"(?::(?P<argument>[\w.-]{0,24}))?",
):
    """One button of a job; `code` is an action's value or one of this module's, `tile.index` 0
    means all, and `argument` is what the button says beside that. An offer has the id of a proposal
    in the job's place.

    Codes that this version does not know still match, so that they are answered.
    """

    def __init__(self, code: str, tile: Tile, argument: str = "", **look: object) -> None:
        self.code = code
        self.tile = tile
        self.argument = argument
        parts = (PREFIX, code, tile.job, str(tile.index), *([argument] if argument else []))
        super().__init__(ui.Button(custom_id=":".join(parts), **look))  # type: ignore[arg-type]

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[ui.View], match: re.Match[str], /
    ) -> JobButton:
        tile = Tile(match["job"], int(match["tile"]))
        return cls(match["code"], tile, match["argument"] or "")

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        return await admitted(interaction)

    async def callback(self, interaction: discord.Interaction) -> None:
        # discord.py only logs what a dynamic item raises; the listener answers its own errors.
        interaction.client.dispatch(
            "easel_press", interaction, self.code, self.tile, self.argument
        )  # fmt: skip


def is_ours(custom_id: str) -> bool:
    """Whether a component or form was made by Easel, of whatever version."""
    return custom_id.startswith(f"{PREFIX}:")


async def looks_under(service: Service, job: Job, pressed: bool = True) -> Callable[[], ui.View]:
    """What stands under a finished job's pictures, or its failure, made anew for each message.
    `pressed` says that buttons of it may have been used before."""
    buttons = await service.drawing.buttons(job, pressed)
    single = job.request.count == 1 and not job.failure
    likes = await service.likes.count(job) if single else 0

    def look() -> ui.View:
        view = result_view(buttons)
        if single:
            view.add_item(like_button(job.tile(1), likes))
        if not job.failure:
            row = _LAST_ROW if single else _free_row(buttons)
            view.add_item(JobButton(MORE, job.tile(ALL), label="⋯", style=_QUIET, row=row))
        return view

    return look


def _free_row(buttons: Collection[Button]) -> int:
    """The last row that has buttons and room for one more."""
    taken = Counter(button.row for button in buttons)
    return max((row for row, count in taken.items() if count < _ROOM), default=_LAST_ROW)


def like_button(picture: Tile, likes: int) -> JobButton:
    """Says how many like a picture, for all who see it."""
    look = {"label": str(likes) if likes else None, "emoji": "❤️", "style": _QUIET}
    return JobButton(LIKE, picture, row=_LAST_ROW, **look)


def result_view(buttons: Iterable[Button]) -> ui.View:
    """The buttons under an ended job; those that led to a job have another style."""
    view = ui.View(timeout=None)
    for button in buttons:
        view.add_item(
            JobButton(
                button.action.value,
                button.tile,
                button.argument,
                label=button.label or None,
                emoji=button.emoji or None,
                style=_USED if button.used else _QUIET,
                row=button.row,
            )
        )
    return view


def way_view(address: str) -> ui.View:
    """The way to a message that is elsewhere."""
    label = pgettext("button", "Where it was asked for")
    return ui.View(timeout=None).add_item(ui.Button(label=label, url=address))


def cancel_view(job: Job) -> ui.View:
    """The button under the progress message of a job, or of all that were asked for with it."""
    view = ui.View(timeout=None)
    code = CANCEL if job.batch is None else CANCEL_ALL
    label = pgettext("button", "Cancel") if code == CANCEL else pgettext("button", "Cancel all")
    view.add_item(
        JobButton(code, Tile(job.shown_by, ALL), label=label, emoji="✖️", style=_QUIET)
    )  # fmt: skip
    return view


def appealing(appeal: str, view: ui.View | None = None) -> ui.View:
    """With the button by which a refusal is appealed against."""
    view = ui.View(timeout=None) if view is None else view
    label = pgettext("button", "Appeal")
    return view.add_item(JobButton(APPEAL, Tile(appeal, ALL), label=label, style=_QUIET))


def offer_view(proposal: str) -> ui.View:
    """The buttons under an offer."""
    view = ui.View(timeout=None)
    draw, leave = pgettext("button", "Draw"), pgettext("button", "Leave")
    view.add_item(JobButton(DRAW, Tile(proposal, ALL), label=draw, style=_USED))
    view.add_item(JobButton(LEAVE, Tile(proposal, ALL), label=leave, style=_QUIET))
    return view


def is_cancel(custom_id: str, job: Job) -> bool:
    """Whether this is the id of the Cancel button under the message that shows the job."""
    code = CANCEL if job.batch is None else CANCEL_ALL
    return custom_id.startswith(f"{PREFIX}:{code}:{job.shown_by}:")
