"""/sheet: everything of a channel or thread on sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.looking import Looking
from bot.domain.browsing import Browse, Order

if TYPE_CHECKING:
    from bot.chat.client import EaselBot


class Sheet(commands.Cog):
    """What the gallery has of this place, more to a page."""

    def __init__(self, looking: Looking) -> None:
        self._looking = looking

    @app_commands.command(description="Everything that was drawn in this channel or thread")
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def sheet(self, interaction: discord.Interaction) -> None:
        await self._looking.show(interaction, Browse(Order.HERE))


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Sheet(bot.looking))
    bot.turns[Order.HERE] = bot.looking.turn
