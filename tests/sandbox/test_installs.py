"""A guild to which the application was added without its bot user."""

from __future__ import annotations

import discord
import pytest

from bot.sandbox import Sandbox, avatar
from bot.sandbox.world.guild import Guild
from tests.kit.robots import Api, Robot, Running, Waiter, picture


@pytest.fixture
def elsewhere(sandbox: Sandbox) -> Guild:
    return sandbox.world.add_guild("Elsewhere", members=("Mia",), bot=False)


async def test_commands_work_and_messages_do_not(
    sandbox: Sandbox, run: Running, elsewhere: Guild
) -> None:
    robot = await run(Waiter())
    used = await sandbox.person("Mia").slash("wait", channel="elsewhere")
    interaction = await robot.asked.get()
    assert interaction.guild_id == int(elsewhere.id)
    assert robot.get_guild(int(elsewhere.id)) is None
    assert interaction.is_guild_integration()
    assert interaction.context.guild
    answering = {"attach_files": True, "embed_links": True, "use_external_emojis": True}
    assert interaction.app_permissions == discord.Permissions(**answering)
    await interaction.response.defer(thinking=True)
    await interaction.edit_original_response(content="drawn", attachments=[picture()])
    channel = interaction.channel
    assert isinstance(channel, discord.TextChannel)
    with pytest.raises(discord.Forbidden) as caught:
        await channel.send("drawn")
    assert caught.value.code == 50001
    shown = sandbox.person("Mia").messages("elsewhere")
    assert [each["content"] for each in shown] == ["drawn"]
    assert sandbox.files[shown[0]["attachments"][0]["url"]] == avatar(0)
    assert used.acknowledged


async def test_the_gateway_tells_nothing_of_that_guild(
    sandbox: Sandbox, run: Running, elsewhere: Guild
) -> None:
    robot = await run(Robot())
    assert [each.id for each in robot.guilds] == [int(sandbox.world.guild.id)]
    sandbox.world.add_channel("more", guild=elsewhere)
    mia = sandbox.person("Mia")
    await mia.say("elsewhere", "unheard")
    await mia.say("lobby", "heard")
    await robot.until("message")
    assert [args[0].guild.name for args in robot.seen("message")] == ["Easel Studio"]
    told = [args[0] for args in robot.seen("socket_event_type")]
    assert told == ["READY", "GUILD_CREATE", "MESSAGE_CREATE"]


async def test_rest_knows_nothing_of_that_guild_but_its_commands(
    sandbox: Sandbox, api: Api, elsewhere: Guild
) -> None:
    path = f"/guilds/{elsewhere.id}"
    channel = f"/channels/{sandbox.world.find_channel('elsewhere').id}"
    assert (await api("GET", path)).error == (404, 10004)
    for rest in ("/roles", "/channels", "/threads/active", "/members/1"):
        assert (await api("GET", path + rest)).error == (403, 50001)
    assert (await api("GET", channel)).error == (403, 50001)
    assert (await api("POST", channel + "/messages", {"content": "x"})).error == (403, 50001)
    application = f"/applications/{sandbox.world.bot.id}"
    assert (await api("GET", f"{application}{path}/commands")).body == []


async def test_who_meets_the_bot_nowhere_gets_no_direct_messages(
    sandbox: Sandbox, api: Api, elsewhere: Guild
) -> None:
    sandbox.world.add_user("Otto", guild=elsewhere)
    otto, mia = sandbox.person("Otto"), sandbox.person("Mia")
    body = {"content": "your picture"}
    assert (await api("POST", f"/channels/{otto.dm}/messages", body)).error == (403, 50278)
    assert (await api("POST", f"/channels/{mia.dm}/messages", body)).status == 200
