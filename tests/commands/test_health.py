"""`easel health` against the real server of /healthz."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import web

from bot.commands.health import health
from bot.domain.errors import EaselError, SettingsError
from bot.ops.health import Health
from bot.ops.supervision import Supervisor
from bot.settings import Settings
from tests.kit.executor import FakeExecutor


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


async def asked(port: int) -> int:
    return await asyncio.to_thread(health, Settings(health_port=port))


async def test_a_bot_that_answers_is_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # our own loopback needs none
    port = free_port()
    async with Health(port, FakeExecutor(1), Supervisor()):
        assert await asked(port) == 0
    assert '"status": "ok"' in capsys.readouterr().out


async def test_a_bot_that_does_not_answer_is_said() -> None:
    port = free_port()
    with pytest.raises(EaselError, match=f"does not answer on HEALTH_PORT {port}"):
        await asked(port)


async def test_a_bot_that_is_not_well_is_said() -> None:
    async def unwell(_: web.Request) -> web.Response:
        return web.Response(status=503, text="dispatcher: ended")

    application = web.Application()
    application.router.add_get("/healthz", unwell)
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        with pytest.raises(EaselError, match="not well: dispatcher: ended"):
            await asked(port)
    finally:
        await runner.cleanup()


def test_without_a_port_nothing_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert health(Settings()) == 0
    assert "HEALTH_PORT is 0" in capsys.readouterr().out


async def test_a_taken_port_is_said_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(SettingsError, match=f"HEALTH_PORT {port} .*name another, or 0"):
            async with Health(port, FakeExecutor(1), Supervisor()):
                pass
