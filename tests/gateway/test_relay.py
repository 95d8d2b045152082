"""Core and gateway processes against the sandbox's gateway: what is handed over, and how often."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.errors import EaselError
from bot.gateway.hall import Hall
from bot.gateway.pacing import Pacing
from bot.sandbox import Sandbox
from tests.kit.relays import Core, Process, core
from tests.kit.towns import towns, until

SHARDS = 2


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(port=0, rate_limits=0.1, shards=SHARDS, max_concurrency=SHARDS) as one:
        yield one


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s"


@pytest.fixture
def channels(sandbox: Sandbox) -> list[str]:
    """One on each shard."""
    return towns(sandbox, SHARDS)


@pytest.fixture
async def processes(path: Path) -> AsyncIterator[list[Process]]:
    """One for each shard."""
    made = [Process(path, wants=range(no, no + 1), of=SHARDS) for no in range(SHARDS)]
    yield made
    for each in made:
        await each.end()


@pytest.fixture
async def hub(
    sandbox: Sandbox, path: Path, channels: list[str], processes: list[Process]
) -> AsyncIterator[Core]:
    """The core, with both shards up and all servers known."""
    async with core(sandbox, path) as one:
        await one.until("GUILD_CREATE", len(sandbox.world.guilds))
        yield one


def rename(sandbox: Sandbox, channel: str, locale: str) -> None:
    """Something happens on the server of a channel."""
    guild = sandbox.world.guild_of(sandbox.world.find_channel(channel))
    assert guild is not None
    sandbox.world.keep_in(guild, locale)


async def told(hub: Core, count: int) -> list[tuple[int, str]]:
    """(shard, language) of what happened so far, which is so many things."""
    found = await hub.until("GUILD_UPDATE", count)
    return [(shard, each["preferred_locale"]) for shard, each in found]


async def test_each_shard_tells_of_its_servers(
    sandbox: Sandbox, hub: Core, channels: list[str]
) -> None:
    for no, guild in hub.of("GUILD_CREATE"):
        assert (int(guild["id"]) >> 22) % SHARDS == no
    assert [ready["shard"] for _, ready in sorted(hub.of("READY"), key=lambda one: one[0])] == [
        [no, SHARDS] for no in range(SHARDS)
    ]
    for channel in channels:
        rename(sandbox, channel, "de")
    assert sorted(await told(hub, 2)) == [(0, "de"), (1, "de")]
    assert all(map(hub.hall.is_up, range(SHARDS)))


async def test_a_line_that_was_cut_tells_nothing_twice_and_loses_nothing(
    sandbox: Sandbox, hub: Core, channels: list[str], processes: list[Process]
) -> None:
    for round in range(5):
        rename(sandbox, channels[0], f"{round}a")
        processes[0].cut()
        rename(sandbox, channels[0], f"{round}b")
        await told(hub, 2 * (round + 1))
    said = [word for _, word in await told(hub, 10)]
    assert said == [f"{round}{half}" for round in range(5) for half in "ab"]
    assert (sandbox.gateway.identified, sandbox.gateway.resumed) == (SHARDS, 0)
    assert ("lost", 0) in hub.ways
    assert ("back", 0) in hub.ways


async def test_a_dead_process_is_replaced_by_one_to_spare(
    sandbox: Sandbox, hub: Core, channels: list[str], processes: list[Process], path: Path
) -> None:
    spare = Process(path)
    processes.append(spare)
    await until(lambda: hub.hall.seen().up == SHARDS + 1)
    assert hub.hall.seen().spare == 1
    rename(sandbox, channels[1], "de")
    await processes[1].kill()
    rename(sandbox, channels[1], "fr")
    assert await told(hub, 2) == [(1, "de"), (1, "fr")]
    await sandbox.wait_for(lambda: sandbox.gateway.resumed == 1)
    assert sandbox.gateway.identified == SHARDS
    assert hub.hall.seen().spare == 0


async def test_what_happens_without_a_core_is_told_to_the_next(
    sandbox: Sandbox, hub: Core, channels: list[str], path: Path
) -> None:
    """What people do; the rest is told by new sessions, beside which the old ones end."""
    mia = sandbox.person("Mia")
    command = {"id": "5", "name": "info", "type": 1, "contexts": [0], "integration_types": [0]}
    sandbox.world.commands[None] = {"5": command}
    await hub.crash()
    async with core(sandbox, path) as two:
        await mia.slash("info", channel=channels[0])
        rename(sandbox, channels[0], "fr")
        [(shard, asked)] = await two.until("INTERACTION_CREATE", 1)
        assert (shard, asked["data"]["name"]) == (0, "info")
        named = [each["id"] for no, ready in two.of("READY") if no == 0 for each in ready["guilds"]]
        assert asked["guild_id"] in named
        await two.until("READY", 2 * SHARDS)
        assert sandbox.gateway.identified == 2 * SHARDS
        await sandbox.wait_for(lambda: len(sandbox.gateway.sessions) == SHARDS)
        assert set(sandbox.gateway.shards) == {0, 1}
        # Both sessions of the shard may have told of it; a client knows that by its id.
        assert len({each["id"] for _, each in two.of("INTERACTION_CREATE")}) == 1


async def test_what_a_core_has_taken_is_told_to_no_other(
    sandbox: Sandbox, hub: Core, channels: list[str], path: Path
) -> None:
    """However often one comes back, and whichever session told it."""
    mia = sandbox.person("Mia")
    command = {"id": "5", "name": "info", "type": 1, "contexts": [0], "integration_types": [0]}
    sandbox.world.commands[None] = {"5": command}
    first = await mia.slash("info", channel=channels[0])
    await hub.until("INTERACTION_CREATE", 1)
    await hub.crash()
    second = await mia.slash("info", channel=channels[0])
    async with core(sandbox, path) as two:
        [(_, asked)] = await two.until("INTERACTION_CREATE", 1)
        await two.crash()
    third = await mia.slash("info", channel=channels[0])
    async with core(sandbox, path) as three:
        [(_, last)] = await three.until("INTERACTION_CREATE", 1)
        await three.until("READY", 2 * SHARDS)
    assert [asked["id"], last["id"]] == [second.id, third.id]
    assert {each["id"] for _, each in three.of("INTERACTION_CREATE")} == {third.id}
    assert first.id not in (asked["id"], last["id"])


async def test_a_session_that_discord_ends_is_followed_by_another(
    sandbox: Sandbox, hub: Core, channels: list[str]
) -> None:
    hub.hall._pacing = Pacing(SHARDS, 1000)  # as five seconds later
    sandbox.faults.invalidate_session()
    await hub.until("READY", 2 * SHARDS)
    rename(sandbox, channels[1], "de")
    assert await told(hub, 1) == [(1, "de")]


async def test_a_command_reaches_discord(sandbox: Sandbox, hub: Core, channels: list[str]) -> None:
    guild = sandbox.world.guild_of(sandbox.world.find_channel(channels[1]))
    assert guild is not None
    wish = f'{{"op":8,"d":{{"guild_id":"{guild.id}","user_ids":["{guild.owner_id}"],"limit":0}}}}'
    hub.hall.command(1, wish)
    [(shard, said)] = await hub.until("GUILD_MEMBERS_CHUNK", 1)
    assert (shard, said["guild_id"]) == (1, guild.id)


async def test_what_discord_refuses_ends_the_core(sandbox: Sandbox, path: Path) -> None:
    sandbox.token = "another"
    process = Process(path, token="wrong")
    async with core(sandbox, path, parts=1) as one:
        one.hall._token = "wrong"
        with pytest.raises(EaselError, match="refuses DISCORD_TOKEN"):
            await one.serving
        await process.end()


async def test_a_core_at_rest_takes_nothing(
    sandbox: Sandbox, hub: Core, channels: list[str]
) -> None:
    hub.hall.rest()
    before = len(hub.told)
    rename(sandbox, channels[0], "de")
    await hub.hall.close()
    assert len(hub.told) == before


async def test_without_processes_nothing_is_up(sandbox: Sandbox) -> None:
    hall = Hall(2)
    one = Core(sandbox, hall)
    await until(lambda: bool(hall._records))
    assert "0 of 2 shards" in hall.words()
    assert hall.latency_s(0) is None
    assert hall.seen().wanted == 3
    await hall.close()
    await one.serving
