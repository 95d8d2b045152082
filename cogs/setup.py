"""The hello to a new server, and `/setup`, which says it again to an admin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, showing
from bot.chat.acknowledge import Acknowledger
from bot.chat.admin import hello, items
from bot.chat.admin.items import Spot
from bot.chat.speech import of_message, of_server
from bot.domain.errors import NotAllowed, NotFound
from bot.domain.language import _, speaking
from bot.service import Service
from bot.service.first_hour import Choices

if TYPE_CHECKING:
    from bot.chat.client import EaselBot


class Setup(commands.Cog):
    """Says hello once to each server that the bot comes to, and shows what is chosen there."""

    def __init__(self, bot: EaselBot, service: Service, acknowledger: Acknowledger) -> None:
        self._bot = bot
        self._service = service
        self._privately = acknowledger.privately
        self._turn = asyncio.Lock()

    @app_commands.command(description="What to choose first on this server: plans, channels")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.allowed_contexts(dms=False)
    async def setup(self, interaction: discord.Interaction) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        choices = await self._privately(interaction, self._service.first_hour.show(asker, guild))
        await showing.show(interaction, self._view(choices))

    async def choose(self, interaction: discord.Interaction, spot: Spot) -> None:
        """Something was chosen in a hello; it is shown anew."""
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        chosen = items.values(interaction)
        if spot.deed == hello.PRESET and chosen:
            work = self._service.first_hour.choose_preset(asker, guild, chosen[0])
        elif spot.deed == hello.CHANNELS:
            before = items.shown_before(interaction)
            added = items.ids(each for each in chosen if each not in before)
            dropped = items.ids(each for each in before if each not in chosen)
            work = self._service.first_hour.choose_channels(asker, guild, added, dropped)
        else:
            raise NotFound(_("This belongs to another version of Easel; use `/setup` instead."))
        choices = await self._privately(interaction, work)
        with speaking(of_message(interaction)):
            shown = self._view(choices)
        await showing.show(interaction, shown)

    def _view(self, choices: Choices) -> discord.ui.LayoutView:
        ideas = self._service.words.ideas("", 50)
        return hello.view(choices, min(ideas, key=len, default=""))

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """After each time that Discord names the servers, see which are new."""
        await self._service.first_hour.reconcile({guild.id for guild in self._bot.guilds})
        await self._greet()

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was added, perhaps again."""
        await self._service.first_hour.came(guild.id)
        await self._greet()

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server can be reached (again), perhaps one that the bot was added to meanwhile."""
        if await self._service.first_hour.there(guild.id):
            await self._greet()

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed; if it comes again, it says hello again."""
        await self._service.first_hour.left(guild.id)

    async def _greet(self) -> None:
        """Say hello wherever it is due; what Discord does not take now is due at the next event."""
        async with self._turn:
            for greeting in await self._service.first_hour.due():
                guild = self._bot.get_guild(greeting.guild)
                if guild is None or guild.unavailable or not self._served(guild.id):
                    continue
                choices = await self._service.first_hour.choices(guild.id)
                with speaking(of_server(guild)):
                    shown = self._view(choices)
                if await hello.say(guild, greeting, shown):
                    await self._service.first_hour.said(greeting)

    def _served(self, guild: int) -> bool:
        try:
            self._service.accounts.require_served(guild)
        except NotAllowed:
            return False
        return True


async def setup(bot: EaselBot) -> None:
    cog = Setup(bot, bot.service, bot.acknowledger)
    await bot.add_cog(cog)
    bot.panels[hello.PAGE] = cog.choose
