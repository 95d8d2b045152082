"""Long-lived tasks start again when they die, and say how they are."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.ops.supervision import Supervisor
from tests.kit.executor import Clock

PATIENCE_S = 20.0


class Frail:
    """A task that dies at its first starts and then lives."""

    def __init__(self, deaths: int) -> None:
        self.left = deaths
        self.starts = 0
        self.lives = asyncio.Event()
        self.ended = False

    async def __call__(self) -> None:
        self.starts += 1
        if self.left:
            self.left -= 1
            raise KeyError("what was not there")
        self.lives.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True

    async def until_it_lives(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.lives.wait()


async def test_what_dies_is_logged_by_name_and_starts_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    supervisor, frail = Supervisor(first_s=0.001), Frail(deaths=3)
    with caplog.at_level(logging.ERROR):
        supervisor.start("housekeeping", frail)
        await frail.until_it_lives()
    assert frail.starts == 4
    said = [record.getMessage() for record in caplog.records]
    assert [line.split(", last")[0] for line in said] == [
        "task housekeeping died once",
        "task housekeeping died 2 times in a row",
        "task housekeeping died 3 times in a row",
    ]
    assert "what was not there" in caplog.text
    await supervisor.close()
    assert frail.ended


async def test_the_rest_between_starts_doubles_up_to_the_longest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    supervisor, frail = Supervisor(first_s=0.001, longest_s=0.004), Frail(deaths=5)
    with caplog.at_level(logging.ERROR):
        supervisor.start("pump", frail)
        await frail.until_it_lives()
    await supervisor.close()
    rests = [record.getMessage().rsplit("again in ", 1)[1] for record in caplog.records]
    assert rests == ["0.001 s", "0.002 s", "0.004 s", "0.004 s", "0.004 s"]


async def test_one_death_is_no_unrest_but_dying_again_is() -> None:
    supervisor, once, twice = Supervisor(first_s=0.001), Frail(deaths=1), Frail(deaths=2)
    supervisor.start("once", once)
    await once.until_it_lives()
    assert supervisor.steady
    supervisor.start("twice", twice)
    await twice.until_it_lives()
    assert not supervisor.steady
    assert supervisor.states() == {"once": "running", "twice": "running"}
    await supervisor.close()


async def test_who_has_lived_long_enough_is_steady_again() -> None:
    clock, frail = Clock(0.0), Frail(deaths=3)
    supervisor = Supervisor(first_s=0.001, longest_s=60.0, clock=clock)
    supervisor.start("loading", frail)
    await frail.until_it_lives()
    assert not supervisor.steady
    clock.now += 61
    assert supervisor.steady
    await supervisor.close()


async def test_a_task_that_waits_for_its_next_start_says_why() -> None:
    supervisor, frail = Supervisor(first_s=3600), Frail(deaths=1)
    supervisor.start("positions", frail)
    for _ in range(3):
        await asyncio.sleep(0)
    assert supervisor.states() == {"positions": "died once, last of KeyError"}
    await supervisor.close()
    assert frail.starts == 1


async def test_a_task_that_returns_has_ended() -> None:
    supervisor, done = Supervisor(), asyncio.Event()

    async def recovery() -> None:
        done.set()

    supervisor.start("recovery", recovery)
    await done.wait()
    await asyncio.sleep(0)
    assert supervisor.states() == {"recovery": "ended"}
    assert supervisor.steady
    with pytest.raises(ValueError, match="recovery"):
        supervisor.start("recovery", recovery)
    await supervisor.close()
    assert supervisor.states() == {}


async def test_tasks_stop_one_by_one_and_the_newest_first() -> None:
    supervisor, order = Supervisor(), []

    def noting(name: str):
        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                order.append(name)

        return work

    for name in ("dispatcher", "loading", "pump"):
        supervisor.start(name, noting(name))
    await asyncio.sleep(0)
    await supervisor.stop("loading")
    await supervisor.stop("unknown")
    await supervisor.close()
    assert order == ["loading", "pump", "dispatcher"]
