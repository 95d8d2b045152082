"""The buttons under results and progress messages."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.chat import aims, asking, batches, forms, remix, replies, wording
from bot.chat.acknowledge import Acknowledger, first_answer
from bot.chat.buttons import BRING, CANCEL, CANCEL_ALL, DRAW, LEAVE, LIKE, Deed, looks_under
from bot.chat.looking import Looking
from bot.chat.presenter import Presenter
from bot.chat.results import Results as Posted
from bot.chat.speech import of_message
from bot.chat.trouble import TROUBLE
from bot.domain.action import ACTIONS, Action, Press, Tile
from bot.domain.errors import NotFound, StoreUnavailable
from bot.domain.job import JobUpdate
from bot.domain.language import _, speaking
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot


class Results(commands.Cog):
    """A table from a button's code to what its press does. A form takes at most `form_s` seconds to
    be there: Discord waits for three."""

    def __init__(
        self,
        service: Service,
        presenter: Presenter,
        results: Posted,
        acknowledger: Acknowledger,
        looking: Looking,
        form_s: float = 2.0,
    ) -> None:
        self._service = service
        self._presenter = presenter
        self._results = results
        self._quickly = acknowledger.quickly
        self._at_once = acknowledger.at_once
        self._looking = looking
        self._form_s = form_s
        self.presses: dict[str, Deed] = {
            **{spec.code: self._draw_on for spec in ACTIONS.values() if spec.derive},
            Action.UPSCALE: self._upscale,
            CANCEL: self._cancel,
            CANCEL_ALL: self._cancel_all,
            DRAW: self._draw,
            LEAVE: self._leave,
            remix.CODE: self._change,
            LIKE: self._like,
            BRING: self._bring,
        }

    async def _draw_on(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """What costs more than a grid is offered first, with its price."""
        asking.require_permissions(interaction)
        asker, origin = asking.asker(interaction), asking.origin_of_press(interaction)
        press = Press(Action(code), tile, argument)
        if ACTIONS[press.action].remixes and await self._asked_first(interaction, press):
            return
        asked = await self._quickly(
            interaction, self._service.drawing.imagine(asker, origin, press)
        )
        await self._presenter.answer(interaction, asked, asked.plan.parent)

    async def _asked_first(self, interaction: discord.Interaction, press: Press) -> bool:
        """Whether who presses wants another prompt, or has to say more: then the form for it is
        open. It has to be the first answer, so nobody is kept waiting for it."""
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        try:
            async with asyncio.timeout(self._form_s):
                own = await self._service.preferences.own(asker)
                if not (own.remix or ACTIONS[press.action].asks):
                    return False
                parent, text = await self._service.drawing.offered(asker, origin, press)
        except TimeoutError:
            raise StoreUnavailable("locked", "too slow for a form") from None
        shown = interaction.response.send_modal(remix.form(press, parent, text))
        await first_answer(interaction, shown)
        return True

    async def _change(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        """Open the form with a text that could not be drawn as it was."""
        text, press = remix.text_of(interaction.message), remix.pressed(argument, tile)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        parent, _ = await self._service.drawing.offered(asker, origin, press)
        shown = interaction.response.send_modal(remix.form(press, parent, text, again=True))
        await first_answer(interaction, shown)

    async def remixed(self, interaction: discord.Interaction, argument: str) -> None:
        """A form came back with a prompt, which is not lost whatever comes of it."""
        press, again = remix.read(argument, forms.texts(interaction))
        press = aims.read(interaction, press)
        try:
            await self._remix(interaction, press, again)
        except Exception as error:
            draft = remix.draft(press)
            await replies.give_back(interaction, error, **draft)
            for block in () if draft else remix.blocks(press):
                await replies.aside(interaction, block)

    async def _remix(self, interaction: discord.Interaction, press: Press, again: bool) -> None:
        asking.require_permissions(interaction)
        asker, origin = asking.asker(interaction), asking.origin_of_press(interaction)
        if again:  # the message is a draft, and not the one with the pictures
            result = await self._service.outbox.of_job(press.tile.job)
            origin = replace(origin, parent_message=result.message if result else 0)
        work = self._service.drawing.imagine(asker, origin, press)
        asked = await self._quickly(interaction, work)
        if again and asked.job is not None:
            await replies.instead(interaction, _(remix.TAKEN))
        await self._presenter.answer(interaction, asked, None if again else asked.plan.parent)

    async def _upscale(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        asking.require_permissions(interaction)
        asker, origin = asking.asker(interaction), asking.origin_of_press(interaction)
        work = self._service.singles.take(asker, origin, Press(Action(code), tile))
        upscaled = await self._quickly(interaction, work)
        job, there = upscaled.job, upscaled.already_at
        if there is not None:
            if link := await self._quickly(interaction, self._results.still_there(job, there)):
                said = _("Image #{number} is here already: {link}", number=tile.index, link=link)
                await replies.private(interaction, said)
                return
            await self._service.outbox.deliver_again(asker, job, there.message)
        await self._presenter.hand_over(interaction, job, upscaled.parent)

    async def _cancel(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        work = self._service.drawing.cancel(asker, origin, tile.job)
        stopped = await self._quickly(interaction, work)
        # Where this cannot be said, the pump says it.
        if not interaction.response.is_done():
            with speaking(of_message(interaction)):
                said = wording.progress(JobUpdate(stopped.job))
            with contextlib.suppress(*TROUBLE):
                await interaction.response.edit_message(content=said, view=None, attachments=[])
        if not stopped.now:
            raise NotFound(_("This job is over already, so there is nothing to cancel."))

    async def _draw(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        asking.require_permissions(interaction)
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        await self._at_once(interaction)
        jobs = await self._service.drawing.accept(asker, origin, tile.job)
        await replies.instead(interaction, batches.begun([job.request for job in jobs]))
        await self._presenter.present(interaction, jobs[0])

    async def _leave(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        await self._quickly(interaction, self._service.proposals.leave(asker, origin, tile.job))
        await replies.instead(interaction, _(batches.LEFT))

    async def _like(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        job = await self._quickly(interaction, self._service.likes.turn(asker, origin, tile))
        with speaking(of_message(interaction)):
            look = (await looks_under(self._service, job))()
        await replies.look(interaction, look)

    async def _bring(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        await self._looking.bring(interaction, tile.job)

    async def _cancel_all(
        self, interaction: discord.Interaction, code: str, tile: Tile, argument: str
    ) -> None:
        asker, origin = asking.asker(interaction), asking.origin(interaction)
        work = self._service.batches.cancel(asker, origin, tile.job)
        stopped = await self._quickly(interaction, work)
        if stopped is None:
            raise NotFound(_("All of these are over already, so there is nothing to cancel."))
        # Where this cannot be said, the pump says it.
        with speaking(of_message(interaction)):
            said = batches.progress(stopped)
        await replies.instead(interaction, said)


async def setup(bot: EaselBot) -> None:
    posted = bot.pump.results
    cog = Results(bot.service, bot.presenter, posted, bot.acknowledger, bot.looking)
    await bot.add_cog(cog)
    bot.presses |= cog.presses
    bot.forms[remix.CODE] = cog.remixed
