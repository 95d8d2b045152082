"""/admin and /operator, as admins, members and the owner of the bot meet them."""

from __future__ import annotations

import io
import json

import pytest
from discord import Permissions
from PIL import Image

from bot.sandbox import Invocation
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate
from tests.kit.messages import EPHEMERAL, Message, text_of
from tests.kit.scene import Scene


@pytest.fixture
def ada(easel: Easel) -> Scene:
    """Whose bot it is."""
    return Scene(easel.sandbox, "Ada")


@pytest.fixture
def sue(easel: Easel) -> Scene:
    """Who has Manage Server alone."""
    easel.sandbox.world.add_role("Sue", Permissions(manage_guild=True).value)
    easel.sandbox.world.add_user("Sue", roles=["Sue"])
    return Scene(easel.sandbox, "Sue")


async def answered(easel: Easel, press: Invocation, count: int = 1) -> Message:
    """The newest of so many private answers."""
    await press.ack()

    def said() -> list[Message]:
        return [each for each in press.replies if text_of(each).strip()]

    await easel.sandbox.wait_for(lambda: len(said()) >= count, 60)
    assert all(each["flags"] & EPHEMERAL for each in said())
    return said()[-1]


def deeds(easel: Easel) -> list[str]:
    return [row["deed"] for row in books.rows(easel.settings.data_dir, "SELECT deed FROM audit")]


async def test_an_overview_in_pictures_and_words(
    easel: Easel, mia: Scene, noah: Scene, sue: Scene
) -> None:
    nothing = await answered(easel, await sue.slash("admin overview", days=7))
    assert [each["filename"] for each in nothing["attachments"]] == ["jobs.png"]
    await mia.imagine("a fox")
    await mia.imagine("a hare")
    await noah.imagine("an owl")
    shown = await answered(easel, await sue.slash("admin overview"))
    said = text_of(shown)
    for words in ("**3** jobs ended: 3 well", "3 spent", f"{mia.mention} 2", "Easel embedded 3"):
        assert words in said
    names = ["jobs", "waiting", "members", "credits", "refusals"]
    assert [each["filename"] for each in shown["attachments"]] == [f"{name}.png" for name in names]
    described = {each["filename"]: each["description"] for each in shown["attachments"]}
    assert "3 well, 0 failed" in described["jobs.png"]
    assert "Mia: 2, Noah: 1" in described["members.png"]
    images = [each["image"]["url"] for each in shown["embeds"]]
    assert len(set(images)) == 5
    for each in shown["attachments"]:
        with Image.open(io.BytesIO(easel.sandbox.files[each["id"]])) as picture:
            assert picture.size == (1200, 675)
    assert deeds(easel) == ["admin overview"] * 2


