"""Core and gateway processes against the sandbox's gateway: what is handed over, and how often."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from tests.kit.relays import Process, core
from tests.kit.towns import towns

SHARDS = 2


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(port=0, rate_limits=0.1, shards=SHARDS, max_concurrency=SHARDS) as one:
        one.world.commands["global"] = []
        yield one


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


@pytest.fixture
def channels(sandbox: Sandbox) -> list[str]:
    return towns(sandbox, SHARDS)


@pytest.fixture
async def processes(path: Path) -> AsyncIterator[list[Process]]:
    """One for each shard."""
    made = [Process(path, wants=range(no, no + 1), of=SHARDS) for no in range(SHARDS)]
    yield made
    for each in made:
        await each.end()


async def react(sandbox: Sandbox, channel: str) -> None:
    """Something happens on the server of a channel."""
    guild = sandbox.world.guild_of(sandbox.world.find_channel(channel))
    assert guild is not None
    sandbox.world.keep_in(guild, "de")


async def test_a_core_that_comes_back_begins_anew(
    sandbox: Sandbox, path: Path, processes: list[Process], channels: list[str]
) -> None:
    async with core(sandbox, path) as one:
        await one.until("READY", SHARDS)
        await one.crash()
    async with core(sandbox, path) as two:
        await two.until("READY", SHARDS)
        assert sandbox.gateway.identified == 2 * SHARDS
