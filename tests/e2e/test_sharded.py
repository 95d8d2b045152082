"""A bot that holds all of its shards itself, as it does unless told otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.easel import Easel, running, settings_for
from tests.kit.scene import Scene
from tests.kit.towns import towns, until

SHARDS = 3
HERE = "SELECT guild_id FROM departures"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(port=0, rate_limits=0.1, shards=SHARDS, identify_seconds=0.3) as one:
        yield one


@pytest.fixture
def channels(sandbox: Sandbox) -> list[str]:
    """One on each shard."""
    return towns(sandbox, SHARDS)


@pytest.fixture
def mia(sandbox: Sandbox) -> Scene:
    return Scene(sandbox, "Mia")


async def reconciled(easel: Easel) -> None:
    """The bot has seen on which servers it is."""
    await until(lambda: easel.core.service.privacy.departures._seen)


async def test_all_shards_are_served_and_no_server_is_taken_for_left(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia: Scene, channels: list[str]
) -> None:
    """Each shard begins some time after the one before, whose servers are not all there are."""
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick) as easel:
        assert list(easel.bot.shards) == list(range(SHARDS))
        for channel in channels:
            await mia.imagine("a fox", channel=channel)
        await mia.imagine("an owl", dm=True)
    async with running(sandbox, settings, quick) as easel:
        await reconciled(easel)
        assert books.rows(tmp_path, HERE) == []
        assert len(easel.bot.guilds) == len(sandbox.world.guilds)


async def test_a_server_left_between_two_sessions_is_left(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, mia: Scene, channels: list[str]
) -> None:
    async with running(sandbox, settings_for(sandbox, tmp_path), quick) as easel:
        await mia.imagine("a fox", channel=channels[1])
        await reconciled(easel)
        sandbox.faults.hold_events("GUILD_DELETE")
        guild = sandbox.world.guild_of(sandbox.world.find_channel(channels[1]))
        assert guild is not None
        sandbox.world.remove_bot(guild)
        sandbox.faults.invalidate_session()
        await until(lambda: bool(books.rows(tmp_path, HERE)))
        assert [row["guild_id"] for row in books.rows(tmp_path, HERE)] == [int(guild.id)]
        assert easel.bot.get_guild(int(guild.id)) is None
