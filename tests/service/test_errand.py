"""Processes beside the bot's: one serves many orders, and none outlives its use."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.errors import StoreUnavailable
from bot.service.errand import Errands

CHORES = "tests.kit.chores"


@pytest.fixture
async def errands() -> AsyncIterator[Errands]:
    async with Errands() as one:
        yield one


def lives(pid: int) -> bool:
    """Whether it is there and has not ended yet."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


async def ended(pid: int) -> None:
    def wait() -> None:
        while lives(pid):
            time.sleep(0.01)

    await asyncio.wait_for(asyncio.to_thread(wait), 30)


async def test_one_process_serves_one_after_the_other(errands: Errands) -> None:
    first = await errands.run(CHORES, {"print": "noise"}, 30)
    assert first["pid"] != os.getpid()
    assert await errands.run(CHORES, {"say": "Straße 🦊\n"}, 30) == first | {"said": "Straße 🦊\n"}


async def test_two_at_once_are_served_by_two(errands: Errands) -> None:
    pids = await asyncio.gather(*(errands.run(CHORES, {"linger": 0.2}, 30) for _ in range(2)))
    assert len({each["pid"] for each in pids}) == 2
    assert await errands.run(CHORES, {}, 30) in [each | {"said": ""} for each in pids]


async def test_an_error_is_told_and_costs_no_process(errands: Errands) -> None:
    before = await errands.run(CHORES, {}, 30)
    with pytest.raises(StoreUnavailable, match=r"chores failed: OSError: no room"):
        await errands.run(CHORES, {"raise": "no room"}, 30)
    assert await errands.run(CHORES, {}, 30) == before


async def test_a_process_that_ends_is_replaced(errands: Errands) -> None:
    before = await errands.run(CHORES, {}, 30)
    with pytest.raises(StoreUnavailable, match="its process ended"):
        await errands.run(CHORES, {"exit": 3}, 30)
    assert await errands.run(CHORES, {}, 30) != before


async def test_one_that_died_while_it_was_free_is_not_asked(errands: Errands) -> None:
    before = (await errands.run(CHORES, {}, 30))["pid"]
    [free] = errands._idle
    os.kill(before, 9)
    await asyncio.wait_for(free.wait(), 30)
    assert (await errands.run(CHORES, {}, 30))["pid"] != before


async def test_who_takes_too_long_or_is_wanted_no_more_is_ended(errands: Errands) -> None:
    pid = (await errands.run(CHORES, {}, 30))["pid"]
    with pytest.raises(StoreUnavailable, match="too long"):
        await errands.run(CHORES, {"linger": 60}, 0.05)
    assert not lives(pid)
    pid = (await errands.run(CHORES, {}, 30))["pid"]
    waiting = asyncio.create_task(errands.run(CHORES, {"linger": 60}, 60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not lives(pid)


async def test_memory_comes_back_when_nobody_has_work(tmp_path: Path) -> None:
    async with Errands(idle_s=0.01) as errands:
        pid = (await errands.run(CHORES, {}, 30))["pid"]
        await ended(pid)


async def test_it_knows_no_token(errands: Errands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    assert (await errands.run(CHORES, {"name": "DISCORD_TOKEN"}, 30))["value"] is None
