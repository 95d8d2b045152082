"""Looking through a channel for a message of ours of which the database knows nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import discord

from bot.chat.buttons import is_cancel
from bot.domain.job import Job

# For clocks that disagree.
_MARGIN_S = 60.0
# Progress is first shown by the token of an interaction, which lives as long.
_TOKEN_S = 15 * 60.0


async def find(
    client: discord.Client,
    job: Job,
    channel: int,
    ours: Callable[[discord.Message], bool],
    since: float,
    until: float | None = None,
) -> int:
    """The first message of this bot for which `ours` is true; 0 if none.

    Looks from a minute before `since` (UTC seconds) up to now, or to a minute after `until`.
    """
    return await look(client, job.origin.guild, channel, ours, since, until)


async def look(
    client: discord.Client,
    guild: int,
    channel: int,
    ours: Callable[[discord.Message], bool],
    since: float,
    until: float | None = None,
) -> int:
    """The same on any server; 0 is direct messages."""
    place = client.get_partial_messageable(channel, guild_id=guild or None)
    me = client.user.id if client.user else client.application_id
    after = _point(since - _MARGIN_S)
    before = None if until is None else _point(until + _MARGIN_S)
    async for message in place.history(limit=None, after=after, oldest_first=True):
        if before is not None and message.id > before.id:
            return 0
        if message.author.id == me and ours(message):
            return message.id
    return 0


async def find_notice(client: discord.Client, job: Job) -> int:
    """The message with the job's Cancel button; 0 if none."""
    born = job.created_at
    return await find(
        client, job, job.origin.channel, lambda m: shows(m, job), born, born + _TOKEN_S
    )  # fmt: skip


def shows(message: discord.Message | discord.InteractionMessage, job: Job) -> bool:
    """Whether this is the progress message of the job: it has the job's Cancel button."""
    return any(
        is_cancel(getattr(button, "custom_id", None) or "", job)
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for button in row.children
    )


def _point(moment: float) -> discord.Object:
    return discord.Object(discord.utils.time_snowflake(dt.datetime.fromtimestamp(moment, dt.UTC)))
