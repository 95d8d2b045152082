"""The buttons under results and progress messages."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.chat import asking, replies, wording
from bot.chat.acknowledge import Acknowledger
from bot.chat.buttons import CANCEL, result_view
from bot.chat.presenter import Presenter
from bot.chat.trouble import TROUBLE
from bot.domain.action import Action, Tile
from bot.domain.errors import NotFound
from bot.domain.job import JobUpdate
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

log = logging.getLogger(__name__)

Press = Callable[[discord.Interaction, str, Tile], Awaitable[None]]


class Results(commands.Cog):
    """A table from a button's code to what its press does."""

    def __init__(
        self, service: Service, presenter: Presenter, acknowledger: Acknowledger
    ) -> None:  # fmt: skip
        self._service = service
        self._presenter = presenter
        self._quickly = acknowledger.quickly
        self._presses: dict[str, Press] = {
            Action.VARY: self._draw_on,
            Action.REROLL: self._draw_on,
            Action.UPSCALE: self._upscale,
            CANCEL: self._cancel,
        }

    @commands.Cog.listener()
    async def on_easel_press(self, interaction: discord.Interaction, code: str, tile: Tile) -> None:
        """A button of ours was pressed; every outcome is answered."""
        try:
            await self._presses.get(code, _unknown)(interaction, code, tile)
        except Exception as error:
            await replies.answer(interaction, error)

    async def _draw_on(self, interaction: discord.Interaction, code: str, tile: Tile) -> None:
        asking.require_permissions(interaction)
        asker, origin = asking.asker(interaction), asking.origin_of_press(interaction)
        work = self._service.drawing.act(asker, origin, Action(code), tile)
        job = await self._quickly(interaction, work)
        await self._mark_used(interaction, tile.job)
        await self._presenter.present(interaction, job)

    async def _upscale(self, interaction: discord.Interaction, code: str, tile: Tile) -> None:
        asking.require_permissions(interaction)
        asker, origin = asking.asker(interaction), asking.origin_of_press(interaction)
        work = self._service.drawing.act(asker, origin, Action(code), tile)
        job = await self._quickly(interaction, work)
        delivery = await self._service.outbox.delivery(job.id)
        if delivery is not None and delivery.message:
            there = self._presenter.still_there(job, delivery.message)
            if await self._quickly(interaction, there):
                link = wording.link(origin.guild, delivery.channel, delivery.message)
                await replies.private(interaction, f"Image #{tile.index} is here already: {link}")
                return
            await self._service.outbox.deliver_again(job.id, delivery.message)
        await self._mark_used(interaction, tile.job)
        if not await self._presenter.post(job):
            raise NotFound("I could not post the picture here; ask an admin about my permissions.")

    async def _cancel(self, interaction: discord.Interaction, code: str, tile: Tile) -> None:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        try:
            work = self._service.drawing.cancel(asker, origin, tile.job)
            job = await self._quickly(interaction, work)
        except NotFound:
            await self._refresh_notice(interaction, tile.job)
            raise
        # Where this cannot be said, the presenter says it.
        if not interaction.response.is_done():
            with contextlib.suppress(*TROUBLE):
                await interaction.response.edit_message(
                    content=wording.progress(JobUpdate(job)), view=None, attachments=[]
                )

    async def _refresh_notice(self, interaction: discord.Interaction, job_id: str) -> None:
        """Somebody pressed Cancel under a message that missed the end of its job."""
        job = await self._service.drawing.job(job_id)
        if job is None or not job.status.finished or interaction.response.is_done():
            return
        if job.origin.guild != (interaction.guild_id or 0):
            return
        await interaction.response.edit_message(
            content=wording.progress(JobUpdate(job)), view=None, attachments=[]
        )

    async def _mark_used(self, interaction: discord.Interaction, job_id: str) -> None:
        """Acknowledge a press by showing which buttons were used; what was asked for goes on
        even if that fails."""
        parent = await self._service.drawing.job(job_id)
        if parent is None:
            return
        view = result_view(parent, await self._service.drawing.used(job_id))
        try:
            if not interaction.response.is_done():
                await interaction.response.edit_message(view=view)
            elif interaction.message is not None:
                await interaction.followup.edit_message(interaction.message.id, view=view)
        except TROUBLE as error:
            log.warning("interaction %d: not acknowledged: %s", interaction.id, error)


async def _unknown(interaction: discord.Interaction, code: str, tile: Tile) -> None:
    raise NotFound("This button belongs to a version of Easel that knows more.")


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Results(bot.service, bot.presenter, bot.acknowledger))
