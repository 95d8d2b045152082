"""Posts the audit trail of servers in the channels that their admins chose: several entries in one
message, in order, and each once. The trail is the queue; see `bot.chat.desk` for how it comes once.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from dataclasses import replace

import discord

from bot.chat import funds, search
from bot.chat.pace import Pace, Pauses
from bot.chat.sheets import VIOLET
from bot.chat.trouble import TROUBLE, Verdict, judge
from bot.domain.errors import StoreUnavailable, new_reference
from bot.service import Service
from bot.service.chronicle import Chapter, Line

log = logging.getLogger(__name__)

A_SECOND = 2.0
"""Messages of all servers; of one it is one each few seconds (`Pauses.poll`)."""
ROOM = 3900
"""Characters of one message; an embed takes 4,096."""
_LINE_ROOM = 500
_POST_S = 60.0


class Chronicler:
    """One for a client."""

    def __init__(self, client: discord.Client, service: Service, pauses: Pauses) -> None:
        self._client = client
        self._service = service
        self._pauses = pauses
        self._pace = Pace(A_SECOND, burst=3)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                if chapter := await self._service.chronicle.due():
                    await self._pace.turn()
                    await self._try(chapter)
                    continue
            except StoreUnavailable as error:
                log.warning("the audit trail cannot be posted just now: %s", error)
            await asyncio.sleep(self._pauses.poll)

    async def _try(self, chapter: Chapter) -> None:
        """One try; what is wrong with one server holds up no other."""
        pause = min(self._pauses.longest, self._pauses.rest * 4 ** min(chapter.tries, 10))
        arrived = True
        try:
            await self._post(fitting(chapter))
        except TROUBLE as error:
            arrived = judge(error) is not Verdict.FINAL
            log.warning("server %d: its log waits for %.0f s: %s", chapter.guild, pause, error)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("reference %s: log of server %d", new_reference(), chapter.guild)
            pause = self._pauses.longest
        else:
            return
        await self._service.chronicle.postpone(chapter, pause, arrived=arrived)

    async def _post(self, chapter: Chapter) -> None:
        embed = page(chapter)
        if chapter.sending_at is None or not await self._found(chapter, embed):
            await self._service.chronicle.begin(chapter)
            place = self._client.get_partial_messageable(chapter.channel, guild_id=chapter.guild)
            async with asyncio.timeout(_POST_S):
                await place.send(
                    embed=embed, nonce=chapter.nonce,
                    allowed_mentions=discord.AllowedMentions.none(), silent=True,
                )  # fmt: skip
        await self._service.chronicle.posted(chapter, self._pauses.poll)

    async def _found(self, chapter: Chapter, embed: discord.Embed) -> int:
        """The message of an earlier try, if that arrived; 0 if not."""
        since = chapter.sending_at or 0.0
        return await search.look(
            self._client, chapter.guild, chapter.channel, lambda m: _shows(m, embed), since
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
    at = dt.datetime.fromtimestamp(round(chapter.lines[-1].entry.at, 3), dt.UTC)
    said = "\n".join(map(_said, chapter.lines))
    return discord.Embed(description=said, colour=VIOLET, timestamp=at)


def _said(line: Line) -> str:
    entry = line.entry
    said = " ".join(funds.deed(entry.deed, entry.detail).split())
    shown = said if len(said) <= _LINE_ROOM else f"{said[: _LINE_ROOM - 1]}…"
    return f"<t:{entry.at:.0f}:T> <@{entry.actor}> {shown}"


def _shows(message: discord.Message, embed: discord.Embed) -> bool:
    """Whether it is of the same entries."""
    return any(
        each.description == embed.description and each.timestamp == embed.timestamp
        for each in message.embeds
    )
