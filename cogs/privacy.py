"""/privacy: everything that is kept of somebody, for them to have or to have deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, replies
from bot.chat.acknowledge import Acknowledger
from bot.chat.buttons import ERASE, KEEP, JobButton
from bot.chat.handing import Handing
from bot.domain.action import ALL, Tile
from bot.domain.language import N_, _, counted, pgettext
from bot.service import Service
from bot.service.erasing import Held

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_NOBODY = Tile("0" * 32, ALL)
_KEPT = N_("Nothing was deleted.")
_GONE = N_(
    "What you had asked for ended, free of charge, and your settings and likes are gone. Pictures,"
    " prompts and messages follow now, one after another; a great many may take some hours."
)
_STAYS = N_(
    "The numbers of the books stay, without a word of yours, so limits of a day or month go on."
    " What others drew from your pictures stays theirs but for your words; what shows a picture of"
    " yours as it is (taken out by U, zoomed, panned, made square) goes. This cannot be undone:"
    " `/privacy export` first brings you everything."
)


class Privacy(commands.Cog):
    """Private answers about the asker alone, of all servers together."""

    privacy = app_commands.Group(name="privacy", description="What is kept of you")

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        self._service = service
        self._privately = acknowledger.privately
        self._at_once = acknowledger.at_once

    @privacy.command(description="Have everything that is kept of you, as files")
    async def export(self, interaction: discord.Interaction) -> None:
        await self._at_once(interaction, private=True)
        async with self._service.privacy.exports.of(asking.asker(interaction)) as packing:
            interaction.extras["said"] = True
            await Handing(interaction).all(packing)

    @privacy.command(description="Have everything that is kept of you deleted, everywhere")
    async def delete(self, interaction: discord.Interaction) -> None:
        work = self._service.privacy.erasing.held(asking.asker(interaction))
        held = await self._privately(interaction, work)
        await replies.private(interaction, _question(held), view=_choice())

    async def erase(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """It was asked for and is meant."""
        if code == KEEP:
            await replies.instead(interaction, _(_KEPT))
            return
        await self._at_once(interaction)
        await self._service.privacy.erasing.forget(asking.asker(interaction))
        await replies.instead(interaction, _(_GONE))


def _question(held: Held) -> str:
    """What would go, in numbers."""
    said = [
        counted("{n} picture", "{n} pictures", held.pictures),
        counted("{n} prompt", "{n} prompts", held.prompts),
        counted("{n} upload", "{n} uploads", held.uploads),
        counted("{n} like", "{n} likes", held.likes),
        counted(
            "{n} message of mine with your pictures",
            "{n} messages of mine with your pictures",
            held.messages,
        ),
    ]
    if held.unfinished:
        said.append(
            counted(
                "{n} waiting or being drawn, which end free of charge",
                "{n} waiting or being drawn, which end free of charge",
                held.unfinished,
            )
        )
    said.append(_("your settings, own options and history"))
    head = _("**Delete for good, on all servers:**")
    return "\n".join([head, *(f"- {each}" for each in said), f"-# {_(_STAYS)}"])


def _choice() -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    danger, quiet = discord.ButtonStyle.danger, discord.ButtonStyle.secondary
    erase, keep = pgettext("button", "Delete everything"), pgettext("button", "Keep it")
    view.add_item(JobButton(ERASE, _NOBODY, label=erase, style=danger))
    view.add_item(JobButton(KEEP, _NOBODY, label=keep, style=quiet))
    return view


async def setup(bot: EaselBot) -> None:
    cog = Privacy(bot.service, bot.acknowledger)
    await bot.add_cog(cog)
    bot.presses |= {ERASE: cog.erase, KEEP: cog.erase}
