"""/healthz tells an operator how every worker and every long-lived task is."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import aiohttp

from bot.engine.seam import Failed, Loaded, Loading
from bot.ops.health import Health
from bot.ops.supervision import Supervisor
from tests.kit.executor import FakeExecutor

READY = {"tiny": Loaded()}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


async def told(executor: FakeExecutor, supervisor: Supervisor) -> tuple[int, dict[str, Any]]:
    port = free_port()
    async with (
        Health(port, executor, supervisor),
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/healthz") as answer,
    ):
        return answer.status, await answer.json()


async def test_each_worker_says_how_it_is() -> None:
    executor = FakeExecutor(0)
    executor.join(models=READY)
    executor.join(models=READY, slots_free=0)
    executor.join(models={"tiny": Loading("fetching tiny, 40%")})
    executor.join(models={"tiny": Failed("There is no room for it.")})
    executor.join(error="The worker cannot be started.")
    executor.join(models=READY, draining=True)
    status, body = await told(executor, Supervisor())
    assert (status, body["status"]) == (200, "ok")
    assert list(body["workers"].values()) == [
        "ready",
        "drawing",
        "fetching tiny, 40%",
        "There is no room for it.",
        "The worker cannot be started.",
        "closing",
    ]


async def test_it_is_not_well_while_the_only_worker_is_broken() -> None:
    executor = FakeExecutor(1)
    executor.alter("w1", error="The worker cannot be started.")
    status, body = await told(executor, Supervisor())
    assert (status, body["status"]) == (503, "trouble")
    executor.alter("w1", error=None, models={"tiny": Failed("There is no room for it.")})
    assert (await told(executor, Supervisor()))[0] == 503
    executor.alter("w1", models=READY)
    assert (await told(executor, Supervisor()))[0] == 200


async def test_it_is_well_while_the_first_worker_is_still_starting() -> None:
    assert (await told(FakeExecutor(0), Supervisor()))[0] == 200


async def test_it_is_not_well_while_a_task_keeps_dying() -> None:
    supervisor, died = Supervisor(first_s=0.001), asyncio.Semaphore(0)

    async def housekeeping() -> None:
        died.release()
        raise OSError("no space left")

    supervisor.start("housekeeping", housekeeping)
    for _ in range(3):
        await died.acquire()
    status, body = await told(FakeExecutor(1), supervisor)
    assert (status, body["status"]) == (503, "trouble")
    await supervisor.close()
