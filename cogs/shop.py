"""/shop: what Discord sells for this bot, and what one has of it. Only there where something is
sold; that credits come of it is the till's business."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, goods, replies
from bot.chat.acknowledge import Acknowledger
from bot.chat.speech import of_person
from bot.chat.till import Till
from bot.chat.trouble import TROUBLE
from bot.domain.errors import StoreUnavailable, Unable
from bot.domain.language import _, speaking
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

log = logging.getLogger(__name__)


class ShopWindow(commands.Cog):
    """Private answers, each made anew when its reader buys something."""

    def __init__(self, service: Service, till: Till, acknowledger: Acknowledger) -> None:
        self._service = service
        self._till = till
        self._privately = acknowledger.privately
        self._shown: dict[int, discord.Interaction] = {}

    @app_commands.command(description="Buy credits and plans, and see what you have of them")
    async def shop(self, interaction: discord.Interaction) -> None:
        embed, view = await self._privately(interaction, self._window(interaction))
        await replies.private(interaction, embed=embed, view=view)
        fresh = {user: it for user, it in self._shown.items() if not it.is_expired()}
        self._shown = fresh | {interaction.user.id: interaction}

    @commands.Cog.listener()
    async def on_easel_sold(self, user: int | None) -> None:
        """Show who has the shop open what they have now, whatever they bought or gave back."""
        interaction = self._shown.get(user or 0)
        if interaction is None or interaction.is_expired():
            return
        try:
            with speaking(of_person(interaction)):
                embed, view = await self._window(interaction)
            await interaction.edit_original_response(embed=embed, view=view)
        except (*TROUBLE, Unable, StoreUnavailable) as error:
            log.info("an open shop is not made anew: %s", error)

    async def _window(
        self, interaction: discord.Interaction
    ) -> tuple[discord.Embed, discord.ui.View]:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        counter = await self._service.shop.counter(asker, guild)
        try:
            offers = await self._till.offers()
        except TROUBLE as error:
            log.warning("the shop cannot be shown just now: %s", error)
            raise Unable(
                _("Discord does not say just now what is for sale; try again in a minute.")
            ) from error
        return goods.window(counter, offers, self._till.skus), goods.buttons(offers)


async def setup(bot: EaselBot) -> None:
    if bot.service.shop.open:
        await bot.add_cog(ShopWindow(bot.service, bot.till, bot.acknowledger))
