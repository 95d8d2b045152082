"""bot.chat.connector: requests are counted, and small forms go out in one piece."""

from __future__ import annotations

import contextlib
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.chat.connector import Connector, counted
from bot.domain.news import Called, News


class Watched(Connector):
    """Counts the pieces that are handed to the network."""

    pieces = 0

    async def connect(self, *arguments: Any, **named: Any) -> Any:
        connection = await super().connect(*arguments, **named)
        transport: Any = connection.transport
        for name in ("write", "writelines"):
            original = getattr(type(transport), name).__get__(transport)

            def counting(data: Any, original: Any = original) -> None:
                self.pieces += 1
                original(data)

            setattr(transport, name, counting)
        return connection


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """A server that says how long each part of a form was."""

    async def sizes(request: web.Request) -> web.Response:
        form = await request.post()
        parts = {
            name: len(part.file.read()) if isinstance(part, web.FileField) else len(part)
            for name, part in form.items()
        }
        return web.json_response(parts)

    app = web.Application(client_max_size=1 << 22)
    app.router.add_post("/", sizes)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


def form(size: int) -> aiohttp.FormData:
    """As discord.py makes one."""
    made = aiohttp.FormData(quote_fields=False)
    made.add_field("payload_json", "{}", content_type="application/json")
    made.add_field("files[0]", io.BytesIO(bytes(size)), filename="grid.webp")
    return made


@pytest.mark.parametrize(("size", "at_once"), [(9_000, True), (300_000, False)])
async def test_a_small_form_is_one_piece_and_any_arrives_whole(
    address: str, size: int, at_once: bool
) -> None:
    connector = Watched()
    async with aiohttp.ClientSession(connector=connector) as session:
        answer = await session.post(address, data=form(size))
        assert await answer.json() == {"payload_json": 2, "files[0]": size}
    assert (connector.pieces == 1) is at_once


async def test_only_requests_within_are_counted(address: str) -> None:
    sent: list[str] = []
    async with aiohttp.ClientSession(connector=Connector()) as session:
        with counted(sent):
            await (await session.post(address, data=form(9))).read()
        await (await session.get(address)).read()
    assert sent == ["POST"]


@pytest.fixture
async def discord() -> AsyncIterator[str]:
    """A server that refuses as Discord does, by what it is asked."""

    async def answer(request: web.Request) -> web.StreamResponse:
        match request.match_info["channel"]:
            case "1":
                return web.json_response({}, headers={"X-RateLimit-Remaining": "3"})
            case "2":
                return web.json_response({}, headers={"X-RateLimit-Remaining": "0"})
            case "3":
                headers = {"X-RateLimit-Scope": "shared", "X-RateLimit-Remaining": "0"}
                return web.json_response({}, status=429, headers=headers)
            case "4":
                return web.json_response({}, status=429, headers={"X-RateLimit-Global": "true"})
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    app = web.Application()
    app.router.add_post("/api/v10/channels/{channel}/messages", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("channel", "status", "scope", "exhausted"),
    [
        (1, 200, "", False),
        (2, 200, "", True),
        (3, 429, "shared", False),
        (4, 429, "global", False),
        (5, 0, "", False),
    ],
)
async def test_what_came_of_a_request_is_told(
    discord: str, channel: int, status: int, scope: str, exhausted: bool
) -> None:
    told: list[News] = []
    async with aiohttp.ClientSession(connector=Connector(tell=told.append)) as session:
        with contextlib.suppress(aiohttp.ServerDisconnectedError):
            async with session.post(f"{discord}/channels/{channel}/messages", json={}) as answer:
                assert await answer.json() == {}
    called = told[-1]
    assert isinstance(called, Called)
    assert called.seconds > 0
    assert called._replace(seconds=0) == Called("message post", status, 0, scope, exhausted)
    assert len(told) == 1


async def test_a_server_that_is_not_there_is_told_as_lost() -> None:
    told: list[News] = []
    async with aiohttp.ClientSession(connector=Connector(tell=told.append)) as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get("http://127.0.0.1:9/api/v10/users/@me")
    assert [(each.road, each.status) for each in told if isinstance(each, Called)] == [("user", 0)]
