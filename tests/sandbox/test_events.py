"""A gateway that lags: events held back, events that come late, interactions that come too late."""

from __future__ import annotations

import asyncio

import discord
import pytest

from bot.sandbox import MovableClock, NotResponding, Refused, Sandbox
from tests.kit.robots import Robot, Running, Waiter


async def test_a_late_interaction_reaches_the_bot_when_its_time_is_over(
    sandbox: Sandbox, run: Running
) -> None:
    robot = await run(Waiter())
    mia = sandbox.person("Mia")
    sandbox.faults.late_interactions()
    with pytest.raises(NotResponding):
        await (await mia.slash("wait")).ack()
    with pytest.raises(discord.NotFound) as caught:
        await (await robot.asked.get()).response.defer()
    assert caught.value.code == 10062
    used = await mia.slash("wait")
    await (await robot.asked.get()).response.defer()
    assert (await used.ack())["type"] == 5


async def test_held_events_come_in_order_once_they_are_released(
    sandbox: Sandbox, run: Running, clock: MovableClock
) -> None:
    robot = await run(Waiter())
    mia = sandbox.person("Mia")
    held = sandbox.faults.hold_events("INTERACTION_CREATE")
    first, second = await mia.slash("wait"), await mia.slash("wait")
    await asyncio.wait_for(held.arrived, 30)
    await mia.say("lobby", "others pass")
    await robot.until("message")
    assert robot.asked.empty()
    assert len(held) == 2
    clock.advance(61)
    with pytest.raises(NotResponding):
        await first.ack()
    held.release()
    came = [await robot.asked.get() for _ in range(2)]
    assert [str(each.id) for each in came] == [first.id, second.id]
    with pytest.raises(discord.NotFound):
        await came[0].response.defer()
    used = await mia.slash("wait")
    await (await robot.asked.get()).response.defer()
    assert used.acknowledged


async def test_every_event_may_be_held_and_a_clean_slate_lets_them_go(
    sandbox: Sandbox, run: Running
) -> None:
    robot = await run(Robot())
    mia = sandbox.person("Mia")
    held = sandbox.faults.hold_events()
    await mia.say("lobby", "one")
    sandbox.faults.drop_gateway()
    await sandbox.wait_for(lambda: sandbox.gateway.resumed == 1)
    await mia.say(mia.dm, "two")
    assert len(held) == 2
    assert robot.seen("message") == []
    sandbox.faults.clear()
    await robot.until("message", times=2)
    assert [args[0].content for args in robot.seen("message")] == ["", "two"]


async def test_delayed_events_come_later_and_in_order(sandbox: Sandbox, run: Running) -> None:
    robot = await run(Robot())
    mia = sandbox.person("Mia")
    sandbox.faults.delay_events(0.05, "MESSAGE_CREATE")
    sent = [await mia.say(mia.dm, str(number)) for number in range(20)]
    assert robot.seen("message") == []
    await robot.until("message", times=20)
    assert [str(args[0].id) for args in robot.seen("message")] == [each["id"] for each in sent]
    sandbox.faults.delay_events(3600)
    await mia.say(mia.dm, "an hour late")
    sandbox.faults.clear()
    await robot.until("message", times=21)


async def test_what_a_moderator_deletes_is_told_and_stands_in_the_audit_log(
    sandbox: Sandbox, run: Running
) -> None:
    intents = discord.Intents(guilds=True, guild_messages=True, moderation=True)
    robot = await run(Robot(intents=intents))
    channel = robot.get_channel(int(sandbox.world.find_channel("imagine").id))
    assert isinstance(channel, discord.TextChannel)
    first, second = await channel.send("grid"), await channel.send("another")
    mia, ada = sandbox.person("Mia"), sandbox.person("Ada")
    with pytest.raises(Refused, match="may not delete"):
        await mia.delete(str(first.id))
    await ada.delete(str(first.id))
    await robot.until("raw_message_delete")
    assert robot.seen("audit_log_entry_create") == []
    sandbox.world.add_role("Auditor", 1 << 7)
    sandbox.world.give_role("Easel", "Auditor")
    await ada.delete(str(second.id))
    await robot.until("audit_log_entry_create")
    entry = robot.seen("audit_log_entry_create")[0][0]
    assert entry.action is discord.AuditLogAction.message_delete
    assert (entry.user_id, entry.target.id) == (int(ada.id), int(sandbox.world.bot.id))
    said = await mia.say("imagine", "mine")
    await mia.delete(said)
    await robot.until("raw_message_delete", times=3)
    assert len(robot.seen("audit_log_entry_create")) == 1
