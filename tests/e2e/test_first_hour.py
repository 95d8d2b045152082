"""The first hour of a server: one hello, what its admins choose in it, and `/setup`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import StoreUnavailable
from bot.engine.seam import Executor
from bot.sandbox import Sandbox
from tests.kit import books
from tests.kit.easel import Easel, running, settings_for
from tests.kit.messages import COMPONENTS_V2, EPHEMERAL, Message, components_of, text_of
from tests.kit.scene import Scene

PRESET, CHANNELS = "easel:panel:setup:preset", "easel:panel:setup:channels"


@pytest.fixture
def ada(sandbox: Sandbox) -> Scene:
    """Who owns the server."""
    return Scene(sandbox, "Ada")


async def looked(easel: Easel) -> None:
    """The bot knows which servers are new."""
    while not easel.core.service.first_hour._looked:
        await asyncio.to_thread(lambda: None)


def hellos(sandbox: Sandbox, channel: str) -> list[Message]:
    shown = sandbox.person("Ada").messages(channel)
    return [each for each in shown if "Hello, I am Easel" in text_of(each)]


def rows(folder: Path, sql: str) -> list[Any]:
    return [tuple(row) for row in books.rows(folder, sql)]


async def came(sandbox: Sandbox, **more: Any) -> Any:
    """A new server with one hello in it."""
    guild = sandbox.world.add_guild("Atelier", members=("Mia", "Noah"), **more)
    await sandbox.wait_for(lambda: hellos(sandbox, "atelier"))
    return guild


async def settled(folder: Path) -> None:
    """Nothing is due."""
    while rows(folder, "SELECT 1 FROM greetings WHERE said = 0"):
        await asyncio.to_thread(lambda: None)


async def test_a_hello_once_and_what_is_chosen_in_it(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, ada: Scene
) -> None:
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick) as easel:
        await looked(easel)
        guild = await came(sandbox)
        await settled(tmp_path)
        assert not sandbox.world.pings
        [message] = hellos(sandbox, "atelier")
        assert message["flags"] & COMPONENTS_V2
        # An outage and its end say nothing.
        sandbox.world.lose(guild)
        sandbox.world.found(guild)
        await (await ada.slash("info", channel="atelier")).ack()
    async with running(sandbox, settings, quick) as easel:
        await looked(easel)
        # A member may not choose; after a restart the menus work.
        noah = Scene(sandbox, "Noah")
        refused = await noah.refused(await noah.person.select(message, PRESET, "dalle"))
        assert "Manage Server" in refused
        refused = await noah.refused(await noah.person.select(message, CHANNELS, []))
        assert "Manage Server" in refused
        await (await ada.person.select(message, PRESET, "dalle")).ack()
        where = sandbox.world.find_channel("atelier").id
        await sandbox.wait_for(lambda: "✅ DALL·E 2 style" in text_of(noah.person.message(message)))
        await (await ada.person.select(message, CHANNELS, [where])).ack()
        said = f"✅ Only in <#{where}>."
        await sandbox.wait_for(lambda: said in text_of(noah.person.message(message)))
        assert len(hellos(sandbox, "atelier")) == 1
        assert rows(tmp_path, "SELECT name FROM plans") == [("Free",)]
        assert rows(tmp_path, "SELECT place_id FROM places") == [(int(where),)]
        # What another admin chose since the hello was shown stays.
        kept = sandbox.world.add_channel("kept", guild=guild).id
        adds = await ada.slash("moderation channels", channel="atelier", options={"add": kept})
        assert f"<#{kept}>" in await ada.refused(adds)
        await (await ada.person.select(message, CHANNELS, [])).ack()
        said = f"✅ Only in <#{kept}>."
        await sandbox.wait_for(lambda: said in text_of(noah.person.message(message)))
        # Who removes the bot and adds it again is greeted again.
        sandbox.world.remove_bot(guild)
        while rows(tmp_path, f"SELECT 1 FROM greetings WHERE guild_id = {guild.id}"):
            await asyncio.to_thread(lambda: None)
        sandbox.world.return_bot(guild)
        await sandbox.wait_for(lambda: len(hellos(sandbox, "atelier")) == 2)
        assert "✅ DALL·E 2 style" in text_of(hellos(sandbox, "atelier")[1])
        await settled(tmp_path)


async def test_where_it_is_said_and_where_not(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    """In the system channel, else in the first where the bot may write, else nowhere. Servers that
    the bot was added to while it was away are greeted, those of old are not."""
    world = sandbox.world
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick) as easel:
        await looked(easel)
        assert not [h for name in ("imagine", "gallery", "lobby") for h in hellos(sandbox, name)]
        world.remove_bot(world.guild)
        known = f"SELECT 1 FROM greetings WHERE guild_id = {world.guild.id}"
        while rows(tmp_path, known):
            await asyncio.to_thread(lambda: None)
    world.return_bot(world.guild)
    for name in ("imagine", "lobby"):
        world.deny_bot(name, "SEND_MESSAGES")
    mute = world.add_guild("Mute")
    world.deny_bot("mute", "SEND_MESSAGES")
    annex = world.add_guild("Annex")
    world.add_channel("second", guild=annex)
    annex.system_channel = world.find_channel("second").id
    async with running(sandbox, settings, quick):
        await sandbox.wait_for(lambda: hellos(sandbox, "gallery") and hellos(sandbox, "second"))
        await settled(tmp_path)
    for name in ("imagine", "lobby", "mute", "annex"):
        assert hellos(sandbox, name) == []
    assert rows(tmp_path, f"SELECT said FROM greetings WHERE guild_id = {mute.id}") == [(1,)]


async def test_what_discord_does_not_take_is_said_later(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, quick) as easel:
        await looked(easel)
        sandbox.faults.fail("POST", r"/messages$", 400, code=0, times=1)
        sandbox.world.add_guild("Atelier")
        while not rows(tmp_path, "SELECT 1 FROM greetings WHERE said = 0"):
            await asyncio.to_thread(lambda: None)
        await came_again(sandbox)
        await settled(tmp_path)
        assert len(hellos(sandbox, "atelier")) == 1


async def test_a_crash_after_it_was_said_says_it_once(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord knows the nonce of what was sent just before."""
    settings = settings_for(sandbox, tmp_path)

    async def lost(greeting: object) -> None:
        raise StoreUnavailable("io", "the disk is gone")

    async with running(sandbox, settings, quick) as easel:
        await looked(easel)
        monkeypatch.setattr(easel.core.service.first_hour, "said", lost)
        await came(sandbox)
    assert len(rows(tmp_path, "SELECT 1 FROM greetings WHERE said = 0")) == 1
    async with running(sandbox, settings, quick):
        await settled(tmp_path)
    assert len(hellos(sandbox, "atelier")) == 1


