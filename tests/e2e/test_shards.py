"""Several gateway processes in front of one core: everybody is answered once, whoever dies."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from bot.sandbox import Invocation, Sandbox
from tests.kit import books
from tests.kit.process import BotProcess
from tests.kit.scene import Scene
from tests.kit.towns import gateways, holders, towns, until

SHARDS = 4
PATIENT_S = 25.0
"""So long Discord waits here, that a busy machine fails nobody."""


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(
        port=0, rate_limits=0.1, ack_seconds=PATIENT_S, shards=SHARDS, max_concurrency=SHARDS
    ) as one:
        yield one


@pytest.fixture
def channels(sandbox: Sandbox) -> list[str]:
    """One on each shard."""
    return towns(sandbox, SHARDS)


@pytest.fixture
async def bot(
    sandbox: Sandbox, tmp_path: Path, channels: list[str]
) -> AsyncIterator[BotProcess]:
    """With two processes that hold two shards each, and one to spare."""
    command = ["tests.kit.launcher", str(tmp_path / "gate")]
    process = BotProcess(sandbox, tmp_path / "data", command, GATEWAY_PROCESSES="2")
    await process.start()
    await until(lambda: len(gateways(process.pid)) == 3)
    yield process
    await process.close()


@pytest.fixture
def mia(sandbox: Sandbox) -> Scene:
    return Scene(sandbox, "Mia")


async def answered(asked: list[Invocation]) -> None:
    """Each of them has its first answer."""
    await asyncio.gather(*(each.ack(PATIENT_S) for each in asked))


async def drawn_once(bot: BotProcess, person: Scene, channels: list[str], jobs: int) -> None:
    """All jobs are drawn, shown and paid for, and each is shown by one message."""
    undelivered = "SELECT * FROM deliveries WHERE kind = 'result' AND message_id = 0"
    await until(lambda: books.states(bot.data) == ["succeeded"] * jobs)
    await until(lambda: not books.rows(bot.data, undelivered))
    assert sum(len(person.results(channel)) for channel in channels) == jobs
    assert books.spent(bot.data) == jobs
    assert books.open_holds(bot.data) == 0


async def test_one_core_serves_all_shards(
    bot: BotProcess, mia: Scene, channels: list[str]
) -> None:
    """Also direct messages, which come by shard 0; all processes end with the core."""
    grids = [await mia.imagine("a fox", channel=channel) for channel in channels]
    upscaled = [await mia.press(grid, "U1") for grid in grids]
    assert len({each["id"] for each in upscaled}) == SHARDS
    await mia.imagine("an owl", dm=True)
    processes = gateways(bot.pid)
    assert len(holders(processes)) == 2
    assert await bot.terminate() == 0
    await asyncio.to_thread(psutil.wait_procs, processes, 10)
    assert not any(each.is_running() for each in processes)


async def test_a_killed_process_loses_no_click(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, channels: list[str]
) -> None:
    """What is asked for before, in the gap and after; the one to spare takes over."""
    noah = Scene(sandbox, "Noah")
    identified, before = sandbox.gateway.identified, gateways(bot.pid)
    asked = [await noah.slash("imagine", prompt="a boat", channel=each) for each in channels]
    victim = holders(before)[0]
    victim.kill()
    for channel in channels:
        asked.append(await mia.slash("imagine", prompt="a fox", channel=channel))
    await asyncio.to_thread(victim.wait)
    asked += [await mia.slash("imagine", prompt="an owl", channel=each) for each in channels]
    await answered(asked)
    await drawn_once(bot, mia, channels, 3 * SHARDS)
    assert sandbox.gateway.identified == identified
    assert sandbox.gateway.resumed == 2
    await until(lambda: len(gateways(bot.pid)) == 3)


async def test_a_process_that_stands_still_is_replaced(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, channels: list[str]
) -> None:
    victim = holders(gateways(bot.pid))[0]
    victim.send_signal(signal.SIGSTOP)
    asked = [await mia.slash("imagine", prompt="a fox", channel=each) for each in channels]
    await answered(asked)
    await drawn_once(bot, mia, channels, SHARDS)
    await asyncio.to_thread(victim.wait)
    assert sandbox.gateway.resumed == 2


async def test_discord_asks_all_to_come_back(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, channels: list[str]
) -> None:
    sandbox.faults.reconnect()
    asked = [await mia.slash("imagine", prompt="a fox", channel=each) for each in channels]
    await answered(asked)
    await sandbox.wait_for(lambda: sandbox.gateway.resumed == SHARDS)
    sandbox.faults.drop_gateway()
    asked = [await mia.slash("imagine", prompt="an owl", channel=each) for each in channels]
    await answered(asked)
    await drawn_once(bot, mia, channels, 2 * SHARDS)
    assert sandbox.gateway.resumed == 2 * SHARDS


@pytest.mark.slow
async def test_discord_ends_all_sessions(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, channels: list[str]
) -> None:
    """New ones begin, as quickly as Discord has them: the second of a bucket after five seconds."""
    sandbox.faults.invalidate_session()
    await sandbox.wait_for(lambda: sandbox.gateway.identified == 2 * SHARDS)
    asked = [await mia.slash("imagine", prompt="a fox", channel=each) for each in channels]
    await answered(asked)
    await drawn_once(bot, mia, channels, SHARDS)
