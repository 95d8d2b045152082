"""What a finished job looks like in a channel: its pictures, headline and buttons.

Knows files and messages; whether and when something is posted is the pump's business.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable
from typing import Any

import discord

from bot.chat import files, wording
from bot.chat.buttons import result_view
from bot.chat.posting import Poster, guild_of
from bot.chat.trouble import Verdict, judge
from bot.domain.action import Kind
from bot.domain.delivery import ENVELOPE, MIB, UPLOAD_LIMIT, Delivery
from bot.domain.errors import NotFound
from bot.domain.job import Job
from bot.service import Service
from bot.service.pictures import Picture

log = logging.getLogger(__name__)

_REQUEST_LIMIT = 25 * MIB - ENVELOPE


class Results:
    """Posts results for one client. Who waited longer than `ping_after_s` is called back; a file
    that is refused as too large is made smaller down to `smallest` bytes."""

    def __init__(
        self,
        client: discord.Client,
        service: Service,
        poster: Poster,
        *,
        ping_after_s: float = 60.0,
        smallest: int = 256 * 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._service = service
        self._poster = poster
        self._ping_after_s = ping_after_s
        self._smallest = smallest
        self._clock = clock

    async def post(self, delivery: Delivery, job: Job, *, call: bool = False) -> int:
        """Post the result in its channel unless it is there; returns the message's id. `call` says
        that its owner has seen nothing of it so far.

        Raises NotFound when its pictures are gone, and what Discord does.
        """

        async def send(channel: discord.PartialMessageable, nonce: str) -> discord.Message:
            more = {"nonce": nonce, "reference": _reference(job, delivery.channel)}
            more |= {"mention_author": False, "suppress_embeds": True}
            more["allowed_mentions"] = self._mentions(job, call or await self._late(job))
            pressed = delivery.tries > 0
            return await self._fitting(job, lambda said: channel.send(**said, **more), pressed)

        def ours(message: discord.Message) -> bool:
            return any(job.id in attachment.filename for attachment in message.attachments)

        return await self._poster.once(delivery, job, ours, send)

    async def hand_over(
        self, job: Job, webhook: discord.Webhook, *, ephemeral: bool = False
    ) -> int:  # fmt: skip
        """The same by the token of an interaction, where the bot itself may not post."""
        late = await self._late(job)
        message = await self._fitting(
            job,
            lambda said: webhook.send(
                **said, wait=True, ephemeral=ephemeral, allowed_mentions=self._mentions(job, late)
            ),
        )
        return message.id

    async def still_there(self, job: Job, delivery: Delivery) -> str:
        """The address of a result that was posted; empty if it was deleted since."""
        place, guild = delivery.channel, guild_of(job)
        try:
            place = await self._poster.place(job, delivery.channel)
            channel = self._client.get_partial_messageable(place, guild_id=guild or None)
            await channel.fetch_message(delivery.message)
        except discord.NotFound:
            return ""
        except discord.HTTPException:
            pass
        return wording.link(guild, place, delivery.message)

    def upload_limit(self, guild: int) -> int:
        """Bytes that the bot may send in one file there; 0 is direct messages."""
        known = self._client.get_guild(guild) if guild else None
        return min(known.filesize_limit - ENVELOPE, _REQUEST_LIMIT) if known else UPLOAD_LIMIT

    async def _fitting(
        self, job: Job, send: Callable[[dict[str, Any]], Any], pressed: bool = True
    ) -> Any:
        """Send, and again with ever smaller files while Discord finds them too large. `pressed`
        says that its buttons may have been used before."""
        limit = self.upload_limit(guild_of(job))
        buttons = await self._service.drawing.buttons(job, pressed)
        while True:
            picture = await self._service.pictures.picture(job, limit)
            file = _opened(picture)
            said = {
                "content": wording.headline(job),
                "file": file,
                "view": result_view(buttons),
            }
            try:
                return await send(said)
            except discord.HTTPException as error:
                limit = min(limit, picture.bytes) // 2
                if judge(error) is not Verdict.TOO_LARGE or limit < self._smallest:
                    raise
            finally:
                files.close(file)
            log.info("job %s: %d bytes refused, trying %d", job.id, picture.bytes, limit)

    async def _late(self, job: Job) -> bool:
        """Whether it took a while; of several that were asked for together only the last can."""
        took_long = self._clock() - job.created_at >= self._ping_after_s
        return took_long and await self._service.batches.last(job)

    def _mentions(self, job: Job, call: bool) -> discord.AllowedMentions:
        """Only who asked, and only if they are to be called; a picture that was only taken out
        calls nobody."""
        if job.request.kind is not Kind.DRAW or not call:
            return discord.AllowedMentions.none()
        return discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(job.user)]
        )


def _opened(picture: Picture) -> discord.File:
    """Streamed from memory or disk while it is sent."""
    content = picture.content
    try:
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        return discord.File(file, picture.filename, description=picture.description)
    except FileNotFoundError:
        raise NotFound("The pictures of this job were cleared away meanwhile.") from None


def _reference(job: Job, channel: int) -> discord.MessageReference | None:
    if not job.origin.parent_message or job.hidden:
        return None
    return discord.MessageReference(
        message_id=job.origin.parent_message,
        channel_id=channel,
        guild_id=job.origin.guild or None,
        fail_if_not_exists=False,
    )
