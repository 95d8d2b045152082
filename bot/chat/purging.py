"""Deleting all of a member's pictures: the question, and the answer that says when it is done."""

from __future__ import annotations

import asyncio
import contextlib

import discord
from discord import ui

from bot.chat import replies, wording
from bot.chat.buttons import PURGE, PURGE_NOT, JobButton
from bot.domain.action import ALL, Tile
from bot.domain.language import _, counted, pgettext
from bot.service import Service
from bot.service.purging import Purge

_NOTHING = Tile("0" * 32, ALL)
_TOKEN_S = 840.0
"""How long an answer can be changed."""


def choice(user: int, days: int) -> ui.View:
    """The buttons under the question."""
    view = ui.View(timeout=None)
    red, grey = discord.ButtonStyle.danger, discord.ButtonStyle.secondary
    yes, no = pgettext("button", "Delete"), pgettext("button", "Keep")
    view.add_item(JobButton(PURGE, _NOTHING, f"{user}.{days}", label=yes, style=red))
    view.add_item(JobButton(PURGE_NOT, _NOTHING, label=no, style=grey))
    return view


async def follow(service: Service, interaction: discord.Interaction, purge: Purge) -> None:
    """Say in the place of the question that it was begun, and when it is done. Who cannot be told
    so here is told beside a later answer."""
    await replies.instead(interaction, begun(purge))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_TOKEN_S), service.purging.ending(purge) as ended:
            await ended.wait()
            if await replies.instead(interaction, done(purge)):
                await service.purging.told(purge)


def begun(purge: Purge) -> str:
    """That it is being done."""
    return _(
        "Being deleted: {pictures} by {person}. That goes on, whatever happens; you are told when"
        " it is done.",
        pictures=_pictures(purge), person=wording.person(purge.wish.account.user),
    )  # fmt: skip


def done(purge: Purge) -> str:
    """That it is done."""
    return _(
        "Deleted: {pictures} by {person}; their messages follow in a moment.",
        pictures=_pictures(purge), person=wording.person(purge.wish.account.user),
    )  # fmt: skip


def _pictures(purge: Purge) -> str:
    return counted("{n} picture", "{n} pictures", purge.count.pictures)
