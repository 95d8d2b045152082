"""*Appeal* under a refusal, its form, and what moderators make of it on their desk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.chat import asking, forms, replies
from bot.chat.acknowledge import Acknowledger
from bot.chat.buttons import APPEAL, APPROVE, DENY
from bot.chat.forms import Field
from bot.domain.action import Tile
from bot.domain.errors import StoreUnavailable
from bot.domain.language import NP_, _, pgettext
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

FORM = "appeal"
_SAID = Field(
    "said", NP_("field", "Why should it be allowed?"),
    NP_("hint", "Moderators see this, and what was refused"), most=600, required=True, long=True,
)  # fmt: skip
_FORM_S = 2.0


class Appeals(commands.Cog):
    """Knows no rights of its own."""

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        self._appeals = service.appeals
        self._desk = service.desk
        self._privately = acknowledger.privately
        self._at_once = acknowledger.at_once

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Nobody is told there any more, and nothing is promised that needs it."""
        await self._desk.lose(channel.guild.id, channel.id)

    async def open(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """Ask what they have to say, which has to be the first answer."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        try:
            async with asyncio.timeout(_FORM_S):
                await self._appeals.appealable(asker, origin, tile.job)
        except TimeoutError:
            raise StoreUnavailable("locked", "too slow for a form") from None
        title = pgettext("form", "Appeal to the moderators")
        form = forms.form(title, FORM, tile.job, [_SAID])
        await interaction.response.send_modal(form)

    async def taken(self, interaction: discord.Interaction, id: str) -> None:
        """The form came back."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        said = forms.texts(interaction)["said"]
        await self._privately(interaction, self._appeals.make(asker, origin, id, said))
        await replies.private(
            interaction,
            _("The moderators were asked; you are told their answer beside a later command."),
        )

    async def answer(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """A moderator decided."""
        asker, origin = asking.reviewer(interaction), asking.origin(interaction)
        await self._at_once(interaction)
        await self._appeals.answer(asker, origin, tile.job, code == APPROVE)
        await replies.settle(interaction, _("Approved.") if code == APPROVE else _("Denied."))


async def setup(bot: EaselBot) -> None:
    cog = Appeals(bot.service, bot.acknowledger)
    await bot.add_cog(cog)
    bot.presses |= {APPEAL: cog.open, APPROVE: cog.answer, DENY: cog.answer}
    bot.forms[FORM] = cog.taken
