"""Nobody pays for a command that they were told has failed, or that another process answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import NotResponding, Sandbox
from tests.kit import books
from tests.kit.easel import Easel, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.scene import Scene

CALLBACK = r"^/interactions/"
PATIENCE_S = 30.0


@pytest.fixture
def worker() -> FakeExecutor:
    """Draws when it is told to, so that a job is not over before its first answer is."""
    return FakeExecutor(1)


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path, worker: FakeExecutor) -> AsyncIterator[Easel]:
    async with running(sandbox, settings_for(sandbox, tmp_path), worker) as one:
        yield one


async def until_cancelled(folder: Path) -> None:
    """The newest job was withdrawn, and nothing is held for it."""
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(withdrawn, folder):
            await books.rest()


def withdrawn(folder: Path) -> bool:
    return books.states(folder)[-1:] == ["cancelled"] and not books.open_holds(folder)


async def test_a_command_that_came_too_late_is_withdrawn(easel: Easel, mia: Scene) -> None:
    easel.sandbox.faults.late_interactions(times=1)
    press = await mia.slash("imagine", prompt="a fox")
    with pytest.raises(NotResponding):
        await press.ack()
    await until_cancelled(easel.settings.data_dir)
    assert books.spent(easel.settings.data_dir) == 0
    assert mia.person.messages("imagine") == []


async def test_a_press_that_came_too_late_is_withdrawn(
    easel: Easel, mia: Scene, worker: FakeExecutor
) -> None:
    worker.automatic = True
    grid = await mia.imagine("a fox")
    worker.automatic = False
    easel.sandbox.faults.late_interactions(times=1)
    press = await mia.click(grid, "V1")
    with pytest.raises(NotResponding):
        await press.ack()
    await until_cancelled(easel.settings.data_dir)
    assert books.spent(easel.settings.data_dir) == 1
    assert [each["id"] for each in mia.person.messages("imagine")] == [grid["id"]]


async def test_what_another_process_answered_is_withdrawn_and_logged(
    easel: Easel, mia: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    easel.sandbox.faults.fail("POST", CALLBACK, 400, code=40060)
    with caplog.at_level(logging.WARNING):
        await mia.slash("imagine", prompt="a fox")
        await until_cancelled(easel.settings.data_dir)
    assert "another process uses this token" in caplog.text
    assert books.spent(easel.settings.data_dir) == 0


@pytest.mark.parametrize("status", [500, 0])
async def test_an_answer_whose_reply_was_lost_is_ours(
    easel: Easel, mia: Scene, worker: FakeExecutor, status: int
) -> None:
    """discord.py repeats it, and then it is "already acknowledged"."""
    worker.automatic = True
    easel.sandbox.faults.fail("POST", CALLBACK, status, after_effect=True)
    grid = await mia.imagine("a fox")
    easel.sandbox.faults.fail("POST", CALLBACK, status, after_effect=True)
    await mia.press(grid, "V1")
    assert books.spent(easel.settings.data_dir) == 2
    assert mia.notices() == []
