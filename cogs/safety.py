"""/safety: what members with Manage Server want to be done about unsafe pictures. Answers are
private; deeds are audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, caution, replies
from bot.chat.acknowledge import Acknowledger
from bot.domain.language import _
from bot.domain.safety import LOOSEST, Reaction, SafetySetting
from bot.service import Service
from bot.service.safety import SafetyView

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_BLUE = discord.Colour(0x3E63DD)


@app_commands.default_permissions(manage_guild=True)
@app_commands.allowed_contexts(dms=False)
class Safety(
    commands.GroupCog, group_name="safety", group_description="What becomes of unsafe pictures"
):
    """The service checks the right again: Discord's own check can be edited by servers."""

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        super().__init__()
        self._privately = acknowledger.privately
        self._safety = service.safety

    @app_commands.command(description="Show what is done about unsafe pictures here")
    async def show(self, interaction: discord.Interaction) -> None:
        view = await self._privately(
            interaction, self._safety.show(asking.asker(interaction), interaction.guild_id or 0)
        )
        await _say(interaction, view)

    @app_commands.command(name="set", description="Decide what is done about unsafe pictures here")
    @app_commands.describe(
        reaction="What becomes of one; operator forgets all that was decided here",
        threshold="How sure the check has to be, in percent: the lower, the stricter",
        adults="Whether channels with an age limit are an exception",
    )
    async def set_(
        self,
        interaction: discord.Interaction,
        reaction: Literal["spoiler", "block", "off", "operator"] | None = None,
        threshold: app_commands.Range[int, 0, round(100 * LOOSEST)] | None = None,
        adults: Literal["nothing is done", "no exception"] | None = None,
    ) -> None:
        asker, guild = asking.asker(interaction), interaction.guild_id or 0
        if reaction == "operator":
            await _say(
                interaction, await self._privately(interaction, self._safety.reset(asker, guild))
            )
            return
        setting = SafetySetting(
            Reaction(reaction) if reaction else None,
            None if threshold is None else threshold / 100,
            None if adults is None else adults == "nothing is done",
        )
        await _say(
            interaction, await self._privately(interaction, self._safety.set(asker, guild, setting))
        )


async def _say(interaction: discord.Interaction, view: SafetyView) -> None:
    title = _("Unsafe pictures")
    embed = discord.Embed(title=title, description=caution.view(view), colour=_BLUE)
    await replies.private(interaction, embed=embed)


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Safety(bot.service, bot.acknowledger))
