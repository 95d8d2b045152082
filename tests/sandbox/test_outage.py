"""A Discord that is away for a while."""

from __future__ import annotations

import asyncio
from typing import Literal

import aiohttp
import pytest

from bot.sandbox import Sandbox
from tests.kit.robots import Api, Robot, Running


async def test_every_answer_is_a_503_and_every_request_is_counted(
    sandbox: Sandbox, api: Api, imagine: str
) -> None:
    path = imagine + "/messages"
    async with sandbox.outage() as outage:
        for nonce in ("a", "a", "b"):
            answer = await api("POST", path, {"content": "x", "nonce": nonce})
            assert answer.error == (503, 0)
        assert (await api.upload("POST", path, {"nonce": "c"}, a_png=b"x")).status == 503
        assert (await api("GET", "/users/@me")).status == 503
    assert outage.count() == 5
    assert outage.count("POST", r"/messages$") == 4
    assert outage.nonces == {"a", "b", "c"}
    assert sandbox.person("Mia").messages("imagine") == []
    assert (await api("POST", path, {"content": "x"})).status == 200


@pytest.mark.parametrize("how", ["cut", "refused"])
async def test_connections_fail_and_come_back(
    sandbox: Sandbox, api: Api, how: Literal["cut", "refused"]
) -> None:
    assert (await api("GET", "/users/@me")).status == 200
    async with sandbox.outage(how) as outage:
        with pytest.raises(aiohttp.ClientError) as caught:
            await api("GET", "/gateway")
    refused = isinstance(caught.value, aiohttp.ClientConnectorError)
    assert (refused, outage.count() > 0) == ((True, False) if how == "refused" else (False, True))
    assert (await api("GET", "/users/@me")).status == 200


async def test_a_hanging_request_waits_until_the_end_and_is_cut(
    sandbox: Sandbox, api: Api, imagine: str
) -> None:
    async with sandbox.outage("hanging") as outage:
        # A client may repeat a GET by itself, but never a POST.
        waiting = asyncio.create_task(api("POST", imagine + "/messages", {"content": "x"}))
        await sandbox.wait_for(lambda: outage.count("POST", "/messages$") == 1)
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
    with pytest.raises(aiohttp.ClientError):
        await waiting
    assert sandbox.person("Mia").messages("imagine") == []


async def test_the_gateway_goes_and_comes_back_and_so_do_the_files(
    sandbox: Sandbox, run: Running, session: aiohttp.ClientSession
) -> None:
    robot = await run(Robot())
    picture = f"{sandbox.cdn_url}/embed/avatars/0.png"
    async with sandbox.outage() as outage:
        await sandbox.wait_for(lambda: not sandbox.gateway.online)
        await sandbox.person("Mia").say("lobby", "people go on")
        async with session.get(picture) as response:
            assert response.status == 503
        async with session.get(sandbox.url) as response:
            assert response.status == 200
        await robot.until("disconnect")
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await session.ws_connect(sandbox.gateway_url)
        assert outage.count("GET", "/gateway") > 0
    async with session.get(picture) as response:
        assert response.status == 200
    async with session.ws_connect(sandbox.gateway_url) as socket:
        assert (await socket.receive_json())["op"] == 10


async def test_the_gateway_may_stay(sandbox: Sandbox, run: Running) -> None:
    robot = await run(Robot())
    async with sandbox.outage(gateway=False):
        await sandbox.person("Mia").say("lobby", "hello")
        await robot.until("message")
        assert sandbox.gateway.online
