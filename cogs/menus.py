"""What one can do with a message by its menu: cancel, get the pictures, copy, draw from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, letters, pointing, replies
from bot.chat.acknowledge import Acknowledger
from bot.domain.errors import NotFound
from bot.domain.job import Job
from bot.domain.language import N_, _, counted
from bot.service import Service
from bot.service.rules import require_visible

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

_PART = 3900
_OVER = N_("This job is over already, so there is nothing to cancel.")


class Menus(commands.Cog):
    """discord.py wants such commands made by hand and given to the tree."""

    def __init__(self, service: Service, acknowledger: Acknowledger) -> None:
        self._service = service
        self._privately = acknowledger.privately
        self.commands = [
            app_commands.ContextMenu(name=name, callback=callback)
            for name, callback in (
                ("Cancel job", self.cancel),
                ("DM results", self.send),
                ("Copy prompt", self.copy),
                ("Use as image prompt", self.use),
            )
        ]

    async def cancel(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Stop what a message shows the progress of."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        job = pointing.job_of(message, interaction.client.user)
        if pointing.stops_all(message):
            stopped = await self._privately(
                interaction, self._service.batches.cancel(asker, origin, job)
            )
            if stopped is None:
                raise NotFound(_(_OVER))
        else:
            work = self._service.drawing.cancel(asker, origin, job)
            if not (await self._privately(interaction, work)).now:
                raise NotFound(_(_OVER))
        await replies.private(interaction, _("Cancelled, free of charge."))

    async def send(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Each picture of a result by direct message."""
        job = await self._shown(interaction, message)
        count = await self._privately(
            interaction, letters.send(self._service, interaction.user, job)
        )
        sent = counted(
            "The picture is in your direct messages.",
            "All {n} pictures are in your direct messages.",
            count,
        )
        await replies.private(interaction, sent)

    async def copy(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """The prompt as text to copy, with its parameters."""
        job = await self._shown(interaction, message)
        prompt = str(job.request.prompt).replace("`", "`\u200b")
        for start in range(0, len(prompt), _PART):
            embed = discord.Embed(description=f"```\n{prompt[start : start + _PART]}\n```")
            if start + _PART >= len(prompt):
                seed = _("seed {seed} · job {job}", seed=job.request.seed, job=job.id)
                embed.set_footer(text=seed)
            await replies.private(interaction, embed=embed)

    async def use(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Ask what to draw from a picture, whoever posted it; /imagine takes the answer."""
        form = pointing.form(pointing.picture_of(message))
        await interaction.response.send_modal(form)

    async def _shown(self, interaction: discord.Interaction, message: discord.Message) -> Job:
        """The job that a message shows, if the asker may see it. Raises NotFound."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        job = await self._service.drawing.job(pointing.job_of(message, interaction.client.user))
        return require_visible(asker, origin, job)


async def setup(bot: EaselBot) -> None:
    cog = Menus(bot.service, bot.acknowledger)
    await bot.add_cog(cog)
    for command in cog.commands:
        bot.tree.add_command(command)
