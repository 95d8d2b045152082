"""Gateway processes that are started on their own, and a core that dies and comes back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.process import BotProcess
from tests.kit.scene import Scene
from tests.kit.scrape import free_port
from tests.kit.towns import GatewayProcess, together, towns, until

SHARDS = 2
PATIENT_S = 60.0

pytestmark = pytest.mark.slow


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
def bot(sandbox: Sandbox, tmp_path: Path, channels: list[str]) -> BotProcess:
    """Starts none itself."""
    command = ["tests.kit.launcher", str(tmp_path / "gate")]
    return BotProcess(sandbox, tmp_path / "d", command, GATEWAY_ADDRESS="unix")


@pytest.fixture
async def processes(sandbox: Sandbox, bot: BotProcess) -> AsyncIterator[list[GatewayProcess]]:
    """One for each shard, which are there before the bot, and the bot."""
    made = [
        GatewayProcess(
            sandbox, bot.data, "--shards", str(no), "--of", str(SHARDS), GATEWAY_ADDRESS="unix"
        )
        for no in range(SHARDS)
    ]
    await together(bot.start(), *(each.start() for each in made))
    yield made
    for each in made:
        await each.end()
    await bot.close()


async def drawn(bot: BotProcess, person: Scene, channels: list[str], jobs: int) -> None:
    """So many in all, each shown and paid for once."""
    undelivered = "SELECT * FROM deliveries WHERE kind = 'result' AND message_id = 0"
    await until(lambda: books.states(bot.data) == ["succeeded"] * jobs)
    await until(lambda: not books.rows(bot.data, undelivered))
    assert sum(len(person.results(channel)) for channel in channels) == jobs
    assert books.spent(bot.data) == jobs
    assert books.open_holds(bot.data) == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_core_that_comes_back_is_given_what_was_asked_for(
    sandbox: Sandbox, bot: BotProcess, processes: list[GatewayProcess], channels: list[str],
    how: signal.Signals,
) -> None:  # fmt: skip
    mia = Scene(sandbox, "Mia")
    for channel in channels:
        await mia.imagine("a fox", channel=channel)
    await bot.crash() if how is signal.SIGKILL else await bot.terminate()
    assert sandbox.gateway.shards == set(range(SHARDS))
    asked = [await mia.slash("imagine", prompt="an owl", channel=each) for each in channels]
    await bot.start()
    await asyncio.gather(*(each.ack(PATIENT_S) for each in asked))
    await sandbox.wait_for(lambda: sandbox.gateway.identified == 2 * SHARDS)
    asked = [await mia.slash("imagine", prompt="a hare", channel=each) for each in channels]
    await asyncio.gather(*(each.ack(PATIENT_S) for each in asked))
    await drawn(bot, mia, channels, 3 * SHARDS)
    await sandbox.wait_for(lambda: len(sandbox.gateway.sessions) == SHARDS)


async def test_a_process_that_is_killed_comes_back_to_its_sessions(
    sandbox: Sandbox, bot: BotProcess, processes: list[GatewayProcess], channels: list[str]
) -> None:
    mia = Scene(sandbox, "Mia")
    for channel in channels:
        await mia.imagine("a fox", channel=channel)
    assert await processes[0].end() == -signal.SIGKILL
    asked = [await mia.slash("imagine", prompt="an owl", channel=each) for each in channels]
    await processes[0].start()
    await asyncio.gather(*(each.ack(PATIENT_S) for each in asked))
    await drawn(bot, mia, channels, 2 * SHARDS)
    assert (sandbox.gateway.identified, sandbox.gateway.resumed) == (SHARDS, 1)
    assert await processes[1].end(signal.SIGTERM) == 0


async def test_over_tcp_who_has_another_token_is_refused(
    sandbox: Sandbox, tmp_path: Path, channels: list[str]
) -> None:
    address = f"127.0.0.1:{free_port()}"
    command = ["tests.kit.launcher", str(tmp_path / "gate")]
    own = {"GATEWAY_ADDRESS": address, "GATEWAY_TOKEN": "a" * 32}
    bot = BotProcess(sandbox, tmp_path / "d", command, **own)
    good = GatewayProcess(sandbox, bot.data, "--shards", "0-1", "--of", "2", **own)
    bad = GatewayProcess(sandbox, bot.data, "--of", "2", **own | {"GATEWAY_TOKEN": "b" * 32})
    try:
        await together(bot.start(), good.start(), bad.start())
        await until(lambda: "GATEWAY_TOKEN is another one" in bad.log)
        mia = Scene(sandbox, "Mia")
        for channel in channels:
            await mia.imagine("a fox", channel=channel)
        assert await bad.end(signal.SIGTERM) == 0
        said = bot.log + good.log + bad.log
        assert not any(word in said for word in ("a" * 32, "b" * 32, sandbox.token))
    finally:
        await asyncio.gather(bot.close(), good.end(), bad.end())
