"""/shorten: which words of a prompt matter to the model, and shorter prompts of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, replies, shorter
from bot.chat.acknowledge import Acknowledger
from bot.chat.presenter import Presenter
from bot.domain.action import Tile
from bot.domain.prompt import MAX_LENGTH, Prompt
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot


class Shorten(commands.Cog):
    """Only who asked sees the answer; what its buttons draw is seen like anything drawn."""

    def __init__(self, service: Service, presenter: Presenter, acknowledger: Acknowledger) -> None:
        self._service = service
        self._presenter = presenter
        self._quickly = acknowledger.quickly
        self._privately = acknowledger.privately
        self._at_once = acknowledger.at_once

    @app_commands.command(description="See which words of a prompt matter, and get shorter ones")
    @app_commands.describe(prompt="A prompt as for /imagine; nothing is drawn or charged")
    async def shorten(
        self, interaction: discord.Interaction, prompt: app_commands.Range[str, 1, MAX_LENGTH]
    ) -> None:
        work = self._service.shortening.shorten(
            asking.asker(interaction), asking.origin(interaction), prompt
        )
        made = shorter.embed(await self._privately(interaction, work))
        await replies.private(interaction, embed=made, view=shorter.view(made))

    async def draw(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """Draw one of the shorter prompts, as if it was typed."""
        asking.require_permissions(interaction)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        text = shorter.prompt_of(interaction.message, tile.index)
        await self._at_once(interaction)
        asked = await self._service.drawing.imagine(asker, origin, text)
        await self._presenter.answer(interaction, asked)

    async def detail(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """Have the message say how much each word matters."""
        words = shorter.words_of(interaction.message)
        typed = Prompt.parse(shorter.prompt_of(interaction.message, 1)).parameters
        work = self._service.shortening.shorten(
            asking.asker(interaction), asking.origin(interaction), f"{words} {typed}"
        )
        made = shorter.embed(await self._quickly(interaction, work), details=True)
        await replies.look(interaction, shorter.view(made, details=True), made)


async def setup(bot: EaselBot) -> None:
    cog = Shorten(bot.service, bot.presenter, bot.acknowledger)
    await bot.add_cog(cog)
    bot.presses |= {shorter.DRAW: cog.draw, shorter.DETAILS: cog.detail}
