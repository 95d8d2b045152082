"""Several attempts on one worker process: joining, leaving, dying together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bot import imaging
from bot.domain.errors import Busy, Cancelled, RenderFailed, WorkerLost
from bot.engine.local import LocalExecutor
from bot.engine.patience import Patience
from bot.engine.seam import Attempt, Begun, Event, LoadingModel, Progress
from tests.kit.workers import Drawn, attempt, draw, free_worker, simulated, wait_until

SHAPE = ("embedded", 64 * 64)


def small(job: str, steps: int = 30, **more: Any) -> Attempt:
    return attempt(job, (0,), steps=steps, **more)


async def step(executor: LocalExecutor, one: Attempt, count: int = 1) -> asyncio.Task[Drawn]:
    """An attempt that has made some steps and goes on by itself."""
    there = asyncio.Event()

    async def listen(event: Event) -> None:
        if isinstance(event, Progress) and event.step >= count:
            there.set()

    worker = executor.workers()[0]
    task = asyncio.create_task(draw(executor, worker, one, listen))
    waiting = asyncio.create_task(there.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return task


@pytest.fixture(scope="module")
async def gpu() -> AsyncIterator[LocalExecutor]:
    async with simulated(
        slots=16, step_seconds=0.005, crash_on=["crash"], fail_on=["fail"]
    ) as executor:
        yield executor


async def test_a_later_attempt_joins_what_is_drawn(gpu: LocalExecutor) -> None:
    await free_worker(gpu)
    long = await step(gpu, small("long", 60))
    assert gpu.workers()[0].drawing == {"long": (SHAPE, 1)}
    short = await draw(gpu, gpu.workers()[0], small("short", 5))
    assert not long.done()
    assert len(short.images) == 1
    assert len((await long).images) == 1
    assert gpu.workers()[0].drawing == {}


async def test_attempts_of_one_call_start_together_and_each_says_its_own(
    gpu: LocalExecutor,
) -> None:
    worker = await free_worker(gpu)
    heard: dict[str, list[Event]] = {}
    async for job, event in gpu.run_batch(worker.id, [small("a", 4), small("b", 6)]):
        heard.setdefault(job, []).append(event)
    steps = {
        job: [event.step for event in events if isinstance(event, Progress)]
        for job, events in heard.items()
    }
    assert steps == {"a": [1, 2, 3, 4], "b": [1, 2, 3, 4, 5, 6]}


async def test_pictures_are_those_drawn_alone(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    alone = await draw(gpu, worker, small("alone", 5))
    mate = await step(gpu, small("mate", 40, text="a blue bird"))
    together = await draw(gpu, worker, small("alone", 5, no=2))
    await mate
    assert together.images == alone.images
    assert imaging.decode(together.images[0]).size == (64, 64)


async def test_a_worker_says_how_many_pictures_pay_and_takes_no_more_than_it_has_slots() -> None:
    async with simulated(slots=3, step_seconds=0.01) as executor:
        worker = await free_worker(executor)
        assert (worker.slots_free, worker.room(*SHAPE)) == (3, 4)
        jobs = [await step(executor, small(name)) for name in "ab"]
        await wait_until(executor, lambda: bool(executor.workers()[0].rooms))
        worker = executor.workers()[0]
        assert worker.busy
        assert (worker.slots_free, worker.drawing) == (1, {"a": (SHAPE, 1), "b": (SHAPE, 1)})
        assert worker.room(*SHAPE) == worker.rooms[SHAPE] - 2 > 0
        assert worker.room("embedded", 1) == worker.room("other", 64 * 64) == 0
        with pytest.raises(Busy):
            await anext(executor.run_batch(worker.id, [small("c"), small("d")]))
        await asyncio.gather(*jobs)


async def test_one_is_cancelled_and_the_other_is_drawn(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    mate = await step(gpu, small("mate", 40))
    gone = await step(gpu, small("gone", 4000))
    await gpu.cancel(worker.id, "gone", 1)
    with pytest.raises(Cancelled):
        await gone
    assert len((await mate).images) == 1


async def test_one_fails_and_the_other_is_drawn(gpu: LocalExecutor) -> None:
    mate = await step(gpu, small("mate", 40))
    with pytest.raises(RenderFailed):
        await draw(gpu, gpu.workers()[0], small("bad", text="fail"))
    assert len((await mate).images) == 1


async def test_an_abandoned_one_leaves_and_the_other_is_drawn(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    mate = await step(gpu, small("mate", 40))
    stream = gpu.run_batch(worker.id, [small("left", 4000)])
    async for _, event in stream:
        if isinstance(event, Progress):
            break
    await stream.aclose()  # type: ignore[attr-defined]
    assert len((await mate).images) == 1
    assert (await free_worker(gpu)).id == worker.id


async def test_all_are_lost_with_the_worker_and_it_is_said_that_nobody_was_alone(
    gpu: LocalExecutor,
) -> None:
    worker = await free_worker(gpu)
    mate = await step(gpu, small("mate", 4000))
    with pytest.raises(WorkerLost) as own:
        await draw(gpu, worker, small("deadly", text="crash"))
    with pytest.raises(WorkerLost) as others:
        await mate
    assert [(lost.value.begun, lost.value.alone) for lost in (own, others)] == [(True, False)] * 2
    again = await free_worker(gpu)
    with pytest.raises(WorkerLost) as alone:
        await draw(gpu, again, small("deadly", text="crash", no=2))
    assert (alone.value.begun, alone.value.alone) == (True, True)


async def test_who_was_paused_is_not_to_blame(gpu: LocalExecutor) -> None:
    worker = await free_worker(gpu)
    paused = await step(gpu, replace(small("paused", 400), before=9.0))
    mate = await step(gpu, small("mate", 400, width=128), 5)
    deadly = asyncio.create_task(draw(gpu, worker, small("deadly", 1, width=32, text="crash")))
    lost = await asyncio.gather(paused, mate, deadly, return_exceptions=True)
    assert all(isinstance(one, WorkerLost) for one in lost)
    blamed = [(one.begun, one.alone) for one in lost if isinstance(one, WorkerLost)]
    assert blamed == [(False, False), (True, False), (True, False)]


async def test_a_newcomer_for_another_model_begins_when_the_others_are_done(
    gpu: LocalExecutor,
) -> None:
    await free_worker(gpu)
    mate = await step(gpu, small("mate", 20))
    other = await draw(gpu, gpu.workers()[0], small("other", 3, model="another"))
    assert mate.done()
    kinds = [type(event) for event in other.events]
    assert kinds.index(LoadingModel) < kinds.index(Begun) < kinds.index(Progress)
    assert len((await mate).images) == 1


async def test_a_long_one_that_waits_for_its_turn_is_no_stall() -> None:
    patience = Patience(stall=0.3, first_step=0.3)
    async with simulated(slots=16, step_seconds=0.02, patience=patience) as executor:
        worker = await free_worker(executor)
        long = await step(executor, small("long", 100), 2)
        # Another size, so they take turns; it is done first, after longer than a stall.
        short = await draw(executor, worker, small("short", 25, width=32, height=32))
        assert len(short.images) == 1
        assert not long.done()
        assert len((await long).images) == 1


async def test_a_hang_is_noticed_for_all() -> None:
    patience = Patience(stall=0.5, first_step=0.5)
    faults = {"hang_on": ["hang"]}
    async with simulated(slots=16, step_seconds=0.01, patience=patience, **faults) as executor:
        worker = await free_worker(executor)
        mate = await step(executor, small("mate", 4000))
        with pytest.raises(WorkerLost, match="no step"):
            await draw(executor, worker, small("stuck", text="hang"))
        with pytest.raises(WorkerLost, match="no step"):
            await mate
        assert (await free_worker(executor)).id != worker.id
