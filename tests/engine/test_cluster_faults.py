"""What happens to jobs while parts of a cluster die, hang or leave: rows, not words.

Every job is drawn, once; nobody is blamed for a machine, a bridge or a head.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.dispatch.timing import Timing
from bot.domain.errors import SettingsError
from bot.domain.job import Job, JobStatus
from bot.domain.people import Asker
from bot.engine.access import Access
from bot.engine.cluster import RayExecutor
from bot.engine.patience import Patience
from tests.kit.app import House
from tests.kit.cluster import Machine, Town
from tests.kit.workers import attempt, draw, free_worker, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

JOBS = 8
PATIENT_S = 240


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with Town() as opened:
        yield opened


@asynccontextmanager
async def opened(
    town: Town, folder: Path, patience: Patience | None = None
) -> AsyncIterator[tuple[House, RayExecutor]]:
    """A house whose jobs take two seconds each on the machines of a town."""
    async with town.executor(patience, step_seconds=0.5) as ray:
        house = House(folder, executor=ray, timing=Timing(look=0.1))
        house.seconds = time.monotonic  # type: ignore[assignment]
        async with house:
            yield house, ray


async def asked(house: House) -> list[Job]:
    return [await house.imagine(f"fox {n}", Asker(1000 + n)) for n in range(JOBS)]


async def finished(house: House, job: Job) -> bool:
    return (await house.state(job))[0].finished


async def ended(house: House, jobs: list[Job]) -> list[int]:
    """Every job is drawn and owed to its channel once, without a strike; returns the attempts."""
    attempts = []
    for job in jobs:
        await until(lambda job=job: finished(house, job))
        status, attempt, strikes = await house.state(job)
        assert (status, strikes) == (JobStatus.SUCCEEDED, 0)
        attempts.append(attempt)
        for tile in range(1, 5):
            assert await house.parts.files.read(job.tile(tile))
    assert sorted(await house.owed()) == sorted(job.id for job in jobs)
    return attempts


def drawing_on(ray: RayExecutor, name: str) -> Callable[[], bool]:
    return lambda: any(one.node == name and one.drawing for one in ray.workers())


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Rows wake nobody."""
    async with asyncio.timeout(PATIENT_S):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def through(
    town: Town, folder: Path, fault: Callable[[RayExecutor, Machine, Machine], Awaitable[object]],
    patience: Patience | None = None,
) -> list[int]:  # fmt: skip
    """Attempts of jobs that were drawn on two machines, while the first had this fault."""
    one, two = await town.join("one"), await town.join("two")
    async with opened(town, folder, patience) as (house, ray):
        jobs = await asked(house)
        for name in ("one", "two"):
            await wait_until(ray, drawing_on(ray, name))
        begun = [await house.seen(job, lambda u: u.fraction > 0) for job in jobs[:2]]
        assert len(begun) == 2  # from here on a death could be theirs
        await fault(ray, one, two)
        return await ended(house, jobs)


async def test_a_machine_without_power(town: Town, tmp_path: Path) -> None:
    async def fault(ray: RayExecutor, one: Machine, two: Machine) -> None:
        await one.kill()

    attempts = await through(town, tmp_path, fault)
    assert sorted(attempts) == [1] * (JOBS - 1) + [2]


async def test_a_machine_that_hangs_is_noticed_before_ray_does(town: Town, tmp_path: Path) -> None:
    gone: list[float] = []

    async def fault(ray: RayExecutor, one: Machine, two: Machine) -> None:
        frozen = one.freeze()
        began = time.monotonic()
        await wait_until(ray, lambda: not drawing_on(ray, "one")())
        gone.append(time.monotonic() - began)
        for each in frozen:
            each.resume()

    attempts = await through(town, tmp_path, fault, Patience(silence=2.0))
    assert sorted(attempts) == [1] * (JOBS - 1) + [2]
    assert gone[0] < 8  # Ray takes nine seconds


async def test_a_bridge_that_dies(town: Town, tmp_path: Path) -> None:
    async def fault(ray: RayExecutor, one: Machine, two: Machine) -> None:
        assert ray.bridge
        os.kill(ray.bridge, signal.SIGKILL)

    attempts = await through(town, tmp_path, fault)
    assert sorted(attempts) == [1] * (JOBS - 2) + [2, 2]


async def test_a_head_that_dies_and_comes_back(town: Town, tmp_path: Path) -> None:
    async def fault(ray: RayExecutor, one: Machine, two: Machine) -> None:
        await town.head.kill()
        await wait_until(ray, lambda: any(each.error for each in ray.workers()), 120)
        await town.up()

    attempts = await through(town, tmp_path, fault)
    assert sorted(attempts)[: JOBS - 2] == [1] * (JOBS - 2)


async def test_a_machine_that_is_drained_draws_what_it_began_and_nothing_more(
    town: Town, tmp_path: Path
) -> None:
    async def fault(ray: RayExecutor, one: Machine, two: Machine) -> None:
        await town.type("head", "cluster", "drain", "one", told="has left")
        assert await asyncio.wait_for(one.process.wait(), 60) == 0
        assert {each.node for each in ray.workers()} == {"two"}

    assert await through(town, tmp_path, fault) == [1] * JOBS


async def test_a_machine_that_is_told_to_end_draws_what_it_began(
    town: Town, tmp_path: Path
) -> None:
    async def fault(ray: RayExecutor, one: Machine, two: Machine) -> None:
        one.process.terminate()
        assert await asyncio.wait_for(one.process.wait(), 60) == 0

    assert await through(town, tmp_path, fault) == [1] * JOBS


async def test_machines_may_come_when_jobs_wait_already(town: Town, tmp_path: Path) -> None:
    async with opened(town, tmp_path) as (house, ray):
        jobs = await asked(house)
        await town.join("one", cards=2)
        await wait_until(ray, drawing_on(ray, "one"))
        await town.join("two", cards=2)
        jobs += await asked(house)
        await wait_until(ray, drawing_on(ray, "two"))
        assert await ended(house, jobs) == [1] * 2 * JOBS


async def test_who_dies_again_and_again_at_one_picture_is_not_asked_for_it_for_ever(
    town: Town, tmp_path: Path
) -> None:
    await town.join("one")
    async with (
        town.executor(step_seconds=0.05, crash_on=["deadly"]) as ray,
        House(tmp_path, executor=ray, timing=Timing(look=0.1)) as house,
    ):
        job = await house.imagine("a deadly fox")
        await until(lambda: finished(house, job))
        assert await house.state(job) == (JobStatus.FAILED, 2, 2)
        assert await house.credits() == (25, 0)


async def test_a_cluster_that_lets_everybody_in_is_refused(tmp_path: Path) -> None:
    async with Town(CLUSTER_OPEN="yes") as town:
        token = tmp_path / "token"
        token.write_text("f" * 64)
        careful = replace(town.access, token_file=str(token))
        with pytest.raises(SettingsError, match=r"lets everybody in.*CLUSTER_OPEN=yes"):
            await RayExecutor(careful).start()
        await town.join("one")
        async with town.executor(access=Access(town.address), step_seconds=0.01) as ray:
            worker = await free_worker(ray, PATIENT_S)
            assert len((await draw(ray, worker, attempt("open"))).images) == 4
