"""Acknowledging interactions in time: Discord waits 3 s for an answer, then says that the bot
failed.

Knows how long work may keep somebody waiting and what a crowd does to that; not what the work is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import discord

from bot.chat.trouble import TROUBLE

log = logging.getLogger(__name__)
T = TypeVar("T")


class Acknowledger:
    """One for all the commands and buttons of a client.

    Work that takes longer than `quick_s` seconds is acknowledged meanwhile by a "thinking". With
    more than `crowd` pieces in work everybody is acknowledged first, and the work itself waits
    until all of them are (`quick_s` at most): an answer costs a third of the work, so the last of
    a crowd is answered long before Discord would give up on it.
    """

    def __init__(self, quick_s: float = 1.0, crowd: int = 4) -> None:
        self._quick_s = quick_s
        self._crowd = crowd
        self._in_work = 0
        self._unanswered = 0
        self._all_answered = asyncio.Event()

    async def quickly(
        self, interaction: discord.Interaction, work: Coroutine[Any, Any, T]
    ) -> T:  # fmt: skip
        """The result of `work`, in public: for commands and buttons whose answer all may see."""
        return await self._run(interaction, work, private=False)

    async def privately(self, interaction: discord.Interaction, work: Coroutine[Any, Any, T]) -> T:
        """The same for an answer that is for the asking person alone."""
        return await self._run(interaction, work, private=True)

    async def _run(
        self, interaction: discord.Interaction, work: Coroutine[Any, Any, T], private: bool
    ) -> T:
        self._in_work += 1
        try:
            if self._in_work > self._crowd:
                await self._answer_crowd(interaction, private)
                return await work
            task = asyncio.ensure_future(work)
            done, _ = await asyncio.wait({task}, timeout=self._quick_s)
            if not done:
                await _defer(interaction, private)
            return await task
        finally:
            self._in_work -= 1

    async def _answer_crowd(self, interaction: discord.Interaction, private: bool) -> None:
        """Acknowledge, then let the others of the crowd be acknowledged as well."""
        self._unanswered += 1
        self._all_answered.clear()
        try:
            await _defer(interaction, private)
        finally:
            self._unanswered -= 1
            if not self._unanswered:
                self._all_answered.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._quick_s):
                await self._all_answered.wait()


async def _defer(interaction: discord.Interaction, private: bool) -> None:
    if interaction.response.is_done():
        return
    interaction.extras["private"] = private
    try:
        await interaction.response.defer(ephemeral=private)
    except TROUBLE as error:
        log.warning("interaction %d: not acknowledged: %s", interaction.id, error)
