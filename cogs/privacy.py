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
from bot.service import Service
from bot.service.erasing import Held

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_NOBODY = Tile("0" * 32, ALL)
_KEPT = "Nothing was deleted."
_GONE = (
    "What you had asked for ended, free of charge, and your settings and likes are gone. Pictures,"
    " prompts and messages follow now, one after another; a great many may take some hours."
)
_STAYS = (
    "-# The numbers of the books stay, without a word of yours, so limits of a day or month go on."
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
            await replies.instead(interaction, _KEPT)
            return
        await self._at_once(interaction)
        await self._service.privacy.erasing.forget(asking.asker(interaction))
        await replies.instead(interaction, _GONE)


def _question(held: Held) -> str:
    """What would go, in numbers."""
    counted = {
        "picture{}": held.pictures,
        "prompt{}": held.prompts,
        "upload{}": held.uploads,
        "like{}": held.likes,
        "message{} of mine with your pictures": held.messages,
    }
    lines = [
        f"- {count} {what.format('' if count == 1 else 's')}" for what, count in counted.items()
    ]
    if held.unfinished:
        lines.append(f"- {held.unfinished} waiting or being drawn, which end free of charge")
    lines.append("- your settings, own options and history")
    return "\n".join(["**Delete for good, on all servers:**", *lines, _STAYS])


def _choice() -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    danger, quiet = discord.ButtonStyle.danger, discord.ButtonStyle.secondary
    view.add_item(JobButton(ERASE, _NOBODY, label="Delete everything", style=danger))
    view.add_item(JobButton(KEEP, _NOBODY, label="Keep it", style=quiet))
    return view


async def setup(bot: EaselBot) -> None:
    cog = Privacy(bot.service, bot.acknowledger)
    await bot.add_cog(cog)
    bot.presses |= {ERASE: cog.erase, KEEP: cog.erase}
