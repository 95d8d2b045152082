"""Rate limits, and faults made on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from bot.sandbox import MovableClock, Sandbox
from bot.sandbox.rest.ratelimits import RateLimits
from tests.kit.robots import Api, Robot, Running

MESSAGE = ("message-create", "1", 5, 5.0)


def test_a_bucket_empties_and_says_when_it_is_full_again() -> None:
    limits = RateLimits()
    verdicts = [limits.take(MESSAGE, bot=True) for _ in range(6)]
    left = [each.headers["X-RateLimit-Remaining"] for each in verdicts]
    assert left == ["4", "3", "2", "1", "0", "0"]
    assert [each.refused for each in verdicts] == [False] * 5 + [True]
    assert 0 < verdicts[5].retry_after <= 5
    assert not limits.take(("message-create", "2", 5, 5.0), bot=True).refused


def test_the_global_limit_is_for_the_bot_token_only() -> None:
    limits = RateLimits(scale=60)
    assert not any(limits.take(None, bot=True).refused for _ in range(50))
    over = limits.take(None, bot=True)
    assert over.refused
    assert over.everywhere
    assert over.headers["X-RateLimit-Global"] == "true"
    assert not limits.take(None, bot=False).refused
    assert not any(RateLimits(0).take(MESSAGE, bot=True).refused for _ in range(100))


@pytest.fixture
async def strict() -> AsyncIterator[Sandbox]:
    async with Sandbox(rate_limits=1000.0) as made:
        yield made


async def test_the_sixth_message_and_the_sixth_edit_are_refused(
    strict: Sandbox, session: aiohttp.ClientSession
) -> None:
    api = Api(strict, session)
    path = f"/channels/{strict.world.find_channel('imagine').id}/messages"
    sent = [await api("POST", path, {"content": "x"}) for _ in range(6)]
    assert [each.status for each in sent] == [200] * 5 + [429]
    refused = sent[5]
    assert refused.headers["Via"]
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.body["retry_after"] > 0
    assert refused.body["global"] is False
    one = f"{path}/{sent[0].body['id']}"
    edits = [await api("PATCH", one, {"content": "y"}) for _ in range(6)]
    assert [each.status for each in edits] == [200] * 5 + [429]
    other = f"/channels/{strict.world.find_channel('lobby').id}/messages"
    assert (await api("POST", other, {"content": "x"})).status == 200
    webhook = f"/webhooks/{strict.world.bot.id}/token"
    tries = [await api("POST", webhook, {"content": "x"}) for _ in range(6)]
    assert [each.status for each in tries] == [401] * 5 + [429]


async def test_messages_older_than_an_hour_are_edited_three_times_in_six_seconds(
    clock: MovableClock, session: aiohttp.ClientSession
) -> None:
    async with Sandbox(clock=clock, rate_limits=1000.0) as strict:
        api = Api(strict, session)
        path = f"/channels/{strict.world.find_channel('imagine').id}/messages"
        old = [f"{path}/{(await api('POST', path, {'content': 'x'})).body['id']}" for _ in "ab"]
        clock.advance(3601)
        edits = [await api("PATCH", old[number % 2], {"content": "y"}) for number in range(4)]
        assert [each.status for each in edits] == [200, 200, 200, 429]
        refused = edits[3]
        assert refused.error == (429, 30046)
        assert 0 < refused.body["retry_after"] <= 6000
        assert refused.headers["Via"]
        assert int(refused.headers["X-RateLimit-Remaining"]) > 0
        young = f"{path}/{(await api('POST', path, {'content': 'x'})).body['id']}"
        assert (await api("PATCH", young, {"content": "y"})).status == 200


async def test_discord_py_gives_30046_up_after_five_tries(
    endpoints: None, sandbox: Sandbox, run: Running, clock: MovableClock
) -> None:
    robot = await run(Robot())
    channel = robot.get_channel(int(sandbox.world.find_channel("imagine").id))
    assert isinstance(channel, discord.TextChannel)
    sent = await channel.send("grid")
    clock.advance(3601)
    sandbox.limit(0.001)
    sandbox.faults.fail("PATCH", "/messages/", 429, code=30046)
    with pytest.raises(discord.HTTPException) as caught:
        await sent.edit(content="older")
    assert (caught.value.status, caught.value.code) == (429, 30046)
    await sent.edit(content="oldest")


@pytest.mark.parametrize(("scope", "everywhere"), [("shared", False), ("global", True)])
async def test_discord_py_waits_out_a_429_that_no_header_foretold(
    endpoints: None, sandbox: Sandbox, run: Running, scope: str, everywhere: bool
) -> None:
    robot = await run(Robot())
    channel = robot.get_channel(int(sandbox.world.find_channel("imagine").id))
    assert isinstance(channel, discord.TextChannel)
    sandbox.faults.slow_down("POST", "/messages$", 0.01, scope)
    await channel.send("x")
    assert [each.status for each in sandbox.log[-2:]] == [429, 200]
    sandbox.faults.slow_down("*", "", 0.01, scope)
    async with aiohttp.ClientSession() as session:
        refused = await Api(sandbox, session)("GET", "/gateway")
    assert refused.body["global"] is everywhere
    assert refused.headers["X-RateLimit-Scope"] == scope
    assert ("X-RateLimit-Global" in refused.headers) is everywhere


async def test_discord_py_waits_its_turn(endpoints: None, sandbox: Sandbox, run: Running) -> None:
    sandbox.limit(0.05)
    robot = await run(Robot())
    channel = robot.get_channel(int(sandbox.world.find_channel("imagine").id))
    assert isinstance(channel, discord.TextChannel)
    await asyncio.gather(*(channel.send(str(n)) for n in range(12)))
    assert len(sandbox.person("Mia").messages("imagine")) == 12
    assert 429 not in [each.status for each in sandbox.log]


async def test_failures_before_and_after_the_effect(
    sandbox: Sandbox, api: Api, imagine: str
) -> None:
    path = imagine + "/messages"
    sandbox.faults.fail("POST", r"/messages$", 503)
    assert (await api("POST", path, {"content": "a"})).status == 503
    sandbox.faults.fail("POST", r"/messages$", 500, after_effect=True)
    assert (await api("POST", path, {"content": "b"})).status == 500
    sandbox.faults.fail("POST", r"/messages$", 0, after_effect=True)
    with pytest.raises(aiohttp.ClientError):
        await api("POST", path, {"content": "c"})
    sandbox.faults.fail("POST", r"/messages$", 403, code=50013, times=2)
    assert (await api("POST", path, {"content": "d"})).error == (403, 50013)
    assert (await api("POST", path, {"content": "d"})).error == (403, 50013)
    assert (await api("POST", path, {"content": "e"})).status == 200
    shown = [each["content"] for each in sandbox.person("Mia").messages("imagine")]
    assert shown == ["b", "c", "e"]


async def test_a_proxys_refusal_has_no_code(sandbox: Sandbox, run: Running) -> None:
    robot = await run(Robot())
    channel = robot.get_channel(int(sandbox.world.find_channel("imagine").id))
    assert isinstance(channel, discord.TextChannel)
    sandbox.faults.answer("POST", r"/messages$", 403)
    with pytest.raises(discord.Forbidden) as caught:
        await channel.send("grid")
    assert caught.value.code == 0
    assert "Cloudflare" in caught.value.text
    await channel.send("grid")


async def test_a_held_request_waits_for_its_release(
    sandbox: Sandbox, api: Api, imagine: str
) -> None:
    path = imagine + "/messages"
    mia = sandbox.person("Mia")
    hold = sandbox.faults.hold("POST", r"^/channels/\d+/messages$")
    waiting = asyncio.create_task(api("POST", path, {"content": "a"}))
    await asyncio.wait_for(hold.arrived, 10)
    assert mia.messages("imagine") == []
    hold.release()
    assert (await waiting).status == 200
    hold = sandbox.faults.hold("PATCH", r"/messages/", after_effect=True)
    one = f"{path}/{mia.messages('imagine')[0]['id']}"
    waiting = asyncio.create_task(api("PATCH", one, {"content": "b"}))
    await asyncio.wait_for(hold.arrived, 10)
    assert mia.messages("imagine")[0]["content"] == "b"
    hold.drop()
    with pytest.raises(aiohttp.ClientError):
        await waiting
    hold = sandbox.faults.hold("*", r"/messages$")
    waiting = asyncio.create_task(api("POST", path, {"content": "never"}))
    await asyncio.wait_for(hold.arrived, 10)
    hold.drop()
    with pytest.raises(aiohttp.ClientError):
        await waiting
    assert len(mia.messages("imagine")) == 1


async def test_slow_answers_and_a_clean_slate(sandbox: Sandbox, api: Api) -> None:
    sandbox.faults.latency("GET", r"^/users/@me$", 3600)
    waiting = asyncio.create_task(api("GET", "/users/@me"))
    done, _ = await asyncio.wait({waiting}, timeout=0.2)
    assert not done
    waiting.cancel()
    sandbox.faults.clear()
    assert (await api("GET", "/users/@me")).status == 200


async def test_the_log_tells_every_request(sandbox: Sandbox, api: Api, imagine: str) -> None:
    await api("POST", imagine + "/messages", {"content": "x"})
    await api("GET", imagine + "/messages/1")
    post, get = sandbox.log
    assert (post.method, post.path, post.status) == ("POST", "/channels/{channel_id}/messages", 200)
    assert post.bytes > 0
    assert (get.path, get.status, get.code) == (
        "/channels/{channel_id}/messages/{message_id}",
        404,
        10008,
    )
    assert get.url == imagine + "/messages/1"


async def test_waiting_in_vain_names_the_last_requests(sandbox: Sandbox, api: Api) -> None:
    await api("GET", "/users/@me")
    with pytest.raises(TimeoutError, match="GET /users/@me 200"):
        await sandbox.wait_for(lambda: False, timeout=0.01)
    with pytest.raises(TimeoutError):
        await sandbox.bot_ready(timeout=0.01)
