"""/readyz of a whole bot goes by Discord, the workers and the database as they really are."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.commands.health import health
from bot.domain.errors import EaselError
from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.kit.easel import Easel, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.scrape import free_port, page

PATIENCE_S = 20.0


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path, quick: Executor) -> AsyncIterator[Easel]:
    settings = settings_for(sandbox, tmp_path, health_port=free_port())
    async with running(sandbox, settings, quick) as one:
        yield one


async def told(easel: Easel) -> tuple[int, dict[str, Any]]:
    status, text = await page(easel.settings.health_port, "/readyz")
    return status, json.loads(text)


async def until(easel: Easel, wanted: int) -> dict[str, Any]:
    """What is said once the status is that."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            status, said = await told(easel)
            if status == wanted:
                return said


async def test_it_is_ready_while_all_is_well(
    easel: Easel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert set((await until(easel, 200)).values()) == {"ready", "ok"}
    assert await asyncio.to_thread(health, easel.settings, ready=True) == 0
    assert '"status": "ready"' in capsys.readouterr().out


async def test_it_is_not_while_discord_is_away(easel: Easel) -> None:
    await until(easel, 200)
    async with easel.sandbox.outage():
        said = await until(easel, 503)
        assert said["discord"] == "0 of 1 shards are connected"
        assert (said["workers"], said["database"]) == ("ok", "ok")
        with pytest.raises(EaselError, match="The bot is not ready"):
            await asyncio.to_thread(health, easel.settings, ready=True)
    await until(easel, 200)


async def test_it_is_not_while_somebody_keeps_the_database(
    easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(easel, 200)
    monkeypatch.setattr("bot.ops.readiness.PATIENCE_S", 0.2)
    with closing(sqlite3.connect(easel.core.parts.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = await until(easel, 503)
        assert said["database"] == "does not answer within 0.2 s"
    await until(easel, 200)


async def test_it_is_not_while_nothing_can_draw(sandbox: Sandbox, tmp_path: Path) -> None:
    executor = FakeExecutor(1)
    settings = settings_for(sandbox, tmp_path, health_port=free_port())
    async with running(sandbox, settings, executor) as easel:
        await until(easel, 200)
        executor.alter("w1", error="The worker cannot be started.")
        assert (await told(easel))[1]["workers"] == "none can draw"
        executor.join()
        await until(easel, 200)
