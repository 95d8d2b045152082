"""/turbo, /fast, /relax, /stealth and /public: what one's prompts do where they do not say."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, replies
from bot.chat.acknowledge import Acknowledger
from bot.domain.language import N_, _
from bot.domain.speed import Speed as Line
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_SAID = {
    Line.TURBO: N_("Your prompts go before all others now, for twice the price."),
    Line.FAST: N_("Your prompts wait with everybody's now."),
    Line.RELAX: N_("Your prompts wait until those in a hurry were served."),
}
_HIDDEN = N_("What your prompts draw comes to you alone now, by direct message.")
_SHOWN = N_("Everybody in the channel sees what your prompts draw now.")


class Speed(commands.Cog):
    """Private answers about the asker alone; a parameter in a prompt wins."""

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        self._preferences = service.preferences
        self._privately = acknowledger.privately

    @app_commands.command(description="Draw before all others, for twice the price")
    async def turbo(self, interaction: discord.Interaction) -> None:
        await self._wait_in(interaction, Line.TURBO)

    @app_commands.command(description="Wait with everybody")
    async def fast(self, interaction: discord.Interaction) -> None:
        await self._wait_in(interaction, Line.FAST)

    @app_commands.command(description="Wait until those in a hurry were served")
    async def relax(self, interaction: discord.Interaction) -> None:
        await self._wait_in(interaction, Line.RELAX)

    @app_commands.command(description="Have what you draw come to you alone")
    async def stealth(self, interaction: discord.Interaction) -> None:
        work = self._preferences.set_stealth(asking.asker(interaction), stealth=True)
        await self._answer(interaction, work, _HIDDEN)

    @app_commands.command(description="Let everybody see what you draw")
    async def public(self, interaction: discord.Interaction) -> None:
        work = self._preferences.set_stealth(asking.asker(interaction), stealth=False)
        await self._answer(interaction, work, _SHOWN)

    async def _wait_in(self, interaction: discord.Interaction, line: Line) -> None:
        work = self._preferences.set_speed(asking.asker(interaction), line)
        await self._answer(interaction, work, _SAID[line])

    async def _answer(
        self, interaction: discord.Interaction, work: Coroutine[Any, Any, Any], said: str
    ) -> None:
        await self._privately(interaction, work)
        await replies.private(interaction, _(said))


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Speed(bot.service, bot.acknowledger))
