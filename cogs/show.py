"""/show: a result by its job's id, or those that could not be posted, for the asker alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, pointing, replies
from bot.chat.acknowledge import Acknowledger
from bot.chat.looking import Looking
from bot.chat.pump import Pump
from bot.domain.delivery import Delivery
from bot.domain.errors import NotFound
from bot.domain.language import _, counted
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_AT_ONCE = 4


class Show(commands.Cog):
    """Answers by the command's own token, which needs no permission of the bot."""

    def __init__(
        self, service: Service, pump: Pump, acknowledger: Acknowledger, looking: Looking
    ) -> None:
        self._looking = looking
        self._service = service
        self._pump = pump
        self._privately = acknowledger.privately

    @app_commands.command(description="Bring me a result, or mine that could not be posted here")
    @app_commands.describe(job="The id of a result's job; all that is owed to you if left out")
    async def show(
        self, interaction: discord.Interaction, job: app_commands.Range[str, 1, 60] | None = None
    ) -> None:
        if job is not None:
            await self._looking.bring(interaction, pointing.job_id(job))
            return
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        owed = await self._privately(interaction, self._service.outbox.owed(asker, origin))
        if not owed:
            raise NotFound(_("Every result of yours was posted; there is nothing to bring."))
        said, more = _("Here they are:"), len(owed) - _AT_ONCE
        if more > 0:
            said = counted(
                "Here they are, {n} more by another `/show`:",
                "Here they are, {n} more by another `/show`:",
                more,
            )
        await replies.private(interaction, said)
        for delivery in owed[:_AT_ONCE]:
            await self._bring(interaction, delivery)

    async def _bring(self, interaction: discord.Interaction, delivery: Delivery) -> None:
        async with self._pump.alone(delivery.channel):
            now = await self._service.outbox.of_job(delivery.job)
            job = await self._service.drawing.job(delivery.job)
            if now is None or job is None:
                return
            if now.message:
                await replies.private(interaction, _("One of them has come another way meanwhile."))
                return
            try:
                message = await self._pump.results.hand_over(
                    job, interaction.followup, ephemeral=True
                )
            except NotFound as gone:
                await replies.private(interaction, _("A result is lost. {why}", why=gone))
                message = interaction.id
            await self._pump.delivered(delivery, job, message)


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Show(bot.service, bot.pump, bot.acknowledger, bot.looking))
