"""bot.engine.pool: workers of several executors are chosen from and asked alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.domain.errors import SettingsError, WorkerLost
from bot.engine.local import SIMULATED, LocalExecutor
from bot.engine.pool import Pool
from bot.engine.seam import CAPTIONS, Question
from tests.kit.executor import FakeExecutor
from tests.kit.workers import attempt, draw, wait_until


class Named(FakeExecutor):
    """Its workers have a name in front."""

    def __init__(self, name: str, workers: int) -> None:
        self.name = name
        super().__init__(0, automatic=True)
        for number in range(workers):
            self.join(id=f"{name}{number}")

    def join(self, **more: Any) -> str:
        worker = super().join(**more)
        name = more.get("id", worker)
        self._workers[name] = self._workers.pop(worker)
        return name


@pytest.fixture
async def two() -> AsyncIterator[tuple[Pool, Named, Named]]:
    here, there = Named("here", 1), Named("there", 2)
    pool = Pool([here, there])
    await pool.start()
    yield pool, here, there
    await pool.close()


Two = tuple[Pool, Named, Named]


async def test_workers_of_all_are_workers_of_the_pool(two: Two) -> None:
    pool, _, there = two
    assert [worker.id for worker in pool.workers()] == ["here0", "there0", "there1"]
    seen = pool.version
    there.alter("there1", draining=True)
    assert await asyncio.wait_for(pool.changed(seen), 10) != seen
    assert pool.workers()[2].draining


async def test_a_change_between_two_looks_is_not_missed(two: Two) -> None:
    pool, here, there = two
    for executor, worker in ((here, "here0"), (there, "there0")):
        seen = pool.version
        waiting = asyncio.create_task(pool.changed(seen))
        executor.alter(worker, slots_free=0)
        executor.alter(worker, slots_free=1)
        assert await asyncio.wait_for(waiting, 10) == pool.version


async def test_everybody_is_asked_for_its_own(two: Two) -> None:
    pool, here, there = two
    await pool.prepare("there1", ["tiny"])
    assert (here.prepared, there.prepared) == ([], ["there1"])
    one = attempt("job", model="tiny")
    said = [job async for job, _ in pool.run_batch("here0", [one])]
    assert set(said) == {"job"}
    assert [run.worker for run in here.runs] == ["here0"]
    await pool.cancel("there0", "job", 1)
    assert there.cancels == [("there0", "job", 1)]
    await pool.kill("there0")
    assert there.killed == ["there0"]
    with pytest.raises(WorkerLost):
        await pool.ask("here0", Question(CAPTIONS, "", {}))
    pool.serve([{"id": "tiny"}])
    assert here.served == there.served == [["tiny"]]


async def test_nobody_is_asked_for_what_is_gone(two: Two) -> None:
    pool, _, _ = two
    with pytest.raises(WorkerLost):
        await pool.prepare("nobody", ["tiny"])
    with pytest.raises(WorkerLost):
        pool.run_batch("nobody", [attempt()])
    await pool.cancel("nobody", "job", 1)
    await pool.kill("nobody")


async def test_who_cannot_start_is_told_and_the_others_are_closed() -> None:
    class Refusing(FakeExecutor):
        async def start(self) -> None:
            raise SettingsError("There is no token.")

    here = FakeExecutor(1)
    with pytest.raises(SettingsError, match="no token"):
        await Pool([here, Refusing()]).start()
    assert here.workers() == []


async def test_a_pool_of_real_workers_draws_on_each() -> None:
    pool = Pool([LocalExecutor([device], SIMULATED, {"slots": 1}) for device in ("one", "two")])
    await pool.start()
    try:
        await wait_until(pool, lambda: sum(one.slots_free for one in pool.workers()) == 2)
        both = [draw(pool, one, attempt(one.device)) for one in pool.workers()]
        assert [len(drawn.images) for drawn in await asyncio.gather(*both)] == [4, 4]
    finally:
        await pool.close()
