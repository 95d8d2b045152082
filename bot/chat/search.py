"""Looking through a channel for a message of ours of which the database knows nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import discord

from bot.chat.buttons import is_cancel
from bot.domain.job import Job

_LOOKED_AT = 500


async def find(
    client: discord.Client, job: Job, channel: int, ours: Callable[[discord.Message], bool]
) -> int:
    """The first message of this bot since the job began for which `ours` is true; 0 if none."""
    place = client.get_partial_messageable(channel, guild_id=job.origin.guild or None)
    me = client.user.id if client.user else client.application_id
    async for message in place.history(limit=_LOOKED_AT, after=_since(job), oldest_first=True):
        if message.author.id == me and ours(message):
            return message.id
    return 0


async def find_notice(client: discord.Client, job: Job) -> int:
    """The message with the job's Cancel button; 0 if none."""

    def shows_it(message: discord.Message) -> bool:
        return any(
            is_cancel(button.custom_id or "", job)
            for row in message.components
            if isinstance(row, discord.ActionRow)
            for button in row.children
        )

    return await find(client, job, job.origin.channel, shows_it)


def _since(job: Job) -> discord.Object:
    """A point a minute before the job, for clocks that disagree."""
    moment = dt.datetime.fromtimestamp(job.created_at - 60, dt.UTC)
    return discord.Object(discord.utils.time_snowflake(moment))
