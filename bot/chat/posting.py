"""Posts something exactly once, as far as Discord lets that be checked.

The row in the outbox names a nonce before the POST begins, and Discord refuses the same nonce twice
for a few minutes. Later than that the channel is searched for our message, and one that is found
there is adopted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import discord

from bot.chat import search
from bot.chat.pace import Pace
from bot.domain.delivery import Delivery, Kind
from bot.domain.job import Job
from bot.service import Service

log = logging.getLogger(__name__)

# discord.py repeats a request by itself; a nonce must not become older than Discord's memory
# meanwhile.
_POST_S = 120.0


def guild_of(job: Job, kind: Kind = Kind.RESULT) -> int:
    """The server where its messages are; 0 is direct messages."""
    return 0 if job.hidden or kind is Kind.DM else job.origin.guild


class Poster:
    """Posts for one client, by the bot's own token."""

    def __init__(self, client: discord.Client, service: Service, pace: Pace) -> None:
        self._client = client
        self._service = service
        self._pace = pace

    async def place(self, job: Job, delivery: Delivery) -> int:
        """Where it is posted: copies and what is hidden in its owner's direct messages, else in a
        channel. Raises what Discord does."""
        if not job.hidden and delivery.kind is not Kind.DM:
            return delivery.channel
        return (await self._client.create_dm(discord.Object(job.user))).id

    async def once(
        self,
        delivery: Delivery,
        job: Job,
        ours: Callable[[discord.Message], bool],
        send: Callable[[discord.PartialMessageable, str], Awaitable[discord.Message]],
    ) -> int:
        """The id of the message that `send(channel, nonce)` made, now or by an earlier try: then
        `ours` knows it. 0 when the row is done with. Raises what Discord does."""
        begun = await self._service.outbox.begin(delivery)
        if begun is None:
            return 0
        row, searching = begun
        nonce, place = row.nonce, await self.place(job, row)
        if searching:
            since = row.sent_before or job.created_at
            found = await search.find(self._client, job, place, ours, since)
            if found:
                log.info("job %s: adopted message %d", job.id, found)
                return found
            nonce = await self._service.outbox.renew(row)
        guild = guild_of(job, row.kind)
        channel = self._client.get_partial_messageable(place, guild_id=guild or None)
        await self._pace.turn()
        async with asyncio.timeout(_POST_S):
            return (await send(channel, nonce)).id
