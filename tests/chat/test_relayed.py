"""discord.py fed by a relay: what it is told, what it says, and what it is asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from bot.chat.relayed import ShardedBot
from bot.domain.measures import Spread
from bot.domain.snapshots import Front
from bot.gateway.seam import Client, Terms

ME = {"id": "1", "username": "Easel", "discriminator": "0000", "avatar": None, "bot": True}
TWO = {"url": "ws://x", "shards": 2}
LIMIT = {"total": 9, "remaining": 7, "reset_after": 5000, "max_concurrency": 3}


class FakeRelay:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.terms: Terms | None = None
        self.said: list[tuple[int, dict[str, Any]]] = []
        self.resting = False
        self.begun = asyncio.Event()
        self._over = asyncio.Event()

    async def serve(self, terms: Terms, client: Client) -> None:
        self.terms = terms
        self.begun.set()
        await self._over.wait()

    def rest(self) -> None:
        self.resting = True

    async def close(self) -> None:
        self._over.set()

    def command(self, shard: int, text: str) -> None:
        self.said.append((shard, json.loads(text)))

    def latency_s(self, shard: int) -> float | None:
        return 0.25 if shard == 0 else None

    def is_up(self, shard: int) -> bool:
        return shard == 0

    def seen(self) -> Front:
        return Front(0, 0, 0, {}, Spread())


class Bot(ShardedBot):
    """Tells what it was told of."""

    def __init__(self, relay: FakeRelay) -> None:
        self.events: list[tuple[Any, ...]] = []
        super().__init__(
            relay=relay, command_prefix="!", intents=discord.Intents(guilds=True), max_messages=None
        )

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.events.append((event, *args))


@pytest.fixture
async def relay() -> FakeRelay:
    return FakeRelay()


@pytest.fixture
async def bot(relay: FakeRelay, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """Connected, with two shards."""
    made = Bot(relay)
    await made._async_setup_hook()

    async def gateway() -> tuple[int, str, dict[str, int]]:
        return 2, "ws://x", LIMIT

    monkeypatch.setattr(made.http, "get_bot_gateway", gateway)
    serving = asyncio.create_task(made.connect())
    await relay.begun.wait()
    yield made
    await made.close()
    await serving


async def tell(bot: Bot, no: int, name: str, seq: int = 1, **said: Any) -> None:
    await bot.take(no, json.dumps({"op": 0, "t": name, "s": seq, "d": said}))


async def ready(bot: Bot, shard: int, *guilds: int) -> None:
    named = [{"id": str(id), "unavailable": True} for id in guilds]
    more = {"session_id": "s", "resume_gateway_url": "ws://y", "user": ME}
    await tell(bot, shard, "READY", shard=[shard, 2], guilds=named, **more)


def guild_of(shard: int, number: int = 1) -> int:
    return (number * 2 + shard) << 22


async def test_what_discord_says_of_starts_is_handed_on(bot: Bot, relay: FakeRelay) -> None:
    assert relay.terms == Terms(
        2, "ws://x", {"intents": 1, "large_threshold": 250}, 3, left=7, total=9, reset_s=5.0
    )


async def test_events_are_read_as_discord_py_reads_its_own(bot: Bot) -> None:
    await ready(bot, 0, guild_of(0), guild_of(0, 2))
    await ready(bot, 1, guild_of(1))
    assert {guild.id for guild in bot.guilds} == {guild_of(0), guild_of(0, 2), guild_of(1)}
    assert ("shard_connect", 1) in bot.events
    await tell(bot, 1, "RESUMED", 5)
    assert ("shard_resumed", 1) in bot.events
    await tell(bot, 0, "SOMETHING_NEW", 6)


async def test_a_new_session_that_does_not_name_a_server_has_left_it(bot: Bot) -> None:
    await ready(bot, 0, guild_of(0), guild_of(0, 2))
    await ready(bot, 1, guild_of(1))
    await ready(bot, 0, guild_of(0, 2))
    assert {guild.id for guild in bot.guilds} == {guild_of(0, 2), guild_of(1)}
    [left] = [guild for event, *rest in bot.events if event == "guild_remove" for guild in rest]
    assert left.id == guild_of(0)


async def test_commands_go_by_the_shard_of_their_server(bot: Bot, relay: FakeRelay) -> None:
    await ready(bot, 0, guild_of(0))
    await ready(bot, 1, guild_of(1))
    await bot._connection.chunker(guild_of(1), query="x", limit=5)
    await bot.change_presence(status=discord.Status.idle)
    await bot.change_presence(status=discord.Status.offline, shard_id=1)
    assert [(shard, said["op"]) for shard, said in relay.said] == [(1, 8), (0, 3), (1, 3), (1, 3)]
    assert relay.said[0][1]["d"]["guild_id"] == guild_of(1)
    assert [said["d"]["status"] for _, said in relay.said[1:]] == ["idle", "idle", "invisible"]
    assert not bot.is_ws_ratelimited()


async def test_shards_are_told_of(bot: Bot) -> None:
    assert [(no, info.is_closed()) for no, info in bot.shards.items()] == [(0, False), (1, True)]
    assert bot.latencies == [(0, 0.25), (1, float("inf"))]
    assert bot.latency == float("inf")
    info = bot.get_shard(0)
    assert info is not None
    assert (info.id, info.shard_count, info.latency) == (0, 2, 0.25)
    assert not info.is_ws_ratelimited()
    await info.reconnect()
    assert bot.get_shard(5) is None
    bot.lost(1)
    bot.back(1)
    assert bot.events[-3:] == [("disconnect",), ("shard_disconnect", 1), ("shard_resumed", 1)]


async def test_who_is_about_to_end_says_so(bot: Bot, relay: FakeRelay) -> None:
    bot.rest()
    assert relay.resting
