"""A bot whose shards may be held by other processes: discord.py is fed with what they hand over.

Events go through discord.py's own reading of a WebSocket's messages, so that caches, interactions
and listeners are as ever; what it would send to Discord over one is handed to the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import aiohttp
import discord
from discord.ext import commands
from discord.gateway import DiscordWebSocket

from bot.gateway.seam import Relay, Terms

log = logging.getLogger(__name__)

LARGE = 250
"""Members from which on Discord leaves out those who are offline."""


class Relayed(DiscordWebSocket):
    """A shard's connection that another process has. There is no socket."""

    def __init__(self, bot: ShardedBot, relay: Relay, shard: int) -> None:
        super().__init__(None, loop=bot.loop)  # type: ignore[arg-type]
        state = bot._connection
        self._connection = state
        self._discord_parsers = state.parsers
        self._dispatch = bot.dispatch
        self._relay = relay
        self.shard_id = shard
        self._rate_limiter.shard_id = shard
        self.shard_count = state.shard_count

    @property
    def open(self) -> bool:
        return self._relay.is_up(self.shard_id or 0)

    @property
    def latency(self) -> float:
        seconds = self._relay.latency_s(self.shard_id or 0)
        return float("inf") if seconds is None else seconds

    async def send(self, data: str, /) -> None:
        """By way of the process."""
        await self._rate_limiter.block()
        self._relay.command(self.shard_id or 0, data)

    async def close(self, code: int = 4000) -> None:
        """The process does."""


class Info(discord.ShardInfo):
    """What discord.py says of a shard, of one that it does not hold."""

    def __init__(self, ws: Relayed) -> None:
        self._ws = ws
        self.id = ws.shard_id or 0
        self.shard_count = ws.shard_count

    def is_closed(self) -> bool:
        return not self._ws.open

    @property
    def latency(self) -> float:
        return self._ws.latency

    def is_ws_ratelimited(self) -> bool:
        return self._ws.is_ratelimited()

    async def _nothing(self) -> None:
        """The process connects and disconnects as Discord has it."""

    disconnect = reconnect = connect = _nothing


class ShardedBot(commands.AutoShardedBot):
    """discord.py's, which holds its shards itself unless a `relay` does."""

    relay: Relay | None = None
    __wires: dict[int, Relayed]

    def __init__(self, *args: Any, relay: Relay | None = None, **options: Any) -> None:
        self.relay = relay
        self.__wires = {}
        super().__init__(*args, **options)
        parsers = self._connection.parsers
        parsers["READY"] = self.__ready(parsers["READY"])

    def __ready(self, parse: Callable[[Any], None]) -> Callable[[Any], None]:
        """discord.py keeps servers that a new session does not name, and the bot has left."""

        def ready(data: Any) -> None:
            named = {int(each["id"]) for each in data["guilds"]}
            shard = data.get("shard", (0, 1))[0]
            left = [
                guild for guild in self.guilds if guild.shard_id == shard and guild.id not in named
            ]
            parse(data)
            for guild in left:
                self._connection.parsers["GUILD_DELETE"]({"id": str(guild.id)})

        return ready

    async def connect(self, *, reconnect: bool = True) -> None:
        """Serve until `close`. Raises EaselError where Discord refuses a shard of the relay."""
        if self.relay is None:
            await super().connect(reconnect=reconnect)
            return
        terms = await self.__terms()
        self.shard_count = self._connection.shard_count = terms.shards
        self._connection.shard_ids = range(terms.shards)
        self.__wires.update({no: Relayed(self, self.relay, no) for no in range(terms.shards)})
        await self.relay.serve(terms, self)

    async def __terms(self) -> Terms:
        while True:
            try:
                count, url, limit = await self.http.get_bot_gateway()
                break
            except (OSError, aiohttp.ClientError, discord.GatewayNotFound):
                log.warning("Discord does not say how many shards there are; it is asked again")
                await asyncio.sleep(5)
        identify = {"intents": self.intents.value, "large_threshold": LARGE}
        return Terms(
            self.shard_count or count, url, identify, limit["max_concurrency"],
            limit["remaining"], limit["total"], limit["reset_after"] / 1000,
        )  # fmt: skip

    def rest(self) -> None:
        """What comes from now on is for who is next, where processes keep it."""
        if self.relay is not None:
            self.relay.rest()

    async def close(self) -> None:
        if self.relay is not None:
            await self.relay.close()
        await super().close()

    # What the relay says

    async def take(self, shard: int, text: str) -> None:
        """An event, as Discord sent it."""
        await self.__wires[shard].received_message(text)

    def lost(self, shard: int) -> None:
        """Its connection is away."""
        self.dispatch("disconnect")
        self.dispatch("shard_disconnect", shard)

    def back(self, shard: int) -> None:
        """It goes on as if nothing had been."""
        self.dispatch("shard_resumed", shard)

    # What discord.py asks its own shards for

    def _get_websocket(
        self, guild_id: int | None = None, *, shard_id: int | None = None
    ) -> DiscordWebSocket:
        if self.relay is None:
            return super()._get_websocket(guild_id, shard_id=shard_id)
        number = ((guild_id or 0) >> 22) % (self.shard_count or 1) if shard_id is None else shard_id
        return self.__wires[number]

    @property
    def shards(self) -> dict[int, discord.ShardInfo]:
        if self.relay is None:
            return super().shards
        return {no: Info(ws) for no, ws in self.__wires.items()}

    def get_shard(self, shard_id: int, /) -> discord.ShardInfo | None:
        return self.shards.get(shard_id)

    @property
    def latencies(self) -> list[tuple[int, float]]:
        if self.relay is None:
            return super().latencies
        return [(no, ws.latency) for no, ws in self.__wires.items()]

    @property
    def latency(self) -> float:
        if self.relay is None:
            return super().latency
        known = [seconds for _, seconds in self.latencies]
        return sum(known) / len(known) if known else float("nan")

    def is_ws_ratelimited(self) -> bool:
        if self.relay is None:
            return super().is_ws_ratelimited()
        return any(ws.is_ratelimited() for ws in self.__wires.values())

    async def change_presence(self, **options: Any) -> None:
        """As ever, for all shards or that of `shard_id`."""
        if self.relay is None:
            await super().change_presence(**options)
            return
        only, status = options.get("shard_id"), options.get("status") or discord.Status.online
        word = "invisible" if status is discord.Status.offline else str(status)
        for no, ws in self.__wires.items():
            if only in (None, no):
                await ws.change_presence(activity=options.get("activity"), status=word)
