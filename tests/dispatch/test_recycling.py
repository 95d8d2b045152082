"""How long a worker may go on with what it was told to stop."""

from __future__ import annotations

import asyncio

from bot.dispatch.recycling import Recycling
from bot.engine.seam import Event, LoadingModel, Paused, Preview, Progress


class Worker:
    """Counts how often it was killed."""

    def __init__(self) -> None:
        self.deaths = 0
        self.dead = asyncio.Event()

    async def kill(self) -> None:
        self.deaths += 1
        self.dead.set()


def due(*said: Event) -> float | None:
    recycling = Recycling(Worker().kill, 60)
    for event in said:
        recycling.hear(event)
    return recycling.due


def test_quick_steps_leave_a_fixed_time_and_slow_ones_three_of_them() -> None:
    assert due(Progress(1, 4, t=100)) == 60
    assert due(Progress(1, 4, t=100), Progress(2, 4, t=101)) == 60
    assert due(Progress(1, 4, t=100), Progress(2, 4, t=190), Progress(3, 4, t=200)) == 270


def test_loading_is_not_hurried() -> None:
    assert due() is None
    assert due(Preview(b"")) is None
    assert due(Progress(1, 4, t=100), LoadingModel("again")) is None
    assert due(Progress(1, 4, t=0), LoadingModel(""), Progress(1, 4, t=500)) == 60


def test_a_pause_is_no_step() -> None:
    steps = Progress(1, 4, t=100), Progress(2, 4, t=190)
    assert due(*steps, Paused()) == 270
    assert due(*steps, Paused(), Progress(3, 4, t=9000), Progress(4, 4, t=9001)) == 270


async def test_a_worker_is_killed_once_and_only_while_the_attempt_goes_on() -> None:
    worker = Worker()
    recycling = Recycling(worker.kill, 0.01)
    recycling.told()
    recycling.told()
    recycling.hear(Progress(1, 4, t=1))
    await asyncio.wait_for(worker.dead.wait(), 20)
    recycling.over()
    assert worker.deaths == 1


async def test_what_has_ended_kills_nobody() -> None:
    before = asyncio.all_tasks()
    recycling = Recycling(Worker().kill, 60)
    recycling.over()
    recycling.told()
    assert asyncio.all_tasks() == before
    other = Recycling(Worker().kill, 60)
    other.told()
    [waiting] = asyncio.all_tasks() - before
    other.over()
    await asyncio.wait({waiting}, timeout=20)
    assert waiting.cancelled()
