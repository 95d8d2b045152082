"""Threads as Discord has them: private ones, archived ones, locked ones."""

from __future__ import annotations

import asyncio

import discord
import pytest

from bot.sandbox import Refused, Sandbox, avatar
from bot.sandbox.world.first import BOT_ID
from tests.kit.robots import Api, Robot, Running, Waiter

PNG = avatar(0)
CLOSED = (403, 50083)


async def test_a_private_thread_is_out_of_the_bots_reach_until_it_is_invited(
    sandbox: Sandbox, api: Api
) -> None:
    thread = sandbox.world.threads.add("imagine", "secret", private=True, members=("Mia",))
    path = f"/channels/{thread.id}"
    active = f"/guilds/{sandbox.world.guild.id}/threads/active"
    assert (await api("GET", path)).error == (403, 50001)
    assert (await api("POST", path + "/messages", {"content": "x"})).error == (403, 50001)
    assert (await api("GET", path + "/messages")).error == (403, 50001)
    assert (await api("GET", active)).body["threads"] == []
    sandbox.world.threads.invite(thread, "Easel")
    assert (await api("POST", path + "/messages", {"content": "x"})).status == 200
    assert (await api("GET", path)).body["member"]["user_id"] == BOT_ID
    assert [each["id"] for each in (await api("GET", active)).body["threads"]] == [thread.id]


async def test_only_members_and_moderators_see_a_private_thread(sandbox: Sandbox) -> None:
    sandbox.world.threads.add("imagine", "secret", private=True, members=("Mia",))
    mia, noah, ada = (sandbox.person(name) for name in ("Mia", "Noah", "Ada"))
    await mia.say("secret", "only us")
    assert len(ada.messages("secret")) == 1
    with pytest.raises(Refused, match="cannot see"):
        noah.messages("secret")
    sandbox.world.allow("imagine", noah.id, "MANAGE_THREADS")
    assert len(noah.messages("secret")) == 1


async def test_a_client_knows_of_a_private_thread_only_when_the_bot_is_in_it(
    sandbox: Sandbox, run: Running
) -> None:
    secret = sandbox.world.threads.add("imagine", "secret", private=True, members=("Mia",))
    public = sandbox.world.threads.add("imagine", "foxes")
    robot = await run(Robot())
    guild = robot.get_guild(int(sandbox.world.guild.id))
    assert guild is not None
    assert [each.id for each in guild.threads] == [int(public.id)]
    sandbox.world.threads.add("imagine", "more secrets", private=True)
    sandbox.world.threads.invite(secret, "Easel")
    await robot.until("thread_join")
    assert {each.id for each in guild.threads} == {int(public.id), int(secret.id)}
    assert robot.seen("thread_create") == []


async def test_an_interaction_in_a_private_thread_promises_more_than_the_bot_may(
    sandbox: Sandbox, run: Running
) -> None:
    """Permissions are the parent's; the answer comes through, a message of the bot does not."""
    thread = sandbox.world.threads.add("imagine", "secret", private=True, members=("Mia",))
    robot = await run(Waiter())
    used = await sandbox.person("Mia").slash("wait", channel=thread)
    interaction = await robot.asked.get()
    assert interaction.app_permissions.send_messages_in_threads
    channel = interaction.channel
    assert isinstance(channel, discord.Thread)
    assert channel.is_private()
    assert channel.me is None
    await interaction.response.send_message("here I am")
    with pytest.raises(discord.Forbidden) as caught:
        await channel.send("and here")
    assert caught.value.code == 50001
    assert [each["content"] for each in used.replies] == ["here I am"]


async def test_a_message_opens_an_archived_thread_and_an_edit_does_not(
    sandbox: Sandbox, api: Api
) -> None:
    thread = sandbox.world.threads.add("imagine", "foxes")
    path = f"/channels/{thread.id}/messages"
    sent = (await api("POST", path, {"content": "x"})).body
    one, heart = f"{path}/{sent['id']}", "/reactions/%E2%9D%A4/@me"
    sandbox.world.threads.archive(thread)
    assert (await api("PATCH", one, {"content": "y"})).error == (400, 50083)
    assert (await api("PUT", one + heart)).error == (400, 50083)
    assert (await api("GET", f"/guilds/{sandbox.world.guild.id}/threads/active")).body[
        "threads"
    ] == []
    assert (await api("POST", path, {"content": "z"})).status == 200
    assert not thread.archived
    assert (await api("PATCH", one, {"content": "y"})).status == 200
    sandbox.world.threads.archive(thread)
    assert (await api("DELETE", one)).status == 204


async def test_a_locked_thread_takes_messages_of_moderators_only(
    sandbox: Sandbox, api: Api
) -> None:
    thread = sandbox.world.threads.add("imagine", "foxes")
    path = f"/channels/{thread.id}/messages"
    one = f"{path}/{(await api('POST', path, {'content': 'x'})).body['id']}"
    sandbox.world.threads.lock(thread)
    assert (await api("POST", path, {"content": "y"})).error == CLOSED
    assert (await api.upload("POST", path, {}, a_png=PNG)).error == CLOSED
    assert (await api("PATCH", one, {"content": "y"})).error == CLOSED
    assert (await api("PUT", one + "/reactions/%E2%9D%A4/@me")).status == 204
    sandbox.world.threads.archive(thread)
    assert (await api("POST", path, {"content": "y"})).error == CLOSED
    assert (await api("DELETE", one)).error == (400, 50083)
    sandbox.world.allow_bot("imagine", "MANAGE_THREADS")
    assert (await api("POST", path, {"content": "y"})).status == 200
    assert (thread.archived, thread.locked) == (False, True)


async def test_answers_to_an_interaction_stop_at_a_lock_as_well(
    sandbox: Sandbox, run: Running
) -> None:
    thread = sandbox.world.threads.add("imagine", "foxes")
    robot = await run(Waiter())
    await sandbox.person("Mia").slash("wait", channel="foxes")
    interaction = await robot.asked.get()
    await interaction.response.defer(thinking=True)
    sandbox.world.threads.lock(thread)
    for answer in (
        interaction.edit_original_response(content="done"),
        interaction.followup.send("done", wait=True),
    ):
        with pytest.raises(discord.Forbidden) as caught:
            await answer
        assert caught.value.code == 50083
    sandbox.world.threads.reopen(thread)
    await interaction.edit_original_response(content="done")


async def test_people_open_archived_threads_and_stop_at_locked_ones(
    sandbox: Sandbox, run: Running
) -> None:
    thread = sandbox.world.threads.add("imagine", "foxes")
    robot = await run(Waiter())
    mia, ada = sandbox.person("Mia"), sandbox.person("Ada")
    said = await mia.say("foxes", "hello")
    sandbox.world.threads.archive(thread)
    await mia.slash("wait", channel="foxes")
    assert not thread.archived
    await asyncio.wait_for(robot.asked.get(), 30)
    sandbox.world.threads.lock(thread)
    for action in (
        mia.slash("wait", channel="foxes"),
        mia.say("foxes", "anybody?"),
        mia.react(said, "❤"),
    ):
        with pytest.raises(Refused, match="locked"):
            await action
    await ada.say("foxes", "closed for today")
    await robot.until("raw_thread_update", times=3)
    told = [args[0].data["thread_metadata"] for args in robot.seen("raw_thread_update")]
    states = [(each["archived"], each["locked"]) for each in told]
    assert states == [(True, False), (False, False), (False, True)]
