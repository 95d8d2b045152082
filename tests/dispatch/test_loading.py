"""Models are loaded ahead of need; each worker's failure has its own time for the next try."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from bot.dispatch.loading import Loader
from bot.engine.seam import Failed, Loaded
from tests.kit.executor import FakeExecutor

QUICK_S = 0.02
NEVER_S = 3600.0


@contextlib.asynccontextmanager
async def loading(
    executor: FakeExecutor, retry_s: float = QUICK_S, models: Sequence[str] = ("tiny",)
) -> AsyncIterator[None]:
    task = asyncio.create_task(Loader(executor, lambda: models, retry_s=retry_s).keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def settled() -> None:
    """Everything that can happen without the passing of time has happened."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_every_worker_is_asked_once_and_so_is_one_that_joins_later() -> None:
    executor = FakeExecutor(2)
    async with loading(executor, NEVER_S):
        assert await executor.prepared_times(2) == ["w1", "w2"]
        executor.join()
        assert await executor.prepared_times(3) == ["w1", "w2", "w3"]
        executor.alter("w1", slots_free=0)
        await settled()
        assert len(executor.prepared) == 3


async def test_a_model_that_is_pinned_later_is_loaded_then() -> None:
    executor, models = FakeExecutor(1, models=()), ["tiny"]
    async with loading(executor, NEVER_S, models):
        await executor.prepared_times(1)
        models.append("large")
        executor.serve([])
        await executor.prepared_times(2)
        await settled()
    assert executor.workers()[0].loaded == {"tiny", "large"}
    assert len(executor.prepared) == 2


async def test_a_failed_worker_is_asked_again_while_the_other_works() -> None:
    executor = FakeExecutor(2)
    executor.unloadable["w2"] = Failed("There is not enough memory just now.")
    async with loading(executor):
        while executor.prepared.count("w2") < 4:
            # The other takes a job and ends it, all the time.
            executor.alter("w1", slots_free=0)
            await settled()
            executor.alter("w1", slots_free=1)
            await asyncio.sleep(QUICK_S / 4)
    assert executor.prepared.count("w1") == 1


async def test_a_failure_that_names_its_time_is_not_tried_before() -> None:
    executor = FakeExecutor(2)
    executor.unloadable["w1"] = Failed("The card is full.", retry_at=float("inf"))
    executor.unloadable["w2"] = Failed("The card is full.")
    async with loading(executor):
        await executor.prepared_times(5)
    assert executor.prepared.count("w1") == 1


async def test_a_worker_that_comes_with_a_failure_is_left_alone_until_then() -> None:
    executor = FakeExecutor(0)
    executor.join(models={"tiny": Failed("It was killed while it loaded.", retry_at=float("inf"))})
    async with loading(executor):
        await settled()
        executor.join()
        assert await executor.prepared_times(1) == ["w2"]


async def test_a_failure_that_is_forgotten_is_no_reason_to_wait() -> None:
    executor = FakeExecutor(1, models=())
    executor.unloadable["w1"] = Failed("Its file is cut off.", retry_at=float("inf"))
    async with loading(executor, NEVER_S):
        await executor.prepared_times(1)
        await settled()
        del executor.unloadable["w1"]
        executor.alter("w1", models={})  # the file was replaced
        assert await executor.prepared_times(2) == ["w1", "w1"]
        executor.alter("w1", models={})  # another model needed the room
        await settled()
        assert len(executor.prepared) == 2


async def test_a_broken_worker_is_not_asked() -> None:
    executor = FakeExecutor(1)
    executor.alter("w1", error="The worker cannot be started.")
    async with loading(executor):
        executor.join()
        assert await executor.prepared_times(1) == ["w2"]


async def test_a_worker_that_dies_when_asked_does_not_stop_the_others() -> None:
    executor = FakeExecutor(2)
    listed = executor.workers()
    await executor.lose("w1")
    executor.workers = lambda: listed  # type: ignore[method-assign]
    async with loading(executor):
        assert await executor.prepared_times(1) == ["w2"]


async def test_where_not_all_fit_each_model_has_a_home() -> None:
    executor = FakeExecutor(0, models=())
    large = {"a": Loaded(size_mb=7000), "b": Loaded(size_mb=6000)}
    for memory, models in ((24_000, large), (10_000, {}), (10_000, {})):
        executor.join(vram_mb=memory, models=models)
    async with loading(executor, NEVER_S, ["a", "b"]):
        assert await executor.prepared_times(4) == ["w1", "w1", "w2", "w3"]
        await settled()
        assert len(executor.prepared) == 4
    assert [sorted(worker.loaded) for worker in executor.workers()] == [["a", "b"], ["a"], ["b"]]
