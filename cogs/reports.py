"""*Report picture* in a message's menu, and /reports, by which moderators answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, cards, forms, pointing, replies
from bot.chat.acknowledge import Acknowledger
from bot.chat.buttons import DISMISS, TAKE_DOWN
from bot.chat.forms import Field
from bot.chat.results import Results
from bot.domain.action import Tile
from bot.domain.errors import NotFound, StoreUnavailable
from bot.domain.language import NP_, _, pgettext
from bot.service import Service
from bot.service.reports import Report

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

FORM = "report"
AT_ONCE = 4
"""Reports of one answer."""
_REASON = Field(
    "reason", NP_("field", "What is wrong with it?"), NP_("hint", "May be left out"), most=300,
    long=True,
)  # fmt: skip
_FORM_S = 2.0


class Reports(commands.Cog):
    """The service checks every right again: Discord's own check can be edited by servers."""

    def __init__(self, service: Service, results: Results, acknowledger: Acknowledger) -> None:
        self._service = service
        self._results = results
        self._privately = acknowledger.privately
        self._at_once = acknowledger.at_once
        self.menu = app_commands.ContextMenu(name="Report picture", callback=self.report)

    async def report(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Ask what is wrong, which has to be the first answer."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        job_id = pointing.job_of(message, interaction.client.user)
        try:
            async with asyncio.timeout(_FORM_S):
                job = await self._service.reports.reportable(asker, origin, job_id)
        except TimeoutError:
            raise StoreUnavailable("locked", "too slow for a form") from None
        title = pgettext("form", "Report a picture to the moderators")
        form = forms.form(title, FORM, job.id, [_REASON])
        await interaction.response.send_modal(form)

    async def taken(self, interaction: discord.Interaction, job_id: str) -> None:
        """The form came back."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        reason = forms.texts(interaction)["reason"]
        await self._privately(
            interaction, self._service.reports.add(asker, origin, job_id, reason)
        )  # fmt: skip
        await replies.private(
            interaction,
            _(
                "Thank you. The moderators of this server see it by `/reports`; nobody else learns"
                " who reported it."
            ),
        )

    @app_commands.command(description="Pictures that members reported")
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.default_permissions(manage_messages=True)
    async def reports(self, interaction: discord.Interaction) -> None:
        asker, origin = asking.reviewer(interaction), asking.origin(interaction)
        found = await self._privately(interaction, self._service.reports.open(asker, origin))
        if not found:
            raise NotFound(_("Nothing was reported that was not answered."))
        said = _("For your eyes only, oldest first.")
        if len(found) > AT_ONCE:
            said += " " + _("The next of {count} by another `/reports`.", count=len(found))
        await replies.private(interaction, said)
        for report in found[:AT_ONCE]:
            await self._show(interaction, report)

    async def _show(self, interaction: discord.Interaction, report: Report) -> None:
        said, view = cards.described(report), cards.choice(report)
        try:
            await self._results.show(report.job, interaction.followup, said, view)
        except NotFound as gone:
            await interaction.followup.send(f"{said}\n-# {gone}", view=view, ephemeral=True)

    async def answer(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """A moderator decided."""
        asker, origin = asking.reviewer(interaction), asking.origin(interaction)
        await self._at_once(interaction)
        if code == DISMISS:
            await self._service.reports.dismiss(asker, origin, tile.job)
            await replies.settle(interaction, _("Dismissed: the picture stays."))
            return
        await self._service.reports.delete(asker, origin, tile.job)
        await replies.settle(interaction, _("Deleted; its messages follow in a moment."))


async def setup(bot: EaselBot) -> None:
    cog = Reports(bot.service, bot.pump.results, bot.acknowledger)
    await bot.add_cog(cog)
    bot.tree.add_command(cog.menu)
    bot.presses |= {TAKE_DOWN: cog.answer, DISMISS: cog.answer}
    bot.forms[FORM] = cog.taken
