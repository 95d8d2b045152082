"""/readyz tells whether what somebody asks for now would be drawn and shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.domain.errors import StoreUnavailable
from bot.domain.snapshots import Standing
from bot.engine.seam import Failed, Loaded, Loading
from bot.ops import readiness
from bot.ops.health import Health
from bot.ops.readiness import Readiness
from bot.ops.supervision import Supervisor
from tests.kit.executor import FakeExecutor
from tests.kit.scrape import free_port, page

READY = {"tiny": Loaded()}
Probe = Callable[[], Awaitable[None]]


def standing(shards: int, *up: int) -> Standing:
    return Standing(shards, frozenset(up), {}, servers=1, posting=0, wait_s=0.0)


CONNECTED = standing(1, 0)


async def fine() -> None:
    """It can be written."""


async def told(
    executor: FakeExecutor, probe: Probe = fine, stands: Standing | None = CONNECTED
) -> tuple[int, dict[str, Any]]:
    port = free_port()
    ready = Readiness(executor, probe, lambda: stands)
    async with Health(port, executor, Supervisor(), {"/readyz": ready.answer}):
        status, text = await page(port, "/readyz")
    return status, json.loads(text)


def able() -> FakeExecutor:
    executor = FakeExecutor(0)
    executor.join(models=READY)
    return executor


async def test_it_is_ready_once_all_three_are() -> None:
    assert await told(able()) == (
        200,
        {"status": "ready", "discord": "ok", "workers": "ok", "database": "ok"},
    )


@pytest.mark.parametrize(
    ("stands", "words"),
    [
        (None, "not connected yet"),
        (standing(0), "0 of 0 shards are connected"),
        (standing(2, 1), "1 of 2 shards are connected"),
    ],
)
async def test_it_waits_for_every_shard(stands: Standing | None, words: str) -> None:
    status, said = await told(able(), stands=stands)
    assert (status, said["status"], said["discord"]) == (503, "not ready", words)


@pytest.mark.parametrize(
    "worker",
    [
        {"models": {"tiny": Loading("40%")}},
        {"models": {"tiny": Failed("There is no room for it.")}},
        {"models": READY, "draining": True},
        {"models": READY, "error": "It cannot be started."},
    ],
)
async def test_it_waits_for_one_worker_that_can_draw(worker: dict[str, Any]) -> None:
    executor = FakeExecutor(0)
    executor.join(**worker)
    status, said = await told(executor)
    assert (status, said["workers"]) == (503, "none can draw")
    executor.join(models=READY, slots_free=0)  # busy is able
    assert (await told(executor))[0] == 200


async def full() -> None:
    raise StoreUnavailable("full", "database or disk is full at /home/x")


async def silent() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("probe", "words"),
    [(full, "cannot be written (full)"), (silent, "does not answer within 0.05 s")],
)
async def test_it_waits_for_the_database(
    probe: Probe, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE_S", 0.05)
    status, said = await told(able(), probe)
    assert (status, said["database"]) == (503, words)
