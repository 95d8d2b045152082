"""Shows jobs to the people who asked for them: the first answer, and progress up to the end.

It only animates: what must be shown in the end is in the outbox, which the pump works through, so
an error here loses nothing. Knows Discord and the service; decides nothing about jobs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import discord

from bot.chat import batches, connector, replies, search, untold
from bot.chat.acknowledge import TooLate, first_answer
from bot.chat.buttons import cancel_view, looks_under, offer_view
from bot.chat.insistence import insist
from bot.chat.notice import Notice, Notices
from bot.chat.progress import Animation
from bot.chat.speech import of_message
from bot.chat.trouble import ALREADY_ANSWERED, TROUBLE, has_code
from bot.domain.batch import Progress
from bot.domain.errors import StoreUnavailable, new_reference
from bot.domain.job import Job, JobUpdate
from bot.domain.language import Language, speaking
from bot.service import Service
from bot.service.drawing import Asked

log = logging.getLogger(__name__)


class Presenter:
    """`pause` is the least number of seconds between two edits of one message, `rest` lies between
    two tries while the database is in trouble; `ended` is called when a job is over, so that the
    outbox has something new."""

    def __init__(
        self,
        client: discord.Client,
        service: Service,
        notices: Notices,
        ended: Callable[[], None],
        pause: float = 2.5,
        rest: float = 2.0,
    ) -> None:
        self._client = client
        self._service = service
        self._notices = notices
        self._ended = ended
        self.pause = pause
        self._rest = rest
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(
        self, interaction: discord.Interaction, asked: Asked, parent: Job | None = None
    ) -> None:
        """Say what came of a prompt: what it would cost, or how its job goes on; see `present`."""
        if asked.job is None:
            view = offer_view(asked.proposal)
            await replies.private(interaction, batches.offer(asked.plan), view=view)
            return
        await self.present(interaction, asked.job, parent)
        await replies.warn(interaction, asked.plan.warnings)

    async def present(
        self, interaction: discord.Interaction, job: Job, parent: Job | None = None
    ) -> None:
        """Answer a command, or a press under the pictures of `parent`, with the job's progress, and
        follow it to its end; the first of a batch stands for all of it.

        The job goes on even if that fails, unless nobody waits for it: then it is withdrawn, free
        of charge. What was drawn by then is posted; only another process's answer stands for it.
        """
        notice = self._notices.add(job.id, Notice.of(interaction, hidden=job.hidden))
        try:
            if parent is not None:
                await self._mark_used(interaction, parent)
            with speaking(notice.language):
                notice.id = await self._show_first(interaction, job, notice)
        except TooLate as late:
            await self._withdraw(job, late)
            return
        finally:
            notice.settled.set()
        self._spawn(self._follow(job, notice), f"follow job {job.id}")

    async def hand_over(self, interaction: discord.Interaction, job: Job, parent: Job) -> None:
        """A finished job is to be posted, whose button is under the pictures of `parent`; where the
        bot may not, the interaction may."""
        notice = self._notices.add(job.id, Notice.of(interaction))
        notice.settled.set()
        try:
            await self._mark_used(interaction, parent)
        except TooLate as late:
            await self._withdraw(job, late)
        self._ended()

    async def _withdraw(self, job: Job, late: TooLate) -> None:
        log.warning("job %s: withdrawn, unless it is over: %s", job.id, late)
        withdrawn = await insist(lambda: self._service.drawing.withdraw(job), self._rest)
        if withdrawn or late.foreign:
            self._notices.drop(job.id)
        if late.foreign:
            await insist(lambda: self._service.outbox.withdraw(job.id), self._rest)
            await self._service.pictures.forget_upload(job)
        self._ended()

    async def recover(self) -> None:
        """After a start: follow what is unfinished, and have the progress messages looked for that
        the last run may not have recorded before it ended."""
        for job in await self._service.outbox.unrecorded():
            if self._notices.get(job.id) is None:
                notice = self._notices.add(job.id, Notice.at(self._client, job))
                notice.lost = True
                notice.settled.set()
        for each in await self._service.drawing.unfinished():
            if self._notices.get(each.shown_by) is None:
                job = await self._service.batches.first(each)
                notice = self._notices.add(job.id, Notice.at(self._client, job))
                self._spawn(self._follow_again(job, notice), f"follow job {job.id}")

    async def close(self) -> None:
        """Stop following; what is under way is followed again after the next start."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(self._logged(coroutine, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # One that is cancelled before it has begun leaves it as it is.
        task.add_done_callback(lambda _: coroutine.close())

    async def _logged(self, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        try:
            await coroutine
        except Exception:
            log.exception("%s", name)

    async def _follow(self, job: Job, notice: Notice) -> None:
        animation = Animation(notice, self.pause)
        editing = asyncio.create_task(animation.run())
        try:
            await animation.follow(self._watch(job))
            self._ended()
            await editing
        finally:
            editing.cancel()

    def _watch(self, job: Job) -> AsyncIterator[Progress]:
        if job.batch is None:
            return self._service.drawing.watch(job.id)
        return self._watch_all(job)

    async def _watch_all(self, first: Job) -> AsyncIterator[Progress]:
        """With each that ends the outbox has something new."""
        ended = 0
        async for update in self._service.batches.watch(first.id):
            if update.ended > ended:
                ended = update.ended
                self._ended()
            yield update

    async def _newest(self, job: Job) -> Progress:
        if job.batch is None:
            return self._service.drawing.newest(job) or JobUpdate(job)
        state = await insist(lambda: self._service.batches.state(job.id), self._rest)
        return state or JobUpdate(job)

    async def _follow_again(self, job: Job, notice: Notice) -> None:
        # The last run may have ended between showing the message and recording it.
        with contextlib.suppress(*TROUBLE):
            notice.id = notice.id or await search.find_notice(self._client, job)
        if notice.id != job.notice:
            await self._remember(job, notice.id)
        notice.settled.set()
        await self._follow(job, notice)

    async def _show_first(
        self, interaction: discord.Interaction, job: Job, notice: Notice
    ) -> int:  # fmt: skip
        """The id of the message that shows the progress, 0 if there is none, or none is known."""
        update, sent = await self._newest(job), list[str]()
        try:
            with connector.counted(sent):
                message = await _say_first(interaction, update, self._notices.announced())
            notice.lost = sent.count("POST") > 1
        except TROUBLE as error:
            log.warning("job %s: not acknowledged: %s", job.id, error)
            message = await _said_after_all(interaction, job, error)
            notice.lost = not message and _may_have_arrived(error)
        if message:
            await self._remember(job, message)
        return message

    async def _remember(self, job: Job, message: int) -> None:
        """Without a record it is known here; after a start it is found by its button."""
        try:
            await insist(lambda: self._service.outbox.set_notice(job.id, message), self._rest)
        except Exception:
            log.exception("reference %s: message of job %s not recorded", new_reference(), job.id)

    async def _mark_used(self, interaction: discord.Interaction, parent: Job) -> None:
        """Acknowledge a press by showing which buttons were used, where that can be read."""
        view = await self._buttons(parent, of_message(interaction))
        try:
            if not interaction.response.is_done():
                respond = interaction.response
                answer = respond.edit_message(view=view) if view else respond.defer()
                await first_answer(interaction, answer)
            elif view is not None and interaction.message is not None:
                await interaction.followup.edit_message(interaction.message.id, view=view)
        except TROUBLE as error:
            log.warning("interaction %d: not acknowledged: %s", interaction.id, error)

    async def _buttons(self, parent: Job, spoken: Language) -> discord.ui.View | None:
        """None while the database is in trouble: what was pressed is queued all the same."""
        try:
            with speaking(spoken):
                return (await looks_under(self._service, parent))()
        except StoreUnavailable as error:
            log.warning("job %s: its buttons are not brought up to date: %s", parent.id, error)
            return None


async def _say_first(interaction: discord.Interaction, update: Progress, notice: str) -> int:
    """Say it where the person waits for it, to them alone if it is hidden, with the operator's
    notice; returns the message's id."""
    text, view, hidden = (
        batches.progress(update, notice),
        cancel_view(update.job),
        update.job.hidden,
    )
    interaction.extras[untold.ANNOUNCED] = True
    shown: dict[str, Any] = {"view": view, "suppress_embeds": True, "ephemeral": hidden}
    if not interaction.response.is_done():
        answer = interaction.response.send_message(text, **shown)
        return (await first_answer(interaction, answer)).message_id or 0
    if interaction.message is not None:
        # The press itself was answered by the message under which the button stands.
        return (await interaction.followup.send(text, wait=True, **shown)).id
    if interaction.extras.get("private", False) is hidden:
        return (await interaction.edit_original_response(content=text, view=view)).id
    # What was said so far is for other eyes, and the first followup would take its place.
    await interaction.delete_original_response()
    return (await interaction.followup.send(text, wait=True, **shown)).id


async def _said_after_all(interaction: discord.Interaction, job: Job, error: Exception) -> int:
    """The id of a first answer that arrived although the reply to it was lost; 0 if none did.

    Raises TooLate where another process answered.
    """
    answered = has_code(error, ALREADY_ANSWERED)
    if interaction.message is not None or not (answered or _may_have_arrived(error)):
        return 0
    try:
        message = await interaction.original_response()
    except (*TROUBLE, discord.ClientException):
        return 0
    if search.shows(message, job):
        return message.id
    if answered:
        raise TooLate(interaction, foreign=True)
    return 0


def _may_have_arrived(error: Exception) -> bool:
    """Whether what was sent may stand there, although the reply says nothing of it."""
    return not isinstance(error, discord.HTTPException) or error.status >= 500
