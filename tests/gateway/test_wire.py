"""One connection to a gateway that says what it is told to say."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.gateway.session import Order, Shard
from bot.gateway.wire import Closed, Wire

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]
HELLO = {"op": 10, "d": {"heartbeat_interval": 41250}}


class Gateway:
    """Serves one connection after another by the next of its talks."""

    def __init__(self, *talks: Talk) -> None:
        self._talks = iter(talks)
        self.query: dict[str, str] = {}

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        self.query = dict(request.query)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await next(self._talks)(socket)
        return socket


class World:
    """A server, and what reaches it."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http
        self.url = ""
        self._server: TestServer | None = None

    async def open(self, *talks: Talk) -> Gateway:
        gateway = Gateway(*talks)
        application = web.Application()
        application.router.add_get("/", gateway.serve)
        self._server = TestServer(application)
        await self._server.start_server()
        self.url = str(self._server.make_url("")).replace("http", "ws", 1)
        return gateway

    async def close(self) -> None:
        if self._server is not None:
            await self._server.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with aiohttp.ClientSession() as http:
        one = World(http)
        yield one
        await one.close()


async def test_compressed_messages_are_put_together(world: World) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        stream = zlib.compressobj()
        for said in (HELLO, {"op": 11}, {"long": "x" * 5000}):
            data = stream.compress(json.dumps(said).encode()) + stream.flush(zlib.Z_SYNC_FLUSH)
            for start in range(0, len(data), 7):
                await socket.send_bytes(data[start : start + 7])
        await socket.send_str('{"plain":1}')
        await socket.close(code=4009)

    gateway = await world.open(talk)
    wire = await Wire.open(world.http, world.url)
    assert gateway.query == {"v": "10", "encoding": "json", "compress": "zlib-stream"}
    assert json.loads(await wire.receive()) == {"op": 11}
    assert json.loads(await wire.receive())["long"] == "x" * 5000
    assert json.loads(await wire.receive()) == {"plain": 1}
    with pytest.raises(Closed) as closed:
        await wire.receive()
    assert closed.value.code == 4009
    await wire.close()


async def test_who_hears_no_answer_to_a_heartbeat_hangs_up(world: World) -> None:
    beats: list[Any] = []
    ended = asyncio.Event()

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 300}})
        beats.append(await socket.receive_json())
        await socket.send_json({"op": 11})
        beats.extend([each.json() async for each in socket])
        beats.append(socket.close_code)
        ended.set()

    await world.open(talk)
    wire = await Wire.open(world.http, world.url)
    wire.seq = 7
    assert json.loads(await wire.receive()) == {"op": 11}
    wire.beaten()
    assert wire.latency_s is not None
    with pytest.raises(Closed):
        await wire.receive()
    await ended.wait()
    assert beats[1:] == [{"op": 1, "d": 7}, 4000]
    await wire.close()


@pytest.mark.parametrize("said", ["no json", '{"op":10,"d":{}}', "[]"])
async def test_who_greets_with_nonsense_is_left(world: World, said: str) -> None:
    ended = asyncio.Event()

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str(said)
        await socket.receive()
        ended.set()

    await world.open(talk)
    with pytest.raises((ValueError, LookupError, TypeError)):
        await Wire.open(world.http, world.url)
    await ended.wait()


async def shard_of(world: World) -> tuple[Shard, list[tuple[str, Any]]]:
    """A shard that runs, and what it says; it may identify at once."""
    said: list[tuple[str, Any]] = []

    def say(kind: str, data: Any, *payloads: bytes) -> None:
        said.append((kind, data))
        if kind == "asks":
            shard.permit()

    shard = Shard(Order(0, world.url, {"intents": 1, "shard": [0, 1]}, "secret"), world.http, say)
    shard.start()
    return shard, said


async def test_a_shard_identifies_goes_on_and_begins_anew(world: World) -> None:
    heard: list[Any] = []

    def ready(session: str) -> dict[str, Any]:
        said = {"session_id": session, "resume_gateway_url": world.url, "guilds": []}
        return {"t": "READY", "s": 1, "op": 0, "d": said}

    async def first(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        heard.append(await socket.receive_json())
        await socket.send_json(ready("a"))
        await socket.send_str('{"t":"X","s":2,"op":0,"d":{}}')
        await socket.send_json({"op": 7, "d": None})
        await socket.receive()

    async def second(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        heard.append(await socket.receive_json())
        await socket.send_str("what is no JSON")
        await socket.receive()

    async def third(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        heard.append(await socket.receive_json())
        await socket.send_json({"op": 9, "d": False})
        await socket.receive()

    async def fourth(socket: web.WebSocketResponse) -> None:
        await socket.send_json(HELLO)
        heard.append(await socket.receive_json())
        await socket.close(code=4014)

    await world.open(first, second, third, fourth)
    shard, said = await shard_of(world)
    assert shard._task is not None
    await shard._task
    assert [each["op"] for each in heard] == [2, 6, 6, 2]
    assert heard[0]["d"]["token"] == "secret"
    assert heard[0]["d"]["shard"] == [0, 1]
    assert heard[1]["d"] == {"token": "secret", "session_id": "a", "seq": 2}
    assert [kind for kind, _ in said if kind != "lost"] == [
        *("asks", "identified", "session", "event", "event"),
        *("asks", "identified", "refused"),
    ]
    assert said[-1][1]["code"] == 4014
