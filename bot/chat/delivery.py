"""Posts a finished job exactly once, as far as Discord lets that be checked.

The row in the outbox names a nonce before the POST begins, and Discord refuses the same nonce twice
for a few minutes. Later than that the channel is searched for our attachment, whose name holds the
job's id, and a message found there is adopted.
"""

from __future__ import annotations

import asyncio
import io
import logging

import discord

from bot.chat import search, wording
from bot.chat.buttons import result_view
from bot.chat.trouble import TROUBLE, is_final
from bot.domain.delivery import Delivery
from bot.domain.errors import NotFound
from bot.domain.job import Job
from bot.service import Service
from bot.service.pictures import Picture

log = logging.getLogger(__name__)

MIB = 1 << 20
REQUEST_LIMIT = 25 * MIB
DIRECT_LIMIT = 10 * MIB
# Head room for the multipart envelope.
ENVELOPE = 64 * 1024
SMALLEST = 256 * 1024
RETRIES = 6
TOO_LARGE = {40005, 50045}


class Deliverer:
    """Posts results for one client."""

    def __init__(self, client: discord.Client, service: Service) -> None:
        self._client = client
        self._service = service
        self._busy: dict[str, asyncio.Lock] = {}

    async def deliver(self, job: Job) -> int:
        """Post the job's result unless it is there already; returns the message's id, 0 when it
        cannot be posted. Other trouble is met with a few more tries, then raised."""
        lock = self._busy.setdefault(job.id, asyncio.Lock())
        try:
            async with lock:
                return await self._deliver(job)
        finally:
            if not lock.locked():
                self._busy.pop(job.id, None)

    async def _deliver(self, job: Job) -> int:
        begun = await self._service.outbox.begin_delivery(job.id)
        if begun is None:
            known = await self._service.outbox.delivery(job.id)
            return known.message if known else 0
        delivery, search = begun
        try:
            message = await self._find(job, delivery) if search else 0
            if search and not message:
                renewed = await self._service.outbox.renew_delivery(job.id)
                delivery = renewed or delivery
            message = message or await self._post(job, delivery)
        except (discord.HTTPException, NotFound) as refused:
            if not (isinstance(refused, NotFound) or is_final(refused)):
                raise
            await self._service.outbox.give_up_delivery(job.id, str(refused))
            return 0
        await self._service.outbox.delivered(job.id, message)
        return message

    def upload_limit(self, guild: int) -> int:
        """Bytes that the bot may send in one file there."""
        if not guild:
            return DIRECT_LIMIT - ENVELOPE
        known = self._client.get_guild(guild)
        return min(known.filesize_limit if known else DIRECT_LIMIT, REQUEST_LIMIT) - ENVELOPE

    async def _post(self, job: Job, delivery: Delivery) -> int:
        limit = self.upload_limit(job.origin.guild)
        used = await self._service.drawing.used(job.id)
        while True:
            picture = await self._service.pictures.picture(job, limit)
            try:
                return await self._send(job, delivery, picture, used)
            except discord.HTTPException as error:
                if error.status != 413 and error.code not in TOO_LARGE:
                    raise
                limit = min(limit, len(picture.data)) // 2
                if limit < SMALLEST:
                    raise
                log.info("job %s: %d bytes refused, trying %d", job.id, len(picture.data), limit)

    async def _send(
        self, job: Job, delivery: Delivery, picture: Picture, used: set
    ) -> int:  # fmt: skip
        channel = self._client.get_partial_messageable(
            delivery.channel, guild_id=job.origin.guild or None
        )
        reference = None
        if job.origin.parent_message:
            reference = discord.MessageReference(
                message_id=job.origin.parent_message,
                channel_id=delivery.channel,
                guild_id=job.origin.guild or None,
                fail_if_not_exists=False,
            )
        for attempt in range(RETRIES):
            file = discord.File(
                io.BytesIO(picture.data), picture.filename, description=picture.description
            )
            try:
                message = await channel.send(
                    wording.headline(job),
                    file=file,
                    view=result_view(job, used),
                    nonce=delivery.nonce,
                    reference=reference,  # type: ignore[arg-type]
                    mention_author=False,
                    suppress_embeds=True,
                    allowed_mentions=discord.AllowedMentions.none(),
                )
            except TROUBLE as error:
                if is_final(error) or attempt == RETRIES - 1:
                    raise
                log.warning("job %s: post failed, again with the same nonce: %s", job.id, error)
                await asyncio.sleep(min(30.0, 0.5 * 2**attempt))
            else:
                return message.id
        raise AssertionError("unreachable")

    async def _find(self, job: Job, delivery: Delivery) -> int:
        """Our message with this job's attachment, posted since the job began; 0 if none."""

        def holds_it(message: discord.Message) -> bool:
            return any(job.id in attachment.filename for attachment in message.attachments)

        found = await search.find(self._client, job, delivery.channel, holds_it)
        if found:
            log.info("job %s: adopted message %d", job.id, found)
        return found

    async def exists(self, job: Job, message: int) -> bool:
        """Whether a delivered result is still there."""
        delivery = await self._service.outbox.delivery(job.id)
        channel = self._client.get_partial_messageable(
            delivery.channel if delivery else job.origin.channel
        )
        try:
            await channel.fetch_message(message)
        except discord.NotFound:
            return False
        except discord.HTTPException:
            return True
        return True
