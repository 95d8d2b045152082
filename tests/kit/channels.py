"""Discord's side of the bot's messages, without a network: channels that keep what is said there,
refuse what a test wants refused, and remember nonces for a while. They outlive the bot."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, TypeVar

import discord

from tests.kit.executor import PATIENCE_S

T = TypeVar("T")
BOT = 999
REMEMBERS_S = 180.0
_KINDS = {403: discord.Forbidden, 404: discord.NotFound}


def refusal(status: int, code: int = 0) -> discord.HTTPException:
    """What discord.py raises for such an answer."""
    kind = _KINDS.get(status, discord.HTTPException)
    if status >= 500:
        kind = discord.DiscordServerError
    answer: Any = SimpleNamespace(status=status, reason="refused")
    return kind(answer, {"code": code, "message": "no"})


@contextmanager
def closing(said: dict[str, Any]) -> Iterator[None]:
    """Close the file after the request, whatever came of it, as discord.py does."""
    try:
        yield
    finally:
        if (file := said.get("file")) is not None:
            file.close()


class FakeDiscord:
    """The client, its channels and whatever answers there.

    `refuse` holds what the next requests meet, None where they pass; `away` is met by all. While
    `gate` is shut requests wait. `calls` are all requests, as (what, channel).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.user = SimpleNamespace(id=BOT)
        self.application_id = BOT
        self.guilds: dict[int, Any] = {}
        self.messages: dict[int, FakeMessage] = {}
        self.calls: list[tuple[str, int]] = []
        self.refuse: list[Exception | None] = []
        self.away: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.under_way = 0
        self.nonces: dict[tuple[int, str], tuple[FakeMessage, float]] = {}
        self._numbers = itertools.count(1)
        self._news = asyncio.Event()

    def get_partial_messageable(self, channel: int, *, guild_id: int | None = None) -> FakeChannel:
        return FakeChannel(self, channel)

    async def create_dm(self, user: Any) -> FakeChannel:
        """Direct messages have the number of their person."""
        return FakeChannel(self, user.id)

    def get_guild(self, guild: int) -> Any:
        return self.guilds.get(guild)

    def texts(self, channel: int) -> list[str]:
        """What stands in a channel, oldest first."""
        return [each.content for each in self.messages.values() if each.channel == channel]

    def of_kind(self, what: str) -> list[int]:
        """The channels of all requests of a kind, in order."""
        return [channel for kind, channel in self.calls if kind == what]

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Return when it is so; looked at after everything that happens."""
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                self._news.clear()
                await self._news.wait()

    def happened(self) -> None:
        """Whoever waits in `until` looks again."""
        self._news.set()

    async def request(self, what: str, channel: int, act: Callable[[], T]) -> T:
        """What `act` returns; raises what this request is to meet instead."""
        self.calls.append((what, channel))
        self.under_way += 1
        self._news.set()
        try:
            await self.gate.wait()
            if self.away is not None:
                raise self.away
            if self.refuse and (error := self.refuse.pop(0)) is not None:
                raise error
            return act()
        finally:
            self.under_way -= 1

    def make(self, channel: int, said: dict[str, Any], author: int = BOT) -> FakeMessage:
        """A message there, as of now or of an earlier one with the same nonce."""
        nonce, now = said.get("nonce"), self.clock()
        before = self.nonces.get((channel, nonce)) if nonce else None
        if before and now - before[1] < REMEMBERS_S:
            return before[0]
        moment = dt.datetime.fromtimestamp(now, dt.UTC)
        number = discord.utils.time_snowflake(moment) + next(self._numbers)
        message = self.messages[number] = FakeMessage(self, channel, number, author)
        message.take(said)
        if nonce:
            self.nonces[channel, nonce] = message, now
        self._news.set()
        return message

    def existing(self, message: int) -> FakeMessage:
        """The message as it stands; raises what Discord says where there is none."""
        if message not in self.messages:
            raise refusal(404, 10008)
        return self.messages[message]

    def remove(self, message: int) -> None:
        del self.messages[self.existing(message).id]


class FakeMessage:
    """One message as it stands."""

    def __init__(self, chat: FakeDiscord, channel: int, id: int, author: int) -> None:
        self.id, self.channel = id, channel
        self.author = SimpleNamespace(id=author)
        self.content = ""
        self.said: dict[str, Any] = {}
        self.components: list[discord.ActionRow] = []
        self.attachments: list[Any] = []
        self.flags = discord.MessageFlags()
        self._discord = chat

    def take(self, said: dict[str, Any]) -> None:
        self._discord.happened()
        self.said = said
        self.content = said.get("content") or ""
        view, file = said.get("view"), said.get("file")
        self.components = [discord.ActionRow(row) for row in view.to_components()] if view else []
        files = said.get("attachments") or ([file] if file else [])
        self.attachments = [SimpleNamespace(filename=each.filename) for each in files]

    async def edit(self, **said: Any) -> None:
        chat = self._discord
        await chat.request("edit", self.channel, lambda: chat.existing(self.id).take(said))

    async def delete(self) -> None:
        chat = self._discord
        await chat.request("delete", self.channel, lambda: chat.remove(self.id))


class FakeChannel:
    """A channel reached by the bot's token."""

    def __init__(self, chat: FakeDiscord, id: int) -> None:
        self.id = id
        self._discord = chat

    def get_partial_message(self, id: int) -> FakeMessage:
        return FakeMessage(self._discord, self.id, id, BOT)

    async def send(self, content: str | None = None, **said: Any) -> FakeMessage:
        chat, said = self._discord, {"content": content} | said
        with closing(said):
            return await chat.request("send", self.id, lambda: chat.make(self.id, said))

    async def fetch_message(self, id: int) -> FakeMessage:
        return await self._discord.request("fetch", self.id, lambda: self._discord.existing(id))

    async def history(self, *, after: Any, **_: Any) -> AsyncIterator[FakeMessage]:
        chat = self._discord
        for each in await chat.request("history", self.id, lambda: list(chat.messages.values())):
            if each.channel == self.id and each.id > after.id:
                yield each


