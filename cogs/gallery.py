"""/gallery: what everybody may see of what a server had drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.looking import Looking
from bot.domain.browsing import SEARCH_MAX, Browse, Order

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_ORDERS = {"newest": Order.NEWEST, "most liked": Order.LIKED}


class Gallery(commands.Cog):
    """Without what is hidden, was deleted, or is in channels that the asker may not read."""

    def __init__(self, looking: Looking) -> None:
        self._looking = looking

    @app_commands.command(description="What was drawn on this server")
    @app_commands.describe(sort="In which order", search="Words of the prompts")
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def gallery(
        self,
        interaction: discord.Interaction,
        sort: Literal["newest", "most liked"] = "newest",
        search: app_commands.Range[str, 1, SEARCH_MAX] = "",
    ) -> None:
        await self._looking.show(interaction, Browse.typed(_ORDERS[sort], search))


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Gallery(bot.looking))
    for order in _ORDERS.values():
        bot.turns[order] = bot.looking.turn
