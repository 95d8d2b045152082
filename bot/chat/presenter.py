"""Follows jobs and keeps their messages current, from acknowledgement to delivery.

A message is a rendering of the database's truth: whatever is lost here is made good after the next
start by `recover`. Knows Discord and the service; decides nothing about jobs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import discord

from bot.chat import search, wording
from bot.chat.buttons import cancel_view
from bot.chat.delivery import Deliverer
from bot.chat.notice import Notice
from bot.chat.trouble import TROUBLE
from bot.domain.job import Job, JobStatus, JobUpdate
from bot.service import Service

log = logging.getLogger(__name__)

# A progress edit in flight is given this long before the end of the job overtakes it.
_LAST_EDIT_S = 2.0
# Places in line for which a waiting message is refreshed at every pause; the message of the 80th
# is refreshed a tenth as often, so that a crowd that waits does not hold up those who are drawn.
_NEAR = 8
_RARELY_S = 30.0
# Between two rounds of tries while Discord cannot be reached.
_PATIENCE_S = 30.0
_CANNOT_POST = "It is drawn, but I may not post it here any more; the pictures are kept."


class Presenter:
    """`pause` is the least number of seconds between two edits of one message."""

    def __init__(self, client: discord.Client, service: Service, pause: float = 2.5) -> None:
        self._client = client
        self._service = service
        self._pause = pause
        self._deliverer = Deliverer(client, service)
        self._tasks: set[asyncio.Task[None]] = set()

    async def present(self, interaction: discord.Interaction, job: Job) -> None:
        """Answer a command or a press with the job's progress, and follow it to its end; the job
        goes on even if that answer fails."""
        update = self._service.drawing.newest(job) or JobUpdate(job)
        try:
            message = await _show_first(interaction, update)
        except TROUBLE as error:
            log.warning("job %s: not acknowledged: %s", job.id, error)
            message = await _shown_after_all(interaction, error)
        self.follow(job, Notice.of(interaction, message) if message else None)

    def follow(self, job: Job, notice: Notice | None) -> None:
        """Keep `notice` current in the background until the job's result is posted."""
        self._spawn(self._follow(job, notice), f"follow {job.id}")

    async def post(self, job: Job) -> int:
        """Post a finished job's result, however long Discord is out of reach; returns the
        message's id, 0 when that cannot be."""
        while True:
            try:
                return await self._deliverer.deliver(job)
            except TROUBLE as error:
                log.warning("job %s: not posted yet: %s", job.id, error)
                await asyncio.sleep(_PATIENCE_S)

    async def still_there(self, job: Job, message: int) -> bool:
        return await self._deliverer.exists(job, message)

    async def recover(self) -> None:
        """After a start: follow what is unfinished, deliver what is due, tidy what is over."""
        for job in await self._service.drawing.unfinished():
            self._spawn(self._follow_again(job), f"follow {job.id}")
        for delivery in await self._service.outbox.undelivered():
            job = await self._service.drawing.job(delivery.job)
            if job is not None:
                self._spawn(self._follow_again(job), f"follow {job.id}")
        open_jobs = {delivery.job for delivery in await self._service.outbox.undelivered()}
        for job in await self._service.outbox.stale_notices():
            if job.id not in open_jobs:
                self._spawn(self._end(job, self.notice_of(job)), f"tidy {job.id}")

    async def close(self) -> None:
        """Let what is being posted finish for a moment, then stop."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_EDIT_S)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def notice_of(self, job: Job) -> Notice | None:
        """The remembered progress message of a job, reached by the bot's token."""
        return self._notice(job, job.notice) if job.notice else None

    def _notice(self, job: Job, message: int) -> Notice:
        channel = self._client.get_partial_messageable(
            job.origin.channel, guild_id=job.origin.guild or None
        )
        return Notice(channel.get_partial_message(message))

    def _spawn(self, coroutine, name: str) -> None:
        task = asyncio.create_task(self._logged(coroutine, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _logged(self, coroutine, name: str) -> None:
        try:
            await coroutine
        except Exception:
            log.exception("%s", name)

    async def _follow(self, job: Job, notice: Notice | None) -> None:
        if notice is not None and notice.id != job.notice:
            await self._service.outbox.set_notice(job.id, notice.id)
        updates = self._service.drawing.watch(job.id)
        final = await self._show_progress(updates, notice)
        if final is not None and final.job.status.finished:
            await self._end(final.job, notice)

    async def _follow_again(self, job: Job) -> None:
        notice = self.notice_of(job)
        if notice is None:
            # The last run may have ended between showing the message and recording it.
            with contextlib.suppress(*TROUBLE):
                found = await search.find_notice(self._client, job)
                notice = self._notice(job, found) if found else None
        await self._follow(job, notice)

    async def _show_progress(
        self, updates: AsyncIterator[JobUpdate], notice: Notice | None
    ) -> JobUpdate | None:
        """Edit `notice` with the newest value, at most once a pause; returns the last value."""
        loop = asyncio.get_running_loop()
        newest: JobUpdate | None = None
        shown: JobUpdate | None = None
        last = loop.time() if notice else 0.0
        edit: asyncio.Task[bool] | None = None
        following = asyncio.ensure_future(anext(updates, None))
        try:
            while True:
                idle = notice is None or newest is shown or edit is not None
                due = last + self._rest(newest, notice)
                timeout = None if idle else max(0.0, due - loop.time())
                waiting = {following, edit} if edit else {following}
                done, _ = await asyncio.wait(
                    waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
                )
                if edit in done and edit is not None:
                    notice = notice if edit.result() else None
                    edit = None
                if following in done:
                    update = following.result()
                    if update is None:
                        return newest
                    newest = update
                    if newest.job.status.finished:
                        return newest
                    following = asyncio.ensure_future(anext(updates, None))
                elif not done and notice is not None and newest is not None:
                    edit = asyncio.create_task(notice.show(newest))
                    shown, last = newest, loop.time()
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await following
            if edit is not None:
                await asyncio.wait({edit}, timeout=_LAST_EDIT_S)
                edit.cancel()

    def _rest(self, update: JobUpdate | None, notice: Notice | None) -> float:
        """Seconds between the edit before and the one that shows `update`."""
        pause = self._pause
        if update is not None and update.position is not None:
            pause = max(pause, min(_RARELY_S, pause * update.position / _NEAR))
        return pause if notice is None else max(pause, notice.least_pause)

    async def _end(self, job: Job, notice: Notice | None) -> None:
        if job.status is JobStatus.SUCCEEDED:
            posted = await self.post(job)
            if notice is None:
                return
            if not posted:
                await notice.say(job, _CANNOT_POST)
            elif not await notice.remove():
                return
        elif notice is not None:
            await notice.show(JobUpdate(job))
        elif job.status is JobStatus.FAILED:
            await self._say_in_channel(job)
        if notice is not None:
            await self._service.outbox.set_notice(job.id, 0)

    async def _say_in_channel(self, job: Job) -> None:
        channel = self._client.get_partial_messageable(
            job.origin.channel, guild_id=job.origin.guild or None
        )
        with contextlib.suppress(*TROUBLE):
            await channel.send(
                wording.progress(JobUpdate(job)),
                suppress_embeds=True,
                allowed_mentions=discord.AllowedMentions.none(),
            )


async def _show_first(interaction: discord.Interaction, update: JobUpdate) -> int:
    """Say it where the person waits for it; returns the message's id."""
    text, view = wording.progress(update), cancel_view(update.job)
    if interaction.type is discord.InteractionType.component:
        # The press itself is answered by the message under which the button stands.
        said = await interaction.followup.send(text, view=view, suppress_embeds=True, wait=True)
        return said.id
    if interaction.response.is_done():
        return (await interaction.edit_original_response(content=text, view=view)).id
    answer = await interaction.response.send_message(text, view=view, suppress_embeds=True)
    return answer.message_id or 0


async def _shown_after_all(interaction: discord.Interaction, error: Exception) -> int:
    """The id of a first answer that may have arrived although the reply to it was lost."""
    if isinstance(error, discord.HTTPException):
        return 0
    if interaction.type is discord.InteractionType.component:
        return 0
    try:
        return (await interaction.original_response()).id
    except (*TROUBLE, discord.ClientException):
        return 0
