"""Posts the audit trail of servers in the channels that their admins chose, in each one's language:
several entries in one message, in order, and each once. The trail is the queue; see `bot.chat.desk`
for how it comes once.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.chat import funds, search
from bot.chat.pace import Pauses
from bot.chat.rounds import Rounds
from bot.chat.sheets import VIOLET
from bot.chat.speech import of_guild
from bot.chat.wording import within
from bot.domain.language import speaking
from bot.service import Service
from bot.service.chronicle import Chapter, Line

ROOM = 3900
"""Characters of one message; an embed takes 4,096."""
_LINE_ROOM = 500
_POST_S = 60.0


class Chronicler:
    """One for a client. Of one server it posts a message each few seconds (`Pauses.poll`)."""

    def __init__(self, client: discord.Client, service: Service, pauses: Pauses) -> None:
        self._client = client
        self._service = service
        self._pauses = pauses
        self._rounds = Rounds("log", pauses)

    async def run(self) -> None:
        """Work until cancelled."""
        chronicle = self._service.chronicle
        await self._rounds.run(chronicle.due, self._bring, chronicle.postpone)

    async def _bring(self, chapter: Chapter) -> None:
        """One try. What an earlier one may have posted are all these lines."""
        if chapter.sending_at is None or not await self._found(chapter):
            with speaking(of_guild(self._client, chapter.guild)):
                chapter = fitting(chapter)
                await self._post(chapter)
        await self._service.chronicle.posted(chapter, self._pauses.poll)

    async def _post(self, chapter: Chapter) -> None:
        embed = page(chapter)
        await self._service.chronicle.begin(chapter)
        place = self._client.get_partial_messageable(chapter.channel, guild_id=chapter.guild)
        async with asyncio.timeout(_POST_S):
            await place.send(
                embed=embed, nonce=chapter.nonce,
                allowed_mentions=discord.AllowedMentions.none(), silent=True,
            )  # fmt: skip

    async def _found(self, chapter: Chapter) -> int:
        """The message of an earlier try, if that arrived; 0 if not."""
        since = chapter.sending_at or 0.0
        return await search.look(
            self._client, chapter.guild, chapter.channel, lambda m: shows(m.embeds, chapter), since
        )


def fitting(chapter: Chapter) -> Chapter:
    """With as many of its lines as one message holds."""
    kept: list[Line] = []
    room = ROOM
    for line in chapter.lines:
        room -= len(_said(line)) + 1
        if kept and room < 0:
            break
        kept.append(line)
    return replace(chapter, lines=tuple(kept))


def page(chapter: Chapter) -> discord.Embed:
    """A line each; its time is that of the last."""
    said = "\n".join(map(_said, chapter.lines))
    return discord.Embed(description=said, colour=VIOLET, timestamp=_time(chapter))


def _time(chapter: Chapter) -> dt.datetime:
    return dt.datetime.fromtimestamp(round(chapter.lines[-1].entry.at, 3), dt.UTC)


def _said(line: Line) -> str:
    entry = line.entry
    said = " ".join(funds.deed(entry.deed, entry.detail).split())
    return f"{_head(line)} {within(said, _LINE_ROOM)}"


def _head(line: Line) -> str:
    return f"<t:{line.entry.at:.0f}:T> <@{line.entry.actor}>"


def shows(embeds: Sequence[discord.Embed], chapter: Chapter) -> bool:
    """Whether a page of exactly these lines is among them, in whatever language."""
    heads = [_head(line) for line in chapter.lines]
    pages = [each for each in embeds if each.timestamp == _time(chapter)]
    return any(
        [" ".join(line.split()[:2]) for line in (each.description or "").splitlines()] == heads
        for each in pages
    )
