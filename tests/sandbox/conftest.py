"""A sandbox and the unmodified discord.py client, talking over real HTTP and WebSocket."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.sandbox import MovableClock, Sandbox
from tests.kit.robots import Api, Running
from tests.kit.sandbox import NOON


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(time.time)


@pytest.fixture
async def sandbox(clock: MovableClock) -> AsyncIterator[Sandbox]:
    """Acknowledgements may take long, because test machines stall; the clock is moved by hand."""
    async with Sandbox(clock=clock, rate_limits=False, ack_seconds=60) as made:
        yield made


@pytest.fixture
def endpoints(sandbox: Sandbox) -> Iterator[None]:
    """discord.py pointed at the sandbox for one test."""
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, discord.Asset.BASE
    Route.BASE = sandbox.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(sandbox.gateway_url)
    setattr(discord.Asset, "BASE", sandbox.cdn_url)  # noqa: B010 – typed as a constant
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before[:2]
    setattr(discord.Asset, "BASE", before[2])  # noqa: B010


@pytest.fixture
async def run(sandbox: Sandbox, endpoints: None) -> AsyncIterator[Running]:
    running = Running(sandbox)
    yield running
    await running.end()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


@pytest.fixture
def api(sandbox: Sandbox, session: aiohttp.ClientSession) -> Api:
    return Api(sandbox, session)


@pytest.fixture
def imagine(sandbox: Sandbox) -> str:
    """The path of #imagine."""
    return f"/channels/{sandbox.world.find_channel('imagine').id}"


@pytest.fixture
def closed() -> Sandbox:
    """A sandbox whose port is never opened: its world, on a clock that stands at NOON."""
    return Sandbox(clock=MovableClock(lambda: NOON))