class FakeWebhook:
    """The same channel by the token of an interaction; counts its requests as "hook …"."""

    def __init__(self, chat: FakeDiscord, channel: int) -> None:
        self._discord = chat
        self._channel = channel
        self.private: list[str] = []
        """What was said to the asking person alone."""

    async def send(
        self, content: str | None = None, *, ephemeral: bool = False, **said: Any
    ) -> FakeMessage:
        said = {"content": content} | said
        with closing(said):
            return await self._discord.request(
                "hook send", self._channel, lambda: self._say(said, ephemeral)
            )

    def _say(self, said: dict[str, Any], ephemeral: bool) -> FakeMessage:
        if not ephemeral:
            return self._discord.make(self._channel, said)
        self.private.append(said["content"] or "")
        # Of numbers as large as other messages' there is none: it is not in the channel.
        return FakeMessage(self._discord, self._channel, len(self.private), BOT)

    async def edit_message(self, id: int, **said: Any) -> None:
        chat = self._discord
        await chat.request("hook edit", self._channel, lambda: chat.existing(id).take(said))

    async def delete_message(self, id: int) -> None:
        chat = self._discord
        await chat.request("hook delete", self._channel, lambda: chat.remove(id))


class FakeInteraction:
    """A command, or a press where `parent` is the message under which the button stands."""

    id = 7

    def __init__(
        self, chat: FakeDiscord, channel: int, guild: int, parent: FakeMessage | None = None
    ) -> None:
        kinds = discord.InteractionType
        self.type = kinds.component if parent else kinds.application_command
        self.client = chat
        self.channel_id, self.guild_id = channel, guild
        self.locale = self.guild_locale = discord.Locale.american_english
        self.message = parent
        self.extras: dict[str, Any] = {}
        self.followup = FakeWebhook(chat, channel)
        self.expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=15)
        self.original: FakeMessage | None = None
        self.deferred = False
        self._discord = chat

    @property
    def response(self) -> FakeInteraction:
        return self

    def is_done(self) -> bool:
        return self.deferred

    async def send_message(self, content: str, **said: Any) -> Any:
        answered = await self._shown("answer", {"content": content} | said)
        return SimpleNamespace(message_id=answered.id)

    async def edit_message(self, **said: Any) -> None:
        assert self.message is not None
        parent = self.message

        def taken() -> None:
            parent.take(said)
            self.deferred = True

        await self._discord.request("answer", self.channel_id, taken)

    async def defer(self) -> None:
        def noted() -> None:
            self.deferred = True

        await self._discord.request("answer", self.channel_id, noted)

    async def edit_original_response(self, **said: Any) -> FakeMessage:
        return await self._shown("hook edit", said)

    async def delete_original_response(self) -> None:
        self.extras["deleted"] = True

    async def _shown(self, what: str, said: dict[str, Any]) -> FakeMessage:
        def made() -> FakeMessage:
            self.original = self._discord.make(self.channel_id, said)
            return self.original

        return await self._discord.request(what, self.channel_id, made)

    async def original_response(self) -> FakeMessage:
        def found() -> FakeMessage:
            if self.original is None:
                raise refusal(404, 10015)
            return self.original

        return await self._discord.request("hook fetch", self.channel_id, found)
