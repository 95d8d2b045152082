"""Workers learn what models there are while they run, and so do those that follow them."""

from __future__ import annotations

import os
import signal
from typing import Any

from bot.engine.local import LocalExecutor
from bot.engine.seam import Loaded
from tests.kit.workers import free_worker, pids, simulated, wait_until


def card(id: str, **fields: Any) -> dict[str, Any]:
    return {"id": id, **fields}


def known(executor: LocalExecutor) -> dict[str, Any]:
    """The models in the worker's memory, each with what it heard of it."""
    states = executor.workers()[0].models.items() if executor.workers() else ()
    return {model: state.card for model, state in states if isinstance(state, Loaded)}


async def have(executor: LocalExecutor, *models: str, pin: bool = False) -> None:
    await executor.prepare((await free_worker(executor)).id, models, pin=pin)
    await wait_until(executor, lambda: known(executor).keys() == set(models))


async def test_a_running_worker_learns_new_cards_and_forgets_what_is_no_more() -> None:
    async with simulated() as executor:
        await have(executor, "old", "same")
        executor.serve([card("old", steps=1), card("same", steps=1)])
        await have(executor, "old", "same")
        executor.serve([card("same", steps=1), card("new", steps=2)])
        await wait_until(executor, lambda: known(executor) == {"same": card("same", steps=1)})
        await executor.prepare((await free_worker(executor)).id, ["new"])
        await wait_until(executor, lambda: known(executor).get("new") == card("new", steps=2))


async def test_those_that_follow_know_the_newest_cards_and_load_no_model_that_is_gone() -> None:
    before = pids()
    async with simulated() as executor:
        executor.serve([card("old"), card("new", steps=2)])
        await have(executor, "old", "new", pin=True)
        executor.serve([card("new", steps=3)])
        await wait_until(executor, lambda: not known(executor))
        first = executor.workers()[0].id
        (pid,) = pids() - before
        os.kill(pid, signal.SIGKILL)
        await wait_until(executor, lambda: known(executor) == {"new": card("new", steps=3)})
        assert executor.workers()[0].id != first


async def test_cards_that_come_before_the_process_are_not_lost() -> None:
    executor = LocalExecutor(["gpu"], "bot.worker.simulated:create")
    executor.serve([card("early")])
    await executor.start()
    try:
        executor.serve([card("early", steps=1)])
        await have(executor, "early")
        assert known(executor) == {"early": card("early", steps=1)}
    finally:
        await executor.close()
