"""bot.engine.cluster over a real cluster of Ray: what a worker is, wherever it is."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import imaging
from bot.domain.errors import Cancelled, RenderFailed, WorkerLost
from bot.engine.cluster import RayExecutor
from bot.engine.seam import Begun, Done, Event, Preview, Progress
from tests.kit.cluster import Machine, Town
from tests.kit.workers import Drawn, attempt, draw, free_worker, steps_until_cancelled, wait_until

FAULTS = {
    f"{fault}_on": [f"please {fault}"] for fault in ("crash", "hang", "fail", "out_of_memory")
}


@pytest.fixture(scope="module")
async def town() -> AsyncIterator[Town]:
    async with Town(cards=1) as opened:
        yield opened


@pytest.fixture(scope="module")
async def machine(town: Town) -> Machine:
    return town.head


@pytest.fixture(scope="module")
async def ray(town: Town, machine: Machine) -> AsyncIterator[RayExecutor]:
    async with town.executor(step_seconds=0.01, **FAULTS) as executor:
        yield executor


async def test_an_attempt_says_everything_in_order(ray: RayExecutor) -> None:
    worker = await free_worker(ray)
    assert (worker.node, worker.device) == ("head", "card:0")
    drawn = await draw(ray, worker, attempt("whole"))
    assert [event.step for event in drawn.of(Progress)] == [1, 2, 3, 4, 5, 6]
    assert sorted(drawn.images) == [0, 1, 2, 3]
    assert imaging.decode(drawn.images[2]).size == (64, 64)
    assert len(drawn.of(Begun)) == 1
    assert drawn.of(Preview)
    assert isinstance(drawn.events[-1], Done)


async def test_cancel_stops_within_a_step(ray: RayExecutor) -> None:
    worker = await free_worker(ray)
    assert await steps_until_cancelled(ray, worker, attempt("long", steps=5000)) < 200
    assert len((await draw(ray, await free_worker(ray), attempt("after"))).images) == 4


@pytest.mark.parametrize("word", ["fail", "out_of_memory"])
async def test_failures_have_a_code(ray: RayExecutor, word: str) -> None:
    worker = await free_worker(ray)
    with pytest.raises(RenderFailed) as caught:
        await draw(ray, worker, attempt("bad", text=f"please {word}"))
    assert caught.value.code == {"fail": "error"}.get(word, word)
    assert (await free_worker(ray)).id == worker.id


async def test_large_pictures_travel_both_ways(ray: RayExecutor) -> None:
    worker = await free_worker(ray)
    source = bytes(range(256)) * 4096
    large = attempt("large", width=1024, height=1024, inputs={"source": source})
    assert len((await draw(ray, worker, large)).images) == 4


async def test_models_in_memory_are_known_and_wake_who_waits(ray: RayExecutor) -> None:
    worker = await free_worker(ray)
    await ray.prepare(worker.id, ["another"])
    await wait_until(ray, lambda: "another" in ray.workers()[0].loaded)


async def test_a_crash_is_known_at_once_and_another_takes_its_place(ray: RayExecutor) -> None:
    worker = await free_worker(ray)
    with pytest.raises(WorkerLost) as lost:
        await draw(ray, worker, attempt("deadly", text="please crash"))
    assert lost.value.begun
    another = await free_worker(ray)
    assert another.id != worker.id
    assert len((await draw(ray, another, attempt("deadly", no=2))).images) == 4


async def test_kill_recycles_a_worker_that_hangs(ray: RayExecutor) -> None:
    worker = await free_worker(ray)
    run = asyncio.create_task(draw(ray, worker, attempt("stuck", text="please hang")))
    await wait_until(ray, lambda: any(one.drawing for one in ray.workers()))
    await ray.kill(worker.id)
    with pytest.raises(WorkerLost):
        await run
    assert (await free_worker(ray)).id != worker.id


async def until_drawn(ray: RayExecutor, **more: Any) -> asyncio.Task[Drawn]:
    """A long attempt that has made its first step."""
    stepped = asyncio.Event()

    async def hear(event: Event) -> None:
        if isinstance(event, Progress):
            stepped.set()

    worker = await free_worker(ray)
    run = asyncio.create_task(draw(ray, worker, attempt("orphan", steps=100_000, **more), hear))
    await stepped.wait()
    return run


async def test_a_bridge_that_dies_is_nobodys_fault_and_its_workers_are_adopted(
    ray: RayExecutor, machine: Machine
) -> None:
    run = await until_drawn(ray)
    actors, bridge = {one.pid for one in machine.actors}, ray.bridge
    assert bridge
    before = ray.workers()[0].id
    os.kill(bridge, signal.SIGKILL)
    with pytest.raises(WorkerLost, match="bridge") as lost:
        await run
    assert not lost.value.begun
    worker = await free_worker(ray)
    assert worker.id != before
    assert worker.loaded
    assert {one.pid for one in machine.actors} == actors
    assert len((await draw(ray, worker, attempt("orphan", no=2))).images) == 4


async def test_who_has_another_token_is_told_so_and_learns_nothing(
    town: Town, machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = tmp_path / "token"
    wrong.write_text("f" * 64)
    async with town.executor(access=replace(town.access, token_file=str(wrong))) as ray:
        await wait_until(ray, lambda: any(one.error for one in ray.workers()))
        (away,) = ray.workers()
        assert (away.slots_free, away.node) == (0, "cluster")
        assert away.error == "The cluster does not let the bot in; the operator's log says why."
    assert f"The cluster at {town.address} refuses the token" in caplog.text


async def test_a_cluster_that_is_not_there_is_waited_for(town: Town, machine: Machine) -> None:
    nowhere = replace(town.access, address=f"127.0.0.1:{town.port + 99}")
    async with town.executor(access=nowhere) as ray:
        await wait_until(ray, lambda: any(one.error for one in ray.workers()))
        assert ray.workers()[0].error == "The cluster cannot be reached just now."


async def test_a_bot_that_restarts_finds_its_models_in_memory(
    ray: RayExecutor, town: Town, machine: Machine
) -> None:
    run = await until_drawn(ray, model="heavy")
    actors = {one.pid for one in machine.actors}
    await ray.close()
    with pytest.raises((WorkerLost, Cancelled)):
        await run
    async with town.executor(step_seconds=0.01, **FAULTS) as second:
        worker = await free_worker(second)
        assert "heavy" in worker.loaded
        assert {one.pid for one in machine.actors} == actors
        assert len((await draw(second, worker, attempt("next", model="heavy"))).images) == 4
