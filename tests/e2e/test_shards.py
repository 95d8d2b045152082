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
from tests.kit.scrape import free_port, page, scrape
from tests.kit.towns import gateways, holders, towns, until

SHARDS = 4
PATIENT_S = 25.0
"""So long Discord waits here, that a busy machine fails nobody."""


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    """One for all tests here, as is its bot."""
    async with Sandbox(
        port=0, rate_limits=0.1, ack_seconds=PATIENT_S, shards=SHARDS, max_concurrency=SHARDS
    ) as one:
        yield one


@pytest.fixture(scope="module")
def channels(sandbox: Sandbox) -> list[str]:
    """One on each shard."""
    return towns(sandbox, SHARDS)


@pytest.fixture(scope="module")
async def shared(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, channels: list[str]
) -> AsyncIterator[BotProcess]:
    """With two processes that hold two shards each, and one to spare."""
    folder = tmp_path_factory.mktemp("shards")
    command = ["tests.kit.launcher", str(folder / "gate")]
    more = {"GATEWAY_PROCESSES": "2", "HEALTH_PORT": str(free_port())}
    process = BotProcess(sandbox, folder / "data", command, **more)
    await process.start()
    yield process
    await process.close()


@pytest.fixture
async def bot(sandbox: Sandbox, shared: BotProcess) -> BotProcess:
    """All is well at the beginning."""
    await sandbox.bot_ready()
    async with asyncio.timeout(30):
        while (await scrape(int(shared.settings["HEALTH_PORT"])))("gateway_processes") < 3:
            await books.rest()
    return shared


@pytest.fixture
def mia(sandbox: Sandbox) -> Scene:
    return Scene(sandbox, "Mia")


@pytest.fixture
async def booked(bot: BotProcess, mia: Scene, channels: list[str]) -> Books:
    return Books(bot.data, mia, channels)


async def answered(asked: list[Invocation]) -> None:
    """Each of them has its first answer."""
    await asyncio.gather(*(each.ack(PATIENT_S) for each in asked))


class Books:
    """What was drawn before, and what a test asks for beside."""

    def __init__(self, folder: Path, person: Scene, channels: list[str]) -> None:
        self._folder = folder
        self._person = person
        self._channels = [*channels, person.dm]
        self._before = self.shown

    @property
    def shown(self) -> int:
        """Messages with pictures."""
        return sum(len(self._person.results(channel)) for channel in self._channels)

    async def grew(self, by: int) -> None:
        """So many jobs more are drawn, shown and paid for, each shown by one message."""
        jobs = self._before + by
        undelivered = "SELECT * FROM deliveries WHERE kind = 'result' AND message_id = 0"
        await until(lambda: books.states(self._folder) == ["succeeded"] * jobs)
        await until(lambda: not books.rows(self._folder, undelivered))
        assert self.shown == jobs
        assert books.spent(self._folder) == jobs
        assert books.open_holds(self._folder) == 0


async def test_one_core_serves_all_shards(
    bot: BotProcess, mia: Scene, channels: list[str], booked: Books
) -> None:
    """Also direct messages, which come by shard 0."""
    grids = [await mia.imagine("a fox", channel=channel) for channel in channels]
    presses = [await mia.click(grid, "V1") for grid in grids]
    await answered(presses)
    await mia.imagine("an owl", dm=True)
    await booked.grew(2 * SHARDS + 1)
    assert len(holders(gateways(bot.pid))) == 2


async def test_it_says_how_its_processes_are(bot: BotProcess) -> None:
    port = int(bot.settings["HEALTH_PORT"])
    words = "4 of 4 shards are connected, by 2 processes; 1 more would take over"
    async with asyncio.timeout(books.PATIENCE_S):
        while words not in (await page(port, "/healthz"))[1]:
            await books.rest()
    seen = await scrape(port)
    assert (seen("gateway_shards"), seen("gateway_processes_wanted")) == (SHARDS, 3)
    assert (seen("gateway_processes"), seen("gateway_processes_spare")) == (3, 1)
    assert {each["shard"] for each in seen.labels("gateway_dispatches_total")} == set("0123")
    assert seen("gateway_relay_seconds_count") == seen("gateway_dispatches_total") > SHARDS


async def test_a_killed_process_loses_no_click(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, channels: list[str], booked: Books
) -> None:
    """What is asked for before, in the gap and after; the one to spare takes over."""
    noah, gateway = Scene(sandbox, "Noah"), sandbox.gateway
    identified, resumed = gateway.identified, gateway.resumed
    asked = [await noah.slash("imagine", prompt="a boat", channel=each) for each in channels]
    victim = holders(gateways(bot.pid))[0]
    victim.kill()
    for channel in channels:
        asked.append(await mia.slash("imagine", prompt="a fox", channel=channel))
    await asyncio.to_thread(victim.wait)
    asked += [await mia.slash("imagine", prompt="an owl", channel=each) for each in channels]
    await answered(asked)
    await booked.grew(3 * SHARDS)
    assert (gateway.identified, gateway.resumed) == (identified, resumed + 2)


async def test_discord_asks_all_to_come_back(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, channels: list[str], booked: Books
) -> None:
    resumed = sandbox.gateway.resumed
    sandbox.faults.reconnect()
    asked = [await mia.slash("imagine", prompt="a fox", channel=each) for each in channels]
    await answered(asked)
    await sandbox.wait_for(lambda: sandbox.gateway.resumed == resumed + SHARDS)
    sandbox.faults.drop_gateway()
    asked = [await mia.slash("imagine", prompt="an owl", channel=each) for each in channels]
    await answered(asked)
    await booked.grew(2 * SHARDS)
    assert sandbox.gateway.resumed == resumed + 2 * SHARDS


@pytest.mark.slow
async def test_a_process_that_stands_still_is_replaced(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, channels: list[str], booked: Books
) -> None:
    resumed, victim = sandbox.gateway.resumed, holders(gateways(bot.pid))[0]
    victim.send_signal(signal.SIGSTOP)
    asked = [await mia.slash("imagine", prompt="a fox", channel=each) for each in channels]
    await answered(asked)
    await booked.grew(SHARDS)
    await asyncio.to_thread(victim.wait)
    assert sandbox.gateway.resumed == resumed + 2


@pytest.mark.slow
async def test_discord_ends_all_sessions(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, channels: list[str], booked: Books
) -> None:
    """New ones begin, as quickly as Discord has them: the second of a bucket after five seconds."""
    identified = sandbox.gateway.identified
    sandbox.faults.invalidate_session()
    await sandbox.wait_for(lambda: sandbox.gateway.identified == identified + SHARDS)
    asked = [await mia.slash("imagine", prompt="a fox", channel=each) for each in channels]
    await answered(asked)
    await booked.grew(SHARDS)


async def test_the_processes_end_with_the_core(bot: BotProcess) -> None:
    processes = gateways(bot.pid)
    assert await bot.terminate() == 0
    await asyncio.to_thread(psutil.wait_procs, processes, 10)
    assert not any(each.is_running() for each in processes)
