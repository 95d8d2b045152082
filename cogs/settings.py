"""/settings: a private panel of what is drawn by where a prompt says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, panel, replies, tastes, telling
from bot.chat.acknowledge import Acknowledger
from bot.domain.language import _
from bot.service import Service
from bot.service.preferences import Panel

if TYPE_CHECKING:
    from bot.chat.client import EaselBot
    from bot.service.preferences import Whose

_VIOLET = discord.Colour(0x6E56CF)


class Settings(commands.Cog):
    """Shows the panel, and shows it anew after each press."""

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        self._service = service
        self._privately = acknowledger.privately

    @app_commands.command(description="What your prompts leave open: model, style, files and more")
    @app_commands.describe(
        server="True: the defaults of this server instead of yours; needs Manage Server"
    )
    async def settings(self, interaction: discord.Interaction, server: bool = False) -> None:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        work = self._service.preferences.panel(asker, origin, "server" if server else "user")
        shown = await self._privately(interaction, work)
        await replies.private(interaction, embed=_embed(shown), view=panel.view(shown))

    @commands.Cog.listener()
    async def on_easel_setting(
        self, interaction: discord.Interaction, whose: str, name: str, value: str
    ) -> None:
        """Something in a panel was chosen; every outcome is answered."""
        try:
            await self._choose(interaction, cast("Whose", whose), name, value)
        except Exception as error:
            await replies.answer(interaction, error)
        else:
            telling.answered(interaction)

    async def _choose(
        self, interaction: discord.Interaction, whose: Whose, name: str, value: str
    ) -> None:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        work = self._service.preferences.press(asker, origin, whose, name, value)
        shown = await self._privately(interaction, work)
        if interaction.response.is_done():
            await interaction.edit_original_response(embed=_embed(shown), view=panel.view(shown))
        else:
            await interaction.response.edit_message(embed=_embed(shown), view=panel.view(shown))


def _embed(shown: Panel) -> discord.Embed:
    title = _("Your settings") if shown.whose == "user" else _("Settings of this server")
    return discord.Embed(title=title, description=tastes.panel(shown), colour=_VIOLET)


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Settings(bot.service, bot.acknowledger))
