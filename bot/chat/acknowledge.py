"""Acknowledging interactions in time: Discord waits 3 s for an answer, then says that the bot
failed.

Knows how long work may keep somebody waiting and what a crowd does to that; not what the work is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

import discord

from bot.chat.connector import counted
from bot.chat.trouble import ALREADY_ANSWERED, TROUBLE, UNKNOWN_INTERACTION, has_code

log = logging.getLogger(__name__)
T = TypeVar("T")


class TooLate(Exception):
    """Nobody waits for this any more: Discord told the person that the command failed, or another
    process answered it. `foreign` says that it was the latter."""

    def __init__(self, interaction: discord.Interaction, *, foreign: bool) -> None:
        why = "another process uses this token" if foreign else "the answer came too late"
        super().__init__(f"interaction {interaction.id}: {why}")
        self.foreign = foreign


class Acknowledger:
    """One for all the commands and buttons of a client.

    Work that takes longer than `quick_s` seconds is acknowledged meanwhile by a "thinking". With
    more than `crowd` pieces in work everybody is acknowledged at once, and who comes to a crowd is
    worked for when all of it is (after `quick_s` at most): an answer costs a third of the work, so
    the last of a crowd is answered long before Discord would give up on it.
    """

    def __init__(self, quick_s: float = 1.0, crowd: int = 4) -> None:
        self._quick_s = quick_s
        self._crowd = crowd
        self._in_work = 0
        self._unanswered = 0
        self._begin = asyncio.Event()
        self._patient: set[_Thinking] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def quickly(
        self, interaction: discord.Interaction, work: Coroutine[Any, Any, T]
    ) -> T:  # fmt: skip
        """The result of `work`, in public: for commands and buttons whose answer all may see."""
        return await self._run(interaction, work, private=False)

    async def privately(self, interaction: discord.Interaction, work: Coroutine[Any, Any, T]) -> T:
        """The same for an answer that is for the asking person alone."""
        return await self._run(interaction, work, private=True)

    async def at_once(self, interaction: discord.Interaction, *, private: bool = False) -> None:
        """Acknowledge a press, or a command whose answer may be `private`, before anything is done
        for it. Raises TooLate: then nobody is told what would be done."""
        await _defer(interaction, private)

    async def _run(
        self, interaction: discord.Interaction, work: Coroutine[Any, Any, T], private: bool
    ) -> T:
        self._in_work += 1
        try:
            if self._in_work <= self._crowd:
                return await self._answer_if_slow(interaction, work, private)
            for each in self._patient:
                each.begin()
            try:
                await self._answer_crowd(interaction, private)
            except TooLate:
                work.close()
                raise
            return await work
        finally:
            self._in_work -= 1

    async def _answer_if_slow(
        self, interaction: discord.Interaction, work: Coroutine[Any, Any, T], private: bool
    ) -> T:
        """Acknowledge while it is being worked if that takes a while, or once a crowd comes."""
        thinking = _Thinking(interaction, private)
        timer = asyncio.get_running_loop().call_later(self._quick_s, thinking.begin)
        self._patient.add(thinking)
        try:
            return await work
        finally:
            timer.cancel()
            self._patient.discard(thinking)
            await thinking.said()

    async def _answer_crowd(self, interaction: discord.Interaction, private: bool) -> None:
        """Acknowledge, then let the others of the crowd be acknowledged as well."""
        if not self._unanswered:
            self._begin.clear()
            self._timer = asyncio.get_running_loop().call_later(self._quick_s, self._begin.set)
        self._unanswered += 1
        try:
            await _defer(interaction, private)
        finally:
            self._unanswered -= 1
            if not self._unanswered:
                self._begin.set()
                if self._timer is not None:
                    self._timer.cancel()
        await self._begin.wait()


class _Thinking:
    """The acknowledgement of one interaction, which may never begin."""

    def __init__(self, interaction: discord.Interaction, private: bool) -> None:
        self._interaction = interaction
        self._private = private
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Send it, unless that was begun."""
        self._task = self._task or asyncio.create_task(_defer(self._interaction, self._private))

    async def said(self) -> None:
        """Return when it has arrived, or did not begin."""
        if self._task is not None:
            # What is being done can be taken back only when it is done: the next answer tells.
            with contextlib.suppress(TooLate):
                await self._task


async def first_answer(interaction: discord.Interaction, answer: Awaitable[T]) -> T:
    """The first answer to an interaction, as it is made by `answer`.

    Raises TooLate where it was refused because nobody waits for it any more. "Already acknowledged"
    is raised as it stands if more than one request was sent: an earlier one may have arrived.
    """
    sent = interaction.extras.setdefault("sent", [])
    try:
        with counted(sent):
            return await answer
    except discord.HTTPException as error:
        if has_code(error, UNKNOWN_INTERACTION):
            raise TooLate(interaction, foreign=False) from error
        if has_code(error, ALREADY_ANSWERED) and len(sent) <= 1:
            raise TooLate(interaction, foreign=True) from error
        raise


async def _defer(interaction: discord.Interaction, private: bool) -> None:
    if interaction.response.is_done():
        return
    interaction.extras["private"] = private
    # A form that a menu opened has no message that a quiet answer could leave as it is.
    form = interaction.type is discord.InteractionType.modal_submit
    thinking = form and interaction.message is None
    try:
        answer = interaction.response.defer(ephemeral=private, thinking=thinking)
        await first_answer(interaction, answer)
    except TROUBLE as error:
        log.warning("interaction %d: not acknowledged: %s", interaction.id, error)
