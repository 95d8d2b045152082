"""Shards: how many are advised, how quickly they begin, which are there."""

from __future__ import annotations

from typing import Any

import aiohttp

from bot.sandbox import Sandbox
from bot.sandbox.gateway.starts import Starts


def test_one_of_a_bucket_begins_at_a_time() -> None:
    starts = Starts(2, 5.0)
    assert starts.take(0, 100.0)
    assert starts.take(1, 100.0)
    assert not starts.take(2, 104.9)
    assert starts.take(2, 105.0)
    assert not starts.take(0, 106.0)
    assert Starts().take(0, 1.0)
    assert Starts().take(0, 1.0)


async def identified(
    session: aiohttp.ClientSession, sandbox: Sandbox, shard: list[int]
) -> tuple[aiohttp.ClientWebSocketResponse, dict[str, Any]]:
    """A connection that identified, and what came of it."""
    socket = await session.ws_connect(sandbox.gateway_url + "?v=10")
    await socket.receive_json()
    said = {"token": sandbox.token, "intents": 1, "properties": {}, "shard": shard}
    await socket.send_json({"op": 2, "d": said})
    return socket, await socket.receive_json()


async def test_what_is_advised_is_told_and_kept_to() -> None:
    """Who comes too early has to come again."""
    async with (
        Sandbox(shards=4, max_concurrency=2, identify_seconds=60) as sandbox,
        aiohttp.ClientSession(headers={"Authorization": f"Bot {sandbox.token}"}) as session,
    ):
        async with session.get(sandbox.api_url + "/gateway/bot") as answer:
            told = await answer.json()
        assert (told["shards"], told["session_start_limit"]["max_concurrency"]) == (4, 2)
        sockets = []
        for number in (0, 1):
            socket, said = await identified(session, sandbox, [number, 4])
            assert (said["t"], said["d"]["shard"]) == ("READY", [number, 4])
            sockets.append(socket)
        early, said = await identified(session, sandbox, [2, 4])
        assert said == {"op": 9, "d": False}
        assert sandbox.gateway.shards == {0, 1}
        assert len(sandbox.gateway.sessions) == 2
        for socket in (*sockets, early):
            await socket.close()
        await sandbox.wait_for(lambda: sandbox.gateway.sessions == [])
