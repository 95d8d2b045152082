"""/imagine and every button under its messages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat import asking, replies, wording
from bot.chat.buttons import CANCEL, JobButton, cancel_view, is_ours, result_view
from bot.chat.notice import Notice
from bot.chat.presenter import Presenter
from bot.chat.trouble import TROUBLE
from bot.domain.action import Action, Tile
from bot.domain.errors import NotFound
from bot.domain.job import Job, JobUpdate
from bot.domain.prompt import MAX_LENGTH
from bot.service import Service

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

log = logging.getLogger(__name__)
T = TypeVar("T")

# Discord waits 3 s for an answer; a service that needs longer than this gets a "thinking".
QUICK_S = 1.0
# With more than this many in work everybody gets a "thinking" first, and the work itself waits
# until all of them have it (a second at most): an answer costs a third of the work, so the last of
# a crowd is answered long before Discord would give up on it.
CROWD = 4


class Imagine(commands.Cog):
    """Reads the interaction, calls the service once, hands over to the presenter."""

    def __init__(self, service: Service, presenter: Presenter) -> None:
        self._service = service
        self._presenter = presenter
        self._in_work = 0
        self._unanswered = 0
        self._all_answered = asyncio.Event()

    async def cog_load(self) -> None:
        await self._presenter.recover()

    async def cog_unload(self) -> None:
        await self._presenter.close()

    @app_commands.command(description="Create pictures from a description")
    @app_commands.describe(prompt="What to draw; parameters such as --ar 3:2 go last")
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def imagine(
        self, interaction: discord.Interaction, prompt: app_commands.Range[str, 1, MAX_LENGTH]
    ) -> None:
        asking.require_permissions(interaction)
        job = await self._quickly(
            interaction,
            self._service.drawing.imagine(
                asking.asker(interaction), asking.origin(interaction), prompt
            ),
        )
        await self._show_waiting(interaction, job)
        await self._explain_words(interaction, job)

    @imagine.autocomplete("prompt")
    async def _ideas(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return [
            app_commands.Choice(name=idea[:100], value=idea[:100])
            for idea in self._service.words.ideas(typed)
        ]

    @commands.Cog.listener()
    async def on_easel_press(self, interaction: discord.Interaction, code: str, tile: Tile) -> None:
        """A button of ours was pressed; every outcome is answered."""
        try:
            if code == CANCEL:
                await self._cancel(interaction, tile.job)
            elif code == Action.UPSCALE:
                await self._upscale(interaction, tile)
            elif code in (Action.VARY, Action.REROLL):
                await self._draw_on(interaction, Action(code), tile)
            else:
                raise NotFound("This button belongs to a version of Easel that knows more.")
        except Exception as error:
            await replies.answer(interaction, error)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Route the submit of a form by its custom id.

        discord.py keeps forms in memory only and drops the submit of one that was opened before a
        restart without a word, so none has an `on_submit`; unknown ones are answered here.
        """
        custom_id = (interaction.data or {}).get("custom_id", "")
        if interaction.type is discord.InteractionType.modal_submit and is_ours(str(custom_id)):
            unknown = NotFound(
                "This form belongs to another version of Easel; press its button anew."
            )
            await replies.answer(interaction, unknown)

    async def _show_waiting(self, interaction: discord.Interaction, job: Job) -> None:
        """Answer a command with the progress message; the job goes on even if that fails."""
        text = wording.progress(self._newest(job))
        try:
            if interaction.response.is_done():
                message = await interaction.edit_original_response(
                    content=text, view=cancel_view(job)
                )
                message_id = message.id
            else:
                answer = await interaction.response.send_message(
                    text, view=cancel_view(job), suppress_embeds=True
                )
                message_id = answer.message_id or 0
        except TROUBLE as error:
            log.warning("job %s: not acknowledged: %s", job.id, error)
            message_id = await _shown_after_all(interaction, error)
        notice = Notice.of(interaction, message_id) if message_id else None
        self._presenter.follow(job, notice)

    async def _explain_words(self, interaction: discord.Interaction, job: Job) -> None:
        """Tell somebody once what a small model knows, if it passes over words of theirs."""
        unknown = await self._service.words.hint(job)
        vocabulary = self._service.words.vocabulary
        if not unknown or vocabulary is None or not interaction.response.is_done():
            return
        try:
            await interaction.followup.send(wording.hint(unknown, vocabulary), ephemeral=True)
        except TROUBLE as error:
            log.warning("job %s: not explained: %s", job.id, error)

    async def _draw_on(self, interaction: discord.Interaction, action: Action, tile: Tile) -> None:
        asking.require_permissions(interaction)
        origin = asking.origin(interaction, interaction.message.id if interaction.message else 0)
        job = await self._quickly(
            interaction, self._service.drawing.act(asking.asker(interaction), origin, action, tile)
        )
        await self._mark_used(interaction, tile.job)
        notice = None
        try:
            message = await interaction.followup.send(
                wording.progress(self._newest(job)),
                view=cancel_view(job),
                suppress_embeds=True,
                wait=True,
            )
            notice = Notice.of(interaction, message.id)
        except TROUBLE as error:
            log.warning("job %s: its progress is not shown: %s", job.id, error)
        self._presenter.follow(job, notice)

    async def _upscale(self, interaction: discord.Interaction, tile: Tile) -> None:
        asking.require_permissions(interaction)
        origin = asking.origin(interaction, interaction.message.id if interaction.message else 0)
        job = await self._quickly(
            interaction,
            self._service.drawing.act(asking.asker(interaction), origin, Action.UPSCALE, tile),
        )
        delivery = await self._service.outbox.delivery(job.id)
        if delivery is not None and delivery.message:
            there = self._presenter.still_there(job, delivery.message)
            if await self._quickly(interaction, there):
                link = _link(interaction, delivery.channel, delivery.message)
                await replies.private(interaction, f"Image #{tile.index} is here already: {link}")
                return
            await self._service.outbox.deliver_again(job.id, delivery.message)
        await self._mark_used(interaction, tile.job)
        if not await self._presenter.post(job):
            raise NotFound("I could not post the picture here; ask an admin about my permissions.")

    async def _cancel(self, interaction: discord.Interaction, job_id: str) -> None:
        try:
            job = await self._quickly(
                interaction,
                self._service.drawing.cancel(
                    asking.asker(interaction), asking.origin(interaction), job_id
                ),
            )
        except NotFound:
            await self._refresh_notice(interaction, job_id)
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

    async def _quickly(self, interaction: discord.Interaction, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`; if it takes long, the interaction is acknowledged meanwhile."""
        self._in_work += 1
        try:
            if self._in_work > CROWD:
                await self._answer_crowd(interaction)
                return await work
            task = asyncio.ensure_future(work)
            done, _ = await asyncio.wait({task}, timeout=QUICK_S)
            if not done:
                await _defer(interaction)
            return await task
        finally:
            self._in_work -= 1

    async def _answer_crowd(self, interaction: discord.Interaction) -> None:
        """Acknowledge, then let the others of the crowd be acknowledged as well."""
        self._unanswered += 1
        self._all_answered.clear()
        try:
            await _defer(interaction)
        finally:
            self._unanswered -= 1
            if not self._unanswered:
                self._all_answered.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUICK_S):
                await self._all_answered.wait()

    def _newest(self, job: Job) -> JobUpdate:
        return self._service.drawing.newest(job) or JobUpdate(job)


async def _defer(interaction: discord.Interaction) -> None:
    if interaction.response.is_done():
        return
    try:
        await interaction.response.defer()
    except TROUBLE as error:
        log.warning("interaction %d: not acknowledged: %s", interaction.id, error)


async def _shown_after_all(interaction: discord.Interaction, error: Exception) -> int:
    """The id of a first answer that may have arrived although the reply to it was lost."""
    if isinstance(error, discord.HTTPException):
        return 0
    try:
        return (await interaction.original_response()).id
    except (*TROUBLE, discord.ClientException):
        return 0


def _link(interaction: discord.Interaction, channel: int, message: int) -> str:
    place = interaction.guild_id or "@me"
    return f"https://discord.com/channels/{place}/{channel}/{message}"


async def setup(bot: EaselBot) -> None:
    bot.add_dynamic_items(JobButton)
    bot.tree.error(replies.answer)
    presenter = Presenter(bot, bot.service, bot.progress_seconds)
    await bot.add_cog(Imagine(bot.service, presenter))
