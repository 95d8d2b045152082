"""What people call themselves on a server. Without the members intent Discord tells of those alone
who were just heard of; others are asked for one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import discord

from bot.chat.trouble import TROUBLE

PATIENCE_S = 3.0


async def names_of(guild: discord.Guild | None, users: Iterable[int]) -> dict[int, str]:
    """The names of those that can be had soon."""
    if guild is None:
        return {}
    asking = {asyncio.create_task(_name(guild, user)): user for user in users}
    if asking:
        done, late = await asyncio.wait(asking, timeout=PATIENCE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return {asking[task]: name for task in done if (name := task.result())}
    return {}


async def _name(guild: discord.Guild, user: int) -> str:
    try:
        member = guild.get_member(user) or await guild.fetch_member(user)
    except TROUBLE:
        return ""  # left, or Discord is away
    return member.display_name
