"""Reactions to what we post: ❌ stops or deletes it, ✉️ brings its pictures by direct message.

Discord lets nobody be answered privately here, so who may not do so, or what cannot be done, is
passed over in silence.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import discord
from discord.ext import commands

from bot.chat import asking, letters
from bot.chat.speech import of_reader
from bot.chat.trouble import TROUBLE
from bot.domain.errors import StoreUnavailable, UserError
from bot.domain.job import Job
from bot.domain.language import speak
from bot.domain.people import Asker, Origin
from bot.service import Service
from bot.service.rules import require_right_to_cancel

if TYPE_CHECKING:
    from bot.chat.client import EaselBot

log = logging.getLogger(__name__)

STOP, SEND = "❌", "✉️"
_FRESH_S = 10.0
_PLAIN = "\ufe0f"
"""Whether an emoji is drawn as one is said, or left out."""


class Reactions(commands.Cog):
    """One letter to each person at a time."""

    def __init__(self, client: discord.Client, service: Service, again_s: float = 1.0) -> None:
        self._client = client
        self._service = service
        self._again_s = again_s
        self._writing: set[int] = set()

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Somebody reacted to a message, of ours or not."""
        emoji = str(payload.emoji).strip(_PLAIN)
        me = self._client.user.id if self._client.user else 0
        ours = payload.message_author_id in (None, me) and payload.user_id != me
        if not ours or emoji not in (STOP, SEND.strip(_PLAIN)):
            return
        try:
            await (self._stop if emoji == STOP else self._send)(payload)
        except UserError as refused:
            log.info("reaction of %d passed over: %s", payload.user_id, refused.english)
        except (StoreUnavailable, *TROUBLE) as error:
            log.warning("reaction of %d: %s", payload.user_id, error)

    async def _stop(self, payload: discord.RawReactionActionEvent) -> None:
        asker, origin = self._asker(payload), _origin(payload)
        job = await self._shown(payload)
        if job is None:
            return
        require_right_to_cancel(asker, job)
        if await self._cancelled(asker, origin, job, payload.message_id):
            return
        channel = self._client.get_partial_messageable(payload.channel_id)
        await channel.get_partial_message(payload.message_id).delete()
        log.info("job %s: its message was deleted by %d", job.id, asker.user)

    async def _cancelled(self, asker: Asker, origin: Origin, job: Job, message: int) -> bool:
        """Whether there was something to be stopped: of several that one message shows any, though
        the first of them is done."""
        if job.batch is not None and message == job.notice:
            return await self._service.batches.cancel(asker, origin, job.batch) is not None
        if job.status.finished:
            return False
        await self._service.drawing.cancel(asker, origin, job.id)
        return True

    async def _send(self, payload: discord.RawReactionActionEvent) -> None:
        job = await self._shown(payload)
        if job is None or payload.user_id in self._writing:
            return
        self._writing.add(payload.user_id)
        try:
            user = payload.member or await self._client.fetch_user(payload.user_id)
            speak(of_reader(self._client, job, payload.user_id))
            await letters.send(self._service, user, job)
        finally:
            self._writing.discard(payload.user_id)

    async def _shown(self, payload: discord.RawReactionActionEvent) -> Job | None:
        """The job that a message shows; one that came this moment may not be recorded yet."""
        asker, origin = self._asker(payload), _origin(payload)
        job = await self._service.outbox.shown_by(asker, origin, payload.message_id)
        age = discord.utils.utcnow() - discord.utils.snowflake_time(payload.message_id)
        if job is None and age.total_seconds() < _FRESH_S:
            await asyncio.sleep(self._again_s)
            job = await self._service.outbox.shown_by(asker, origin, payload.message_id)
        return job

    def _asker(self, payload: discord.RawReactionActionEvent) -> Asker:
        """Who reacted, with the rights that they have in that channel."""
        member = payload.member
        if member is None:
            return Asker(payload.user_id)
        place = self._client.get_channel(payload.channel_id)
        held = member.guild_permissions
        if isinstance(place, discord.abc.GuildChannel | discord.Thread):
            held = place.permissions_for(member)
        return Asker(
            payload.user_id, asking.roles_of(member),
            moderator=held.manage_messages, admin=held.manage_guild,
        )  # fmt: skip


def _origin(payload: discord.RawReactionActionEvent) -> Origin:
    return Origin(payload.guild_id or 0, payload.channel_id)


async def setup(bot: EaselBot) -> None:
    await bot.add_cog(Reactions(bot, bot.service))
