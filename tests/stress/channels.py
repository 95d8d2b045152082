"""Discord's channels as the pump sees them, in memory: they outlive the bot, refuse a nonce that
they remember, and can be away, or take a message and lose the answer.

Not the sandbox: hundreds of messages a second, and every fault when a random number says so.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord

ME = 1
REMEMBERS_S = 180.0
_EPOCH_MS = 1_420_070_400_000


@dataclass
class Message:
    """What stands in a channel."""

    id: int
    channel: int
    content: str
    attachments: list[Any] = field(default_factory=list)
    components: list[Any] = field(default_factory=list)
    author: Any = field(default_factory=lambda: SimpleNamespace(id=ME))


class Channels:
    """A client's view of every channel. `clock` returns UTC seconds; while `away` nothing arrives,
    and a share `lossy` of what arrives gets no answer."""

    def __init__(self, rnd: random.Random, clock: Callable[[], float]) -> None:
        self.away = False
        self.lossy = 0.2
        self.messages: dict[int, Message] = {}
        self.user = SimpleNamespace(id=ME)
        self._random = rnd
        self._clock = clock
        self._nonces: dict[tuple[int, str], tuple[int, float]] = {}
        self._numbers = itertools.count(1)

    def get_guild(self, _: int) -> None:
        return None

    def get_partial_messageable(self, channel: int, guild_id: int | None = None) -> Place:
        return Place(self, channel)

    async def request(self, act: Callable[[], Any], *, certain: bool = False) -> Any:
        """One request: on its way for a moment, then done, refused or done without an answer."""
        await asyncio.sleep(self._random.choice([0, 0, 0.001]))
        if self.away:
            raise self._random.choice([_error(503), _error(403), aiohttp.ClientConnectionError()])
        done = act()
        if not certain and self._random.random() < self.lossy:
            raise self._random.choice([_error(502), aiohttp.ServerDisconnectedError()])
        return done

    def post(
        self, channel: int, content: str, nonce: str, files: list[Any], components: list[Any]
    ) -> Message:
        """A new message, or the one that came with the same nonce."""
        now = self._clock()
        before = self._nonces.get((channel, nonce))
        if before and now - before[1] < REMEMBERS_S:
            return self.messages[before[0]]
        number = (int(now * 1000) - _EPOCH_MS << 22) + next(self._numbers)
        if nonce:
            self._nonces[channel, nonce] = number, now
        self.messages[number] = Message(number, channel, content, files, components)
        return self.messages[number]

    def existing(self, message: int) -> Message:
        if message not in self.messages:
            raise _error(404, 10008)
        return self.messages[message]


class Place:
    """One channel, with the methods of a `discord.PartialMessageable` that the bot uses."""

    def __init__(self, channels: Channels, channel: int) -> None:
        self._channels = channels
        self._channel = channel

    async def send(
        self, content: str, *, nonce: str, file: discord.File | None = None, **_: Any
    ) -> Message:
        files = [SimpleNamespace(filename=file.filename)] if file else []
        try:
            return await self._channels.request(
                lambda: self._channels.post(self._channel, content, nonce, files, [])
            )
        finally:
            if file is not None:
                file.close()

    async def ask(self, content: str, view: discord.ui.View) -> Message:
        """A progress message. In truth an interaction's, which is asked about a lost answer."""
        rows = [discord.ActionRow(row) for row in view.to_components()]  # type: ignore[arg-type]
        return await self._channels.request(
            lambda: self._channels.post(self._channel, content, "", [], rows), certain=True
        )

    async def history(self, *, after: Any, **_: Any) -> AsyncIterator[Message]:
        found = await self._channels.request(lambda: dict(self._channels.messages))
        for number, message in sorted(found.items()):
            if message.channel == self._channel and number > after.id:
                yield message

    def get_partial_message(self, message: int) -> PartialMessage:
        return PartialMessage(self._channels, message)


class PartialMessage:
    """A message that is known by its id alone."""

    def __init__(self, channels: Channels, id: int) -> None:
        self.id = id
        self._channels = channels

    async def edit(self, *, content: str, view: discord.ui.View | None, **_: Any) -> None:
        assert view is None, "only ends are shown here"
        await self._channels.request(lambda: self._change(content))

    async def delete(self) -> None:
        await self._channels.request(self._delete)

    def _change(self, content: str) -> None:
        message = self._channels.existing(self.id)
        message.content, message.components = content, []

    def _delete(self) -> None:
        self._channels.existing(self.id)
        del self._channels.messages[self.id]


def _error(status: int, code: int = 0) -> discord.HTTPException:
    """What discord.py raises for an answer of that status."""
    kinds = {403: discord.Forbidden, 404: discord.NotFound}
    kind = kinds.get(status, discord.DiscordServerError)
    said: Any = {"code": code, "message": f"refused with {status}"}
    response: Any = SimpleNamespace(status=status, reason="Refused")
    return kind(response, said)