async def test_a_server_that_is_not_served_hears_nothing(
    sandbox: Sandbox, tmp_path: Path, quick: Executor
) -> None:
    settings = settings_for(sandbox, tmp_path, guilds=frozenset({int(sandbox.world.guild.id)}))
    async with running(sandbox, settings, quick) as easel:
        await looked(easel)
        sandbox.world.add_guild("Atelier")
        while not rows(tmp_path, "SELECT 1 FROM greetings WHERE said = 0"):
            await asyncio.to_thread(lambda: None)
    async with running(sandbox, settings_for(sandbox, tmp_path), quick):
        await settled(tmp_path)
    assert len(hellos(sandbox, "atelier")) == 1


async def came_again(sandbox: Sandbox) -> None:
    """Another server comes, which is when what was not said is said."""
    sandbox.world.add_guild("Annex")
    await sandbox.wait_for(lambda: hellos(sandbox, "annex") and hellos(sandbox, "atelier"))


async def test_setup_says_it_again_to_an_admin_alone(easel: Easel, ada: Scene, mia: Scene) -> None:
    assert "setup" not in [each["name"] for each in mia.person.commands("imagine")]
    asked = await ada.slash("setup")
    await asked.ack()
    [shown] = await easel.sandbox.wait_for(lambda: asked.replies)
    assert shown["flags"] & EPHEMERAL
    assert mia.person.message(shown) is None
    press = await ada.person.select(shown, PRESET, "midjourney")
    await press.ack()
    await easel.sandbox.wait_for(lambda: "✅ Midjourney" in text_of(ada.person.message(shown)))
    again = ada.person.message(shown)
    assert again is not None
    [menu] = [each for each in components_of(again) if each.get("custom_id") == PRESET]
    assert [each["value"] for each in menu["options"] if each.get("default")] == ["midjourney"]


@pytest.mark.parametrize("custom_id", ["easel:panel:setup:fly", "easel:panel:moon:land:x:y"])
async def test_what_another_version_has_is_answered(
    easel: Easel, ada: Scene, custom_id: str
) -> None:
    button = {"type": 2, "style": 2, "label": "B", "custom_id": custom_id}
    body = {"content": "shown", "components": [{"type": 1, "components": [button]}]}
    where = easel.sandbox.world.find_channel("imagine")
    message = easel.sandbox.messages.write(where, easel.sandbox.world.bot, body).id
    assert "another version" in await ada.refused(await ada.click({"id": message}, "B"))


async def test_it_is_said_in_the_servers_language_and_setup_in_ones_own(
    sandbox: Sandbox, tmp_path: Path, quick: Executor, ada: Scene
) -> None:
    guild = sandbox.world.guild
    async with running(sandbox, settings_for(sandbox, tmp_path), quick) as easel:
        await looked(easel)
        sandbox.world.remove_bot(guild)
        while rows(tmp_path, f"SELECT 1 FROM greetings WHERE guild_id = {guild.id}"):
            await asyncio.to_thread(lambda: None)
        sandbox.world.keep_in(guild, "de")
        ada.person.speak("ja")
        sandbox.world.return_bot(guild)

        def said() -> list[Message]:
            shown = ada.person.messages("lobby")
            return [each for each in shown if "Hallo, ich bin Easel" in text_of(each)]

        [message] = await sandbox.wait_for(said)
        # Who chooses reads Japanese; what all see stays German.
        await (await ada.person.select(message, PRESET, "open")).ack()
        await sandbox.wait_for(lambda: "✅ Offenes Haus: alle zeichnen" in text_of(said()[0]))
        asked = await ada.slash("setup")
        await asked.ack()
        [shown] = await sandbox.wait_for(lambda: asked.replies)
        assert "こんにちは、Easelです" in text_of(shown)
        assert "✅ オープンハウス" in text_of(shown)
