"""The gateway: identify, events, resume, and what a strict Discord refuses."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

import aiohttp
import discord
import pytest

from bot.sandbox import Sandbox
from bot.sandbox.gateway.compression import ZstdStream, compressor
from tests.kit.robots import INTENTS, Robot, Running


async def test_a_wrong_token_is_refused(sandbox: Sandbox, endpoints: None) -> None:
    robot = Robot()
    with pytest.raises(discord.LoginFailure):
        await robot.start("wrong")
    await robot.close()


async def test_privileged_intents_are_refused(sandbox: Sandbox, endpoints: None) -> None:
    intents = discord.Intents(INTENTS.value)
    intents.message_content = True
    robot = Robot(intents=intents)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await robot.start(sandbox.token)
    await robot.close()


async def test_ready_brings_the_guild(sandbox: Sandbox, run: Running) -> None:
    robot = await run(Robot())
    guild = robot.get_guild(int(sandbox.world.guild.id))
    assert guild is not None
    assert [each.name for each in guild.text_channels] == ["imagine", "gallery", "lobby"]
    assert {role.name for role in guild.roles} == {"@everyone", "Admin", "Patron", "Easel"}
    assert guild.me.guild_permissions.attach_files
    assert guild.filesize_limit == 10 * 1024 * 1024
    assert robot.user is not None
    assert robot.user.id == robot.application_id
    avatar = await robot.user.default_avatar.read()
    assert avatar.startswith(b"\x89PNG")
    assert sandbox.bot_online.is_set()
    await robot.close()
    await sandbox.wait_for(lambda: not sandbox.bot_online.is_set())


async def test_a_dropped_socket_is_resumed_and_missed_events_arrive(
    sandbox: Sandbox, run: Running
) -> None:
    robot = await run(Robot())
    sandbox.faults.drop_gateway()
    said = await sandbox.person("Mia").say("lobby", "while you were out")
    await sandbox.wait_for(lambda: sandbox.gateway.resumed == 1)
    await sandbox.wait_for(sandbox.bot_online.is_set)
    await robot.until("message")
    message = robot.seen("message")[0][0]
    assert message.id == int(said["id"])
    assert message.content == ""
    assert sandbox.gateway.identified == 1


async def test_op_7_makes_the_bot_come_back_and_op_9_makes_it_identify_again(
    sandbox: Sandbox, run: Running
) -> None:
    robot = await run(Robot())
    sandbox.faults.reconnect()
    await sandbox.wait_for(lambda: sandbox.gateway.resumed == 1)
    sandbox.faults.invalidate_session()
    await sandbox.wait_for(lambda: sandbox.gateway.identified == 2)
    assert len(robot.shards) == 1
    await sandbox.person("Mia").say("lobby", "still there?")
    await robot.until("message")


async def test_op_9_of_a_session_that_may_be_resumed(sandbox: Sandbox, run: Running) -> None:
    robot = await run(Robot())
    sandbox.faults.invalidate_session(resumable=True)
    said = await sandbox.person("Mia").say("lobby", "while you were out")
    await sandbox.wait_for(lambda: sandbox.gateway.resumed == 1)
    await robot.until("message")
    assert robot.seen("message")[0][0].id == int(said["id"])
    assert sandbox.gateway.identified == 1


async def test_a_line_that_is_dead_and_not_cut_is_noticed_by_the_heartbeat(
    endpoints: None, run: Running, sandbox: Sandbox
) -> None:
    sandbox.gateway._heartbeat_ms = 50
    robot = Robot()
    robot._connection.heartbeat_timeout = 0.2
    await run(robot)
    sandbox.faults.mute_gateway()
    said = await sandbox.person("Mia").say("lobby", "can you hear me?")
    await sandbox.wait_for(lambda: sandbox.gateway.resumed == 1)
    await robot.until("message")
    assert robot.seen("message")[0][0].id == int(said["id"])


async def test_events_that_come_twice(sandbox: Sandbox, run: Running) -> None:
    robot = await run(Robot())
    sandbox.faults.repeat_events("MESSAGE_CREATE")
    await sandbox.person("Mia").say("lobby", "once")
    sandbox.faults.repeat_events()
    await sandbox.person("Mia").say("lobby", "then")
    await robot.until("message", 3)
    first, again, other = (seen[0].id for seen in robot.seen("message"))
    assert first == again != other


async def test_content_is_hidden_except_where_discord_shows_it(
    sandbox: Sandbox, run: Running
) -> None:
    robot = await run(Robot())
    mia = sandbox.person("Mia")
    await mia.say("lobby", "secret")
    await mia.say("lobby", f"hello <@{sandbox.world.bot.id}>")
    await mia.say(mia.dm, "in private")
    await robot.until("message", times=3)
    contents = [args[0].content for args in robot.seen("message")]
    assert contents == ["", f"hello <@{sandbox.world.bot.id}>", "in private"]
    channel = robot.get_channel(int(sandbox.world.find_channel("lobby").id))
    assert isinstance(channel, discord.TextChannel)
    fetched = [each.content async for each in channel.history()]
    assert fetched == [f"hello <@{sandbox.world.bot.id}>", ""]


async def test_reactions_and_deletions_are_told(sandbox: Sandbox, run: Running) -> None:
    robot = await run(Robot())
    channel = robot.get_channel(int(sandbox.world.find_channel("imagine").id))
    assert isinstance(channel, discord.TextChannel)
    sent = await channel.send("grid")
    await sent.add_reaction("👍")
    mia = sandbox.person("Mia")
    await mia.react(str(sent.id), "❌")
    await robot.until("raw_reaction_add", times=2)
    event = robot.seen("raw_reaction_add")[1][0]
    assert (event.user_id, str(event.emoji)) == (int(mia.id), "❌")
    assert event.message_author_id == int(sandbox.world.bot.id)
    await mia.unreact(str(sent.id), "❌")
    await robot.until("raw_reaction_remove")
    shown = mia.message(str(sent.id))
    assert shown is not None
    assert [(each["emoji"]["name"], each["me"]) for each in shown["reactions"]] == [("👍", False)]
    await sent.delete()
    await robot.until("raw_message_delete")
    assert mia.messages("imagine") == []


async def test_events_need_their_intent(sandbox: Sandbox, run: Running) -> None:
    robot = await run(Robot(intents=discord.Intents(guilds=True, dm_messages=True)))
    mia = sandbox.person("Mia")
    await mia.say("lobby", "unheard")
    await mia.say(mia.dm, "heard")
    await robot.until("message")
    assert [args[0].content for args in robot.seen("message")] == ["heard"]


async def test_two_shards_share_the_guilds(sandbox: Sandbox, run: Running) -> None:
    robot = await run(Robot(shard_count=2))
    guild = robot.get_guild(int(sandbox.world.guild.id))
    assert guild is not None
    assert guild.shard_id == (guild.id >> 22) % 2
    mia = sandbox.person("Mia")
    await mia.say(mia.dm, "to shard 0")
    await mia.say("lobby", "to the guild's shard")
    await robot.until("message", times=2)


async def test_new_channels_roles_and_permissions_reach_the_bot(
    sandbox: Sandbox, run: Running
) -> None:
    robot = await run(Robot())
    sandbox.world.add_channel("ideas")
    sandbox.world.add_role("Beta")
    sandbox.world.deny_bot("ideas", "SEND_MESSAGES")
    await robot.until("guild_channel_update")
    guild = robot.get_guild(int(sandbox.world.guild.id))
    assert guild is not None
    assert "Beta" in {role.name for role in guild.roles}
    channel = discord.utils.get(guild.text_channels, name="ideas")
    assert channel is not None
    assert not channel.permissions_for(guild.me).send_messages


async def frames(
    session: aiohttp.ClientSession, sandbox: Sandbox, *sent: Any, query: str = "?v=10"
) -> tuple[list[Any], int | None]:
    """Send raw frames; returns what came until the server closed, and its close code."""
    got: list[Any] = []
    async with session.ws_connect(sandbox.gateway_url + query) as socket:
        for each in sent:
            await socket.send_str(each if isinstance(each, str) else json.dumps(each))
        async for message in socket:
            got.append(json.loads(message.data))
        return got, socket.close_code


IDENTIFY: dict[str, Any] = {"token": "sandbox-token", "intents": 1, "properties": {}}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"op": 2, "d": IDENTIFY | {"token": "wrong"}}, 4004),
        ({"op": 2, "d": IDENTIFY | {"intents": 1 << 15}}, 4014),
        ({"op": 2, "d": IDENTIFY | {"intents": 1 << 40}}, 4013),
        ({"op": 2, "d": IDENTIFY | {"shard": [2, 2]}}, 4010),
        ({"op": 2, "d": IDENTIFY | {"shard": [0]}}, 4010),
        ({"op": 2, "d": IDENTIFY | {"shard": "0"}}, 4010),
        ({"op": 2, "d": IDENTIFY | {"shard": [-1, 2]}}, 4010),
        ({"op": 3, "d": {}}, 4003),
        ({"op": 6, "d": {"token": "wrong"}}, 4004),
        ("not json", 4002),
        ("[]", 4002),
        ("x" * 5000, 4002),
    ],
)
async def test_wrong_frames_close_with_discords_codes(
    sandbox: Sandbox, session: aiohttp.ClientSession, frame: Any, code: int
) -> None:
    got, closed = await frames(session, sandbox, frame)
    assert got[0]["op"] == 10
    assert closed == code


async def test_identifying_twice_and_unknown_opcodes(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    identify = {"op": 2, "d": IDENTIFY}
    got, closed = await frames(session, sandbox, {"op": 1, "d": None}, identify, identify)
    assert [each["op"] for each in got[:2]] == [10, 11]
    assert [each["t"] for each in got[2:]] == ["READY", "GUILD_CREATE"]
    assert got[2]["d"]["resume_gateway_url"].startswith("ws://127.0.0.1:")
    assert closed == 4005
    assert (await frames(session, sandbox, identify, {"op": 99}))[1] == 4001
    assert (await frames(session, sandbox, query="?v=6"))[1] == 4012


async def test_an_unknown_session_cannot_be_resumed(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    resume = {"token": sandbox.token, "session_id": "gone", "seq": 3}
    async with session.ws_connect(sandbox.gateway_url) as socket:
        await socket.send_json({"op": 6, "d": resume})
        assert (await socket.receive_json())["op"] == 10
        assert await socket.receive_json() == {"op": 9, "d": False}


def test_compressed_streams_read_back() -> None:
    texts = ["hello", "ü" * 100_000]
    squeeze = compressor("zlib-stream")
    assert squeeze is not None
    reader = zlib.decompressobj()
    assert [reader.decompress(squeeze(text)).decode() for text in texts] == texts
    assert compressor(None) is None
    with pytest.raises(KeyError):
        compressor("rot13")


def test_zstd_frames_are_raw_blocks() -> None:
    squeeze = ZstdStream()
    first, second = squeeze("hello"), squeeze("x" * 200_000)
    assert first[:4] == bytes.fromhex("28b52ffd")
    assert first[6:] == (5 << 3).to_bytes(3, "little") + b"hello"
    sizes = [int.from_bytes(second[:3], "little") >> 3]
    sizes.append(int.from_bytes(second[3 + sizes[0] :][:3], "little") >> 3)
    assert sizes == [131_072, 200_000 - 131_072]


async def test_nothing_leaves_loopback(
    sandbox: Sandbox, run: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts: set[str] = set()
    loop = asyncio.get_running_loop()
    connect = loop.create_connection

    async def watched(factory: Any, host: Any = None, *args: Any, **options: Any) -> Any:
        sock = options.get("sock")
        hosts.add(sock.getpeername()[0] if sock is not None else str(host))
        return await connect(factory, host, *args, **options)

    monkeypatch.setattr(loop, "create_connection", watched)
    await run(Robot())
    sandbox.faults.drop_gateway()
    await sandbox.wait_for(lambda: sandbox.gateway.resumed == 1)
    sandbox.faults.invalidate_session()
    await sandbox.wait_for(lambda: sandbox.gateway.identified == 2)
    assert hosts == {"127.0.0.1"}
