"""Posts on the desks of moderators what waits for them, and edits it when it is answered, wherever
that was. The table of cards is the queue. A card names a nonce before its POST begins, and Discord
refuses the same one twice for a few minutes; where an earlier try may have arrived, the channel is
searched first."""

from __future__ import annotations

import asyncio
import logging

import discord

from bot.chat import cards, search
from bot.chat.buttons import is_ours
from bot.chat.pace import Pauses
from bot.chat.rounds import Rounds
from bot.chat.speech import of_guild, of_letter
from bot.chat.trouble import TROUBLE, Verdict, has_code, judge
from bot.domain.desk import Appeal, Card, Settled
from bot.domain.language import speaking
from bot.service import Service

log = logging.getLogger(__name__)

_POST_S = 60.0
_UNKNOWN_CHANNEL, _UNKNOWN_MESSAGE = 10003, 10008


class Desks:
    """One for a client."""

    def __init__(self, client: discord.Client, service: Service, pauses: Pauses) -> None:
        self._client = client
        self._service = service
        self._pauses = pauses
        self._rounds = Rounds("desk", pauses)

    async def run(self) -> None:
        """Work until cancelled."""
        desk = self._service.desk
        await self._rounds.run(desk.due, self._bring, desk.postpone, self._letter)

    async def _bring(self, card: Card) -> None:
        """One try, in the language of the server."""
        with speaking(of_guild(self._client, card.guild)):
            try:
                await self._show(card)
            except discord.HTTPException as error:
                if has_code(error, _UNKNOWN_CHANNEL):
                    await self._service.desk.lose(card.guild, card.channel)
                if not has_code(error, _UNKNOWN_MESSAGE):
                    raise
                await self._forgotten(card)

    async def _letter(self) -> bool:
        """Whether an answer was to be told."""
        appeal = await self._service.appeals.letter()
        if appeal is None:
            return False
        await self._rounds.turn()
        with speaking(of_letter(self._client, appeal.locale, appeal.guild)):
            await self._write(appeal, cards.outcome(appeal))
        return True

    async def _write(self, appeal: Appeal, said: str) -> None:
        """Tell somebody the answer by direct message, who wants that; they are told beside their
        next command in any case."""
        try:
            channel = await self._client.create_dm(discord.Object(appeal.user))
            none = discord.AllowedMentions.none()
            await channel.send(said, nonce=appeal.id[:24], allowed_mentions=none)
        except TROUBLE as error:
            away = judge(error) is Verdict.AWAY
            log.warning("appeal %s: not told by direct message: %s", appeal.id, error)
            await self._service.appeals.lettered(appeal, self._pauses.rest if away else None)
        else:
            await self._service.appeals.lettered(appeal)

    async def _forgotten(self, card: Card) -> None:
        """Somebody deleted its message; it waits in `/reports` all the same."""
        content = await self._service.desk.content(card)
        if content is None or isinstance(content, Settled):
            await self._service.desk.done(card)
        else:
            await self._service.desk.shown(card, card.message)

    async def _show(self, card: Card) -> None:
        desk, content = self._service.desk, await self._service.desk.content(card)
        message = card.message
        if not message and card.sending_at is not None:
            message = await self._found(card)
        face = cards.face(content) if content is not None else None
        if not message and face and face[1]:
            message = await self._post(card, *face)
        elif message:
            await self._edit(card, message, face)
        # What is answered has no words that are ever to be taken back, so nothing is kept of it.
        await (desk.shown(card, message) if face and face[1] else desk.done(card))

    async def _edit(self, card: Card, message: int, face: cards.Face | None) -> None:
        there = self._place(card).get_partial_message(message)
        if face is None:
            await there.delete()
        else:
            await there.edit(embed=face[0], view=face[1])

    async def _found(self, card: Card) -> int:
        """The message of an earlier try, if that arrived; 0 if not."""
        since = card.sending_at or 0.0
        return await search.look(
            self._client, card.guild, card.channel, lambda m: _shows(m, card.subject), since
        )

    async def _post(self, card: Card, embed: discord.Embed, view: discord.ui.View | None) -> int:
        await self._service.desk.begin(card)
        async with asyncio.timeout(_POST_S):
            sent = await self._place(card).send(
                embed=embed, view=view, nonce=card.nonce,  # type: ignore[arg-type]
                allowed_mentions=discord.AllowedMentions.none(),
            )  # fmt: skip
        return sent.id

    def _place(self, card: Card) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(card.channel, guild_id=card.guild)


def _shows(message: discord.Message, subject: str) -> bool:
    """Whether its buttons are about this."""
    ids = (
        str(getattr(button, "custom_id", None) or "")
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for button in row.children
    )
    return any(is_ours(each) and each.split(":")[2] == subject for each in ids)
