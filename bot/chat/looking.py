"""Answers with pages of results, to the asking person alone, and brings one of them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace

import discord
from discord import ui

from bot.chat import asking, pages
from bot.chat.acknowledge import Acknowledger
from bot.chat.results import Results
from bot.domain.browsing import Browse, Order, Page, Result
from bot.domain.errors import NotFound
from bot.domain.language import _
from bot.domain.people import Asker, Origin
from bot.service import Service
from bot.service.rules import DIRECT, visible

LOOKS = 5
"""Pages that are tried while messages on them turn out to be deleted."""

Turn = Callable[[discord.Interaction, Browse], Awaitable[None]]


@dataclass(frozen=True)
class Shown:
    """A page as a message; `sheet` is a WebP file of `description`, or None."""

    embed: discord.Embed
    view: ui.View
    sheet: bytes | None
    description: str

    @property
    def files(self) -> list[discord.File]:
        """Anew for each time that it is sent."""
        if self.sheet is None:
            return []
        return [discord.File(io.BytesIO(self.sheet), pages.SHEET, description=self.description)]


class Looking:
    """One for a client."""

    def __init__(self, service: Service, results: Results, acknowledger: Acknowledger) -> None:
        self._service = service
        self._results = results
        self._acknowledger = acknowledger

    async def show(self, interaction: discord.Interaction, browse: Browse) -> None:
        """Answer a command."""
        work = self._shown(interaction, browse)
        made = await self._acknowledger.privately(interaction, work)
        said = {"embed": made.embed, "view": made.view, "files": made.files}
        if interaction.response.is_done():
            interaction.extras["said"] = True
            await interaction.followup.send(ephemeral=True, **said)
        else:
            await interaction.response.send_message(ephemeral=True, **said)

    async def turn(self, interaction: discord.Interaction, browse: Browse) -> None:
        """Put another page in the place of one."""
        await self._acknowledger.at_once(interaction)
        made = await self._shown(interaction, browse)
        await interaction.edit_original_response(
            embed=made.embed, view=made.view, attachments=made.files
        )

    async def bring(self, interaction: discord.Interaction, job_id: str) -> None:
        """Bring a result to the asker alone, with the buttons that work there. Raises NotFound for
        what they may not see, and where its pictures are gone."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        command = interaction.type is discord.InteractionType.application_command
        found = self.found(asker, origin, job_id, asking.readable(interaction))
        if not command:
            await self._acknowledger.at_once(interaction)
        result = await (self._acknowledger.privately(interaction, found) if command else found)
        await self._acknowledger.at_once(interaction, private=True)
        elsewhere = None if visible(asker, origin, result.job) else pages.link(result)
        await self._results.bring(result.job, interaction.followup, elsewhere)

    async def found(
        self, asker: Asker, origin: Origin, job_id: str, channels: Collection[int]
    ) -> Result:
        """A result that the asker may see, who may read these channels. Raises NotFound, also for
        somebody else's whose message turns out to be deleted."""
        result = await self._service.history.result(asker, origin, job_id, channels)
        if result.job.user != asker.user and await self._gone([result]):
            # Says that it is not there.
            return await self._service.history.result(asker, origin, job_id, channels)
        return result

    async def linked(self, interaction: discord.Interaction, message: int) -> Result:
        """The same of one that a message of ours shows. Raises NotFound."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        job = await self._service.outbox.shown_by(asker, origin, message)
        if job is None:
            raise NotFound(_("That leads to no result of mine that you may see here."))
        return await self.found(asker, origin, job.id, asking.readable(interaction))

    async def _shown(self, interaction: discord.Interaction, browse: Browse) -> Shown:
        page = await self._page(interaction, browse)
        sheet = await self._service.history.sheet(page)
        everywhere = browse.order is Order.OWN and (interaction.guild_id or DIRECT) == DIRECT
        embed = pages.embed(
            page, sheet.cleared, everywhere=everywhere, sheet=sheet.picture is not None
        )
        return Shown(embed, pages.view(page), sheet.picture, pages.alt_text(page))

    async def _page(self, interaction: discord.Interaction, browse: Browse) -> Page:
        """Without what was deleted where it was posted, in a gallery."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        channels = asking.readable(interaction)
        page = Page(browse, ())
        for _look in range(LOOKS):
            page = await self._service.history.page(asker, origin, browse, channels)
            gone = [] if browse.order is Order.OWN else await self._gone(page.results)
            if not gone:
                return page
            page = replace(page, results=tuple(r for r in page.results if r not in gone))
        return page

    async def _gone(self, results: tuple[Result, ...] | list[Result]) -> list[Result]:
        """Those whose messages are not there any more, which the gallery has no more from now."""
        there = await asyncio.gather(*(self._results.there(each) for each in results))
        gone = [each for each, still in zip(results, there, strict=True) if not still]
        if gone:
            await self._service.history.take_down(gone)
        return gone
