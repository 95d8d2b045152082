"""What the log says while workers come up."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.engine.seam import Failed, Loaded, Loading, Worker
from bot.ops.progress import StartLog
from tests.kit.executor import Clock, FakeExecutor


def worker(id: str = "w1", slots_free: int = 1, **models: object) -> Worker:
    return Worker(id, "here", "cuda:0", 0, models, slots_free)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "bot.ops.progress")
    return caplog


def test_each_phase_is_logged_once_with_its_seconds(said: pytest.LogCaptureFixture) -> None:
    clock = Clock(100)
    log = StartLog(clock)
    log.look([worker(slots_free=0)])
    clock.now += 3
    log.look([worker()])
    log.look([worker(xl=Loading())])
    clock.now += 4
    log.look([worker(xl=Loading("half of it"))])
    clock.now += 4
    for _ in range(3):
        log.look([worker(slots_free=0, xl=Loaded())])
    assert said.messages == [
        "worker on cuda:0: up after 3.0 s",
        "worker on cuda:0: model xl loaded in 8.0 s",
    ]


def test_a_model_that_cannot_be_loaded_is_a_warning(said: pytest.LogCaptureFixture) -> None:
    log = StartLog(Clock(0))
    log.look([worker(xl=Failed("There is no such folder."))])
    log.look([worker(xl=Failed("There is no such folder."))])
    [_, record] = said.records
    assert record.levelname == "WARNING"
    assert record.message == "worker on cuda:0: model xl: There is no such folder."


def test_a_successor_is_told_of_anew(
    said: pytest.LogCaptureFixture,
) -> None:
    log = StartLog(Clock(0))
    log.look([worker("w1", xl=Loaded())])
    log.look([])
    log.look([worker("w2", xl=Loaded())])
    assert len(said.messages) == 4


async def test_it_follows_an_executor(said: pytest.LogCaptureFixture) -> None:
    executor = FakeExecutor(1, models=())
    task = asyncio.create_task(StartLog().keep(executor))
    await asyncio.sleep(0)  # it looks
    await executor.prepare("w1", ["xl"])
    await asyncio.sleep(0)  # and again
    task.cancel()
    assert "model xl loaded" in said.messages[1]
