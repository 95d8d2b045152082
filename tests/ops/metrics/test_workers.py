"""What is told of workers: by their place, however often they come and go."""

from __future__ import annotations

import asyncio
from collections import Counter

from prometheus_client.core import Metric

from bot.domain.measures import OTHER
from bot.engine.seam import Failed, Loaded, Loading
from bot.ops.metrics.workers import MOST, Lives, state, workers
from tests.kit.executor import FakeExecutor

READY = {"tiny": Loaded()}
PAIR = {"a" * 32: (("tiny", 256), 4), "b" * 32: (("tiny", 256), 1)}


def told(executor: FakeExecutor, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    """The values of a metric by some of its labels."""
    found: dict[str, Metric] = {each.name: each for each in workers(executor.workers(), Lives())}
    samples = found[f"easel_{name}"].samples
    return {tuple(each.labels[label] for label in labels): each.value for each in samples}


def test_each_worker_is_in_one_state() -> None:
    executor = FakeExecutor(0)
    executor.join(models=READY)
    executor.join(models=READY, drawing=PAIR)
    executor.join(models={"tiny": Loading("40%")})
    executor.join(models={"tiny": Failed("There is no room for it.")})
    executor.join(error="The worker cannot be started.")
    executor.join(models=READY, draining=True)
    found = [state(worker) for worker in executor.workers()]
    assert found == ["ready", "drawing", "loading", "broken", "broken", "closing"]
    assert Counter(one for _, one in told(executor, "workers", "device", "state")) == Counter(found)


def test_workers_of_one_place_are_added_up() -> None:
    executor = FakeExecutor(0)
    for _ in range(2):
        executor.join(device="card", models=READY, drawing=PAIR, vram_mb=80, slots_free=1)
    assert told(executor, "workers", "node", "device", "state") == {("here", "card", "drawing"): 2}
    assert told(executor, "worker_jobs", "device") == {("card",): 4}
    assert told(executor, "worker_pictures", "device") == {("card",): 10}
    assert told(executor, "worker_slots_free", "device") == {("card",): 2}
    assert told(executor, "worker_memory_bytes", "device") == {("card",): 160 * 2**20}
    assert told(executor, "worker_models", "model", "state") == {("tiny", "loaded"): 2}


def test_a_room_is_told_by_the_size_of_its_pictures() -> None:
    executor = FakeExecutor(0)
    rooms = {("tiny", 1024 * 1024): 6, ("tiny", 1152 * 912): 4, ("tiny", 512 * 512): 16}
    executor.join(models=READY, rooms=rooms)
    found = told(executor, "worker_room_pictures", "model", "megapixels")
    assert found == {("tiny", "1.05"): 4, ("tiny", "0.26"): 16}


def test_there_is_an_end_of_models() -> None:
    executor = FakeExecutor(0)
    executor.join(models={f"model {number}": Loaded() for number in range(MOST + 9)})
    found = told(executor, "worker_models", "model", "state")
    assert len(found) == MOST + 1
    assert found[OTHER, OTHER] == 9


async def turns() -> None:
    """Whoever is woken has a turn."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_lives_are_counted_though_nobody_looks_meanwhile() -> None:
    executor, lives = FakeExecutor(0), Lives()
    keeping = asyncio.create_task(lives.keep(executor))
    for number in range(1, 5):
        executor.join(device="card")
        await turns()
        executor.alter(f"w{number}", slots_free=0)
        await turns()
        await executor.kill(f"w{number}")
    keeping.cancel()
    assert lives.starts["here", "card"] == 4
