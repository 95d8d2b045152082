"""/history: what somebody had drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import pages
from bot.chat.looking import Looking
from bot.domain.action import ACTIONS
from bot.domain.browsing import SEARCH_MAX, Browse, Order

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

ACTIONS_OFFERED = [
    app_commands.Choice(name=pages.named(action).capitalize(), value=action.value)
    for action in ACTIONS
]


class History(commands.Cog):
    """On a server that of this server, in direct messages all of it."""

    def __init__(self, looking: Looking) -> None:
        self._looking = looking

    @app_commands.command(description="Your results, newest first, with their buttons")
    @app_commands.describe(search="Words of their prompts", action="How they came to be")
    @app_commands.choices(action=ACTIONS_OFFERED)
    async def history(
        self,
        interaction: discord.Interaction,
        search: app_commands.Range[str, 1, SEARCH_MAX] = "",
        action: str = "",
    ) -> None:
        await self._looking.show(interaction, Browse.typed(Order.OWN, search, action))


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(History(bot.looking))
    bot.turns[Order.OWN] = bot.looking.turn