async def test_an_admin_pauses_a_server_and_cancels_a_job(
    easel: Easel, mia: Scene, sue: Scene, gate: Gate
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await mia.until_drawing()
    assert "is finished" in text_of(await answered(easel, await sue.slash("admin pause")))
    await (await mia.slash("imagine", prompt="a hare")).ack()
    await mia.until_said("paused drawing here")
    await (await mia.slash("imagine", prompt="an owl --stealth")).ack()
    listed = await answered(easel, await sue.slash("admin jobs"))
    said = text_of(listed)
    assert "`1` 🎨 **a slow fox**" in said
    assert "`2` ⏳ **a hare**" in said
    assert "*stealth*" in said
    assert "owl" not in said
    press = await sue.click(listed, "2")
    await press.ack()
    await mia.until_said("(Stopped)")
    await easel.sandbox.wait_for(lambda: "a hare" not in text_of(sue.person.message(listed)))
    shown = sue.person.message(listed)
    assert shown is not None
    assert list(messages.buttons(shown)) == ["1", "Refresh"]
    gate.open()
    await easel.sandbox.wait_for(mia.results)
    waiting = "SELECT 1 FROM jobs WHERE state = 'waiting'"
    assert len(books.rows(easel.settings.data_dir, waiting)) == 1
    assert "1 job had waited" in text_of(await answered(easel, await sue.slash("admin resume")))
    await easel.sandbox.wait_for(lambda: mia.results(mia.dm))
    assert deeds(easel) == [
        "admin pause",
        "admin jobs",
        "admin cancel",
        "admin jobs",
        "admin resume",
    ]


async def test_a_blocked_server_hears_one_sentence(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene, gate: Gate
) -> None:
    guild = easel.sandbox.world.guild
    elsewhere = easel.sandbox.world.add_guild("Elsewhere", members=("Noah",))
    grid = await mia.imagine("a fox")
    listed = await answered(easel, await ada.slash("operator servers"))
    assert f"**Easel Studio** `{guild.id}`: 1 drawn, 1 credit" in text_of(listed)
    assert "**Elsewhere**" in text_of(listed)
    last = await answered(easel, await ada.slash("operator servers", page=1000))
    assert text_of(last) == text_of(listed)
    assert "page 1 of 1, 2 servers" in text_of(last)
    await (await mia.slash("imagine", prompt="a slow hare")).ack()
    await mia.until_drawing()
    blocked = await answered(easel, await ada.slash("operator block", server=guild.id))
    assert "1 unfinished job of it cancelled" in text_of(blocked)
    await mia.until_said("(Stopped)")
    sentence = "has blocked this server"
    assert sentence in await mia.refused(await mia.slash("imagine", prompt="x"))
    assert sentence in await mia.refused(await mia.slash("info"))
    assert sentence in await mia.refused(await mia.click(grid, "U1"))
    assert sentence in await mia.refused(await mia.person.context("Copy prompt", grid["id"]))
    gate.open()
    assert await noah.imagine("an owl", channel="elsewhere")
    assert elsewhere.id not in text_of(blocked)
    # Who operates the bot lets it in again, from there.
    await answered(easel, await ada.slash("operator unblock", server=guild.id))
    await (await mia.click(grid, "U1")).ack()
    await easel.sandbox.wait_for(lambda: len(mia.results()) == 2)
    rows = books.rows(easel.settings.data_dir, "SELECT * FROM audit WHERE deed LIKE 'operator %'")
    assert [(row["guild_id"], row["deed"], json.loads(row["detail"])) for row in rows] == [
        (0, "operator block", {"guild": int(guild.id)}),
        (0, "operator unblock", {"guild": int(guild.id)}),
    ]


async def test_a_notice_is_beside_every_answer(
    easel: Easel, mia: Scene, ada: Scene, gate: Gate
) -> None:
    words = "Back at *noon*, @everyone"
    told = "📢 Back at \\*noon\\*, \\@everyone"
    said = await answered(easel, await ada.slash("operator notice", text=words))
    assert "Everybody is told" in text_of(said)
    press = await mia.slash("info")
    assert told in text_of(await answered(easel, press, 2))
    asked = await mia.slash("imagine", prompt="a slow fox")
    await asked.ack()
    assert told in (await mia.until_drawing())["content"]
    assert len([each for each in asked.replies if "📢" in text_of(each)]) == 1
    gate.open()
    grid = await mia.new_result(set())
    assert "📢" not in text_of(grid)
    assert not easel.sandbox.world.pings
    await answered(easel, await ada.slash("operator notice"))
    press = await mia.slash("info")
    await answered(easel, press)
    await mia.imagine("an owl")
    assert len(press.replies) == 1


async def test_an_update_waits_for_what_is_drawn(
    easel: Easel, mia: Scene, noah: Scene, ada: Scene, gate: Gate
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await mia.until_drawing()
    await (await noah.slash("imagine", prompt="a hare")).ack()
    press = await ada.slash("operator drain", dm=True)
    assert "1 still being drawn; 1 waits" in text_of(await answered(easel, press))
    assert "Please ask again" in await mia.refused(await mia.slash("imagine", prompt="x"))
    await noah.until_said("until I am updated")
    gate.open()
    assert "safe to update" in text_of(await answered(easel, press, 2))
    assert books.states(easel.settings.data_dir) == ["succeeded", "waiting"]
    await answered(easel, await ada.slash("operator undrain"))
    await easel.sandbox.wait_for(lambda: len(mia.results()) == 2)


async def test_who_may_not(easel: Easel, mia: Scene, noah: Scene, sue: Scene, ada: Scene) -> None:
    grid = await mia.imagine("a fox")
    job = messages.job_of(grid)
    for command in ("servers", "notice", "drain", "undrain", "caps"):
        press = await sue.slash(f"operator {command}", dm=True)
        assert "Only who operates this bot" in await sue.refused(press)
    press = await sue.slash("operator block", server="1", dm=True)
    assert "Only who operates this bot" in await sue.refused(press)
    press = await ada.slash("operator block", server="Easel Studio")
    assert "a long number" in await ada.refused(press)
    # Discord keeps who is no admin from the commands; who knows a button may press it anywhere.
    where = easel.sandbox.world.find_channel("imagine")
    for code, argument in (("admin_cancel", "0"), ("admin_jobs", "0"), ("admin_jobs", "x")):
        custom_id = f"easel:{code}:{job}:0:{argument}"
        button = {"type": 2, "style": 2, "label": "B", "custom_id": custom_id}
        body = {"content": "shown", "components": [{"type": 1, "components": [button]}]}
        message = easel.sandbox.messages.write(where, easel.sandbox.world.bot, body).id
        refused = await noah.refused(await noah.click({"id": message}, "B"))
        assert ("another version" if argument == "x" else "Manage Server") in refused
    assert deeds(easel) == []
