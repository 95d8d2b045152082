"""How a job's progress message ends: away when its pictures are there, else with a sentence.

Knows messages; whether and when is the pump's business.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

import discord

from bot.chat import batches, search, wording
from bot.chat.buttons import appealing, result_view
from bot.chat.notice import Notice, Notices
from bot.chat.posting import Poster
from bot.chat.trouble import TOO_OLD_TO_EDIT, TROUBLE, Verdict, has_code, judge
from bot.domain.delivery import Delivery, GivenUp
from bot.domain.job import Job, JobStatus, JobUpdate
from bot.service import Service

log = logging.getLogger(__name__)

_QUICK_S = 2.0
"""How long the record of a result may wait for its progress message to go."""


class Endings:
    """Brings progress messages to their end for one client."""

    def __init__(
        self, client: discord.Client, service: Service, notices: Notices, poster: Poster
    ) -> None:
        self._client = client
        self._service = service
        self._notices = notices
        self._poster = poster

    async def show(self, delivery: Delivery, job: Job) -> bool:
        """Say or show that the job is over; whether that says what could not be posted. A failure
        is said in the channel where no progress message can be edited. Raises what Discord does,
        as long as another try may help."""
        if job.batch is not None:
            return await self._show_all(delivery, job.batch)
        if job.status is JobStatus.SUCCEEDED:
            result = await self._service.outbox.of_job(job.id)
            return result is not None and await self.after_result(job, result.given_up)
        notice = await self._notice(job)
        text, view = wording.progress(JobUpdate(job)), await self._view(job)
        shown = notice is not None and await _done(notice.end(text, view))
        if not shown and job.status is JobStatus.FAILED:
            await self._say_in_channel(delivery, job, text, view)
        return False

    async def _show_all(self, delivery: Delivery, first: str) -> bool:
        """The same for the one message of several jobs: away when all their pictures are there."""
        update = await self._service.batches.state(first)
        if update is None:
            return False
        notice, text = await self._notice(update.job), batches.progress(update)
        appeal = await self._service.appeals.offered([each.job for each in update.updates])
        view = appealing(appeal) if appeal else None
        end = None if notice is None else notice.remove() if update.well else notice.end(text, view)
        if end is not None and await _done(end):
            return True
        if failed := update.of(JobStatus.FAILED):
            await self._say_in_channel(delivery, failed[0].job, text, view)
        return False

    async def cleared(self, job: Job) -> bool:
        """Whether the progress message of a job that is followed here is gone, by now or before.
        False where that takes long or did not work, or where others are shown by it, too."""
        notice = self._notices.get(job.id)
        if notice is None or job.batch is not None:
            return False
        await notice.settled.wait()
        try:
            async with asyncio.timeout(_QUICK_S):
                cleared = not notice.id or await _done(notice.remove())
                return cleared and not await self._found(job, notice)
        except TROUBLE:
            return False

    async def _found(self, job: Job, notice: Notice) -> bool:
        """Whether there is a message of which only Discord knows, for the reply to it was lost, or
        the last run ended before it was recorded; the database knows of it then."""
        if not notice.lost or job.hidden:
            return False
        message = await search.find_notice(self._client, job)
        notice.lost, notice.id = False, message or notice.id
        if message:
            await self._service.outbox.set_notice(job.id, message)
        return bool(message)

    async def after_result(self, job: Job, given_up: GivenUp | None) -> bool:
        """The job's pictures are there, or why they could not be posted; whether that is shown.
        Raises as `show` does."""
        notice = await self._notice(job)
        if notice is None:
            return False
        if given_up is None:
            return await _done(notice.remove())
        return await _done(notice.end(wording.given_up(job, given_up)))

    async def _notice(self, job: Job) -> Notice | None:
        known = self._notices.get(job.id)
        if known is not None:
            await known.settled.wait()
            if known.id or not known.lost:
                return known if known.id else None
        # The last run may have ended between showing the message and recording it.
        notice = known or Notice.at(self._client, job)
        if not notice.id:
            notice.id = await search.find_notice(self._client, job)
            if notice.id:
                # It loses its button with its end, and the reply to that may be lost.
                await self._service.outbox.set_notice(job.id, notice.id)
        return notice if notice.id else None

    async def _view(self, job: Job) -> discord.ui.View | None:
        """What can be done about a failure; its message is new, so nobody can have done it."""
        if job.status is not JobStatus.FAILED:
            return None
        buttons = await self._service.drawing.buttons(job, pressed=False)
        view = result_view(buttons) if buttons else None
        appeal = await self._service.appeals.offered([job])
        return appealing(appeal, view) if appeal else view

    async def _say_in_channel(
        self, delivery: Delivery, job: Job, text: str, view: discord.ui.View | None = None
    ) -> None:
        more: dict[str, Any] = {"view": view} if view else {}

        async def send(channel: discord.PartialMessageable, nonce: str) -> discord.Message:
            none = discord.AllowedMentions.none()
            return await channel.send(
                text, nonce=nonce, suppress_embeds=True, allowed_mentions=none, **more
            )

        def ours(message: discord.Message) -> bool:
            return bool(job.failure) and job.failure.reference in message.content

        if not await _done(self._poster.once(delivery, job, ours, send)):
            log.warning("job %s: nobody can be told that it failed", job.id)


async def _done(work: Awaitable[object]) -> bool:
    """Whether it worked; False when Discord will never let it. Raises other trouble."""
    try:
        await work
    except TROUBLE as error:
        never = isinstance(error, discord.NotFound) and error.code != 0
        if never or has_code(error, TOO_OLD_TO_EDIT) or judge(error) is Verdict.FINAL:
            return False
        raise
    return True
