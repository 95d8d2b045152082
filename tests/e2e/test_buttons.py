"""Every button on any message works or explains itself: forged, foreign, old and future ones."""

from __future__ import annotations

import time

import pytest

from bot.chat.admin.items import PanelItem
from bot.chat.buttons import JobButton
from bot.chat.pages import PageButton
from bot.chat.panel import SettingButton, SettingMenu
from bot.service.pictures import Pictures
from bot.service.rules import Rules
from tests.kit import books, messages
from tests.kit.beside import ERRANDS
from tests.kit.easel import Easel, Gate
from tests.kit.scene import Scene


def forge(easel: Easel, channel: object, *custom_ids: str) -> messages.Message:
    """A message of the bot with buttons of the test's choice."""
    sandbox = easel.sandbox
    where = sandbox.world.find_channel(channel)
    row = [
        {"type": 2, "style": 2, "label": f"B{number}", "custom_id": custom_id}
        for number, custom_id in enumerate(custom_ids)
    ]
    body = {"content": "forged", "components": [{"type": 1, "components": row}]}
    return {"id": sandbox.messages.write(where, sandbox.world.bot, body).id}


async def answer(easel: Easel, person: Scene, message: messages.Message, button: str) -> str:
    return await person.refused(await person.click(message, button))


@pytest.mark.parametrize(
    ("custom_id", "words"),
    [
        ("easel:outpaint_left:{job}:1", "knows more"),
        ("easel:imagine:{job}:1", "knows more"),
        ("easel:vary:{nobody}:1", "do not know this job"),
        ("easel:upscale:{nobody}:1", "do not know this job"),
        ("easel:reroll:{nobody}:0", "do not know this job"),
        ("easel:cancel:{nobody}:0", "do not know this job"),
        ("easel:vary:{job}:9", "no picture 9"),
        ("easel:upscale:{job}:0", "no picture 0"),
        ("easel:upscale:{job}:99", "no picture 99"),
        ("easel:cancel:{job}:0", "over already"),
    ],
)
async def test_forged_buttons_are_answered(
    easel: Easel, custom_id: str, words: str, mia: Scene
) -> None:
    grid = await mia.imagine("a fox")
    name = custom_id.format(job=messages.job_of(grid), nobody="0" * 32)
    assert words in await answer(easel, mia, forge(easel, "lobby", name), name)
    assert books.states(easel.settings.data_dir) == ["succeeded"]
    assert books.spent(easel.settings.data_dir) == 1


@pytest.mark.parametrize("code", ["vary", "upscale", "reroll", "cancel"])
async def test_jobs_of_another_server_do_not_exist(easel: Easel, gate: Gate, code: str) -> None:
    sandbox = easel.sandbox
    mia, ada = Scene(sandbox, "Mia"), Scene(sandbox, "Ada")
    grid = await mia.imagine("a fox")
    await (await mia.slash("imagine", prompt="a slow secret")).ack()
    under_way = await mia.until_drawing()
    running = messages.buttons(under_way)["Cancel"]["custom_id"].split(":")[2]
    sandbox.world.add_guild("Other", owner="Ada", members=("Mia",))
    for place in ("other", ada.dm):
        for job in (messages.job_of(grid), running):
            name = f"easel:{code}:{job}:1"
            message = forge(easel, place, name)
            assert "do not know this job here" in await answer(easel, ada, message, name)
            shown = ada.person.message(message)
            assert shown is not None
            assert shown["content"] == "forged"
    gate.open()
    await sandbox.wait_for(lambda: len(mia.results()) == 2 and not mia.notices())
    assert books.spent(easel.settings.data_dir) == 2


async def test_pictures_that_were_cleared_away_are_explained(easel: Easel, mia: Scene) -> None:
    grid = await mia.imagine("a fox")
    parts = easel.core.parts
    miser = Pictures(
        parts.pictures, parts.files, parts.blobs, Rules(images_max_bytes=0), time.time, ERRANDS
    )
    assert await miser.housekeeping() == 4
    for button in ("U1", "V2"):
        assert "cleared away to save space" in await answer(easel, mia, grid, button)
    assert books.spent(easel.settings.data_dir) == 1
    await mia.press(grid, "🔄")


async def test_old_buttons_work_after_many_messages(easel: Easel, mia: Scene) -> None:
    """discord.py forgets a dynamic item's pattern when a view is stored or times out in certain
    ways, and then the buttons of every message are dead."""
    sandbox = easel.sandbox
    first = await mia.imagine("a fox")
    for button in ("U1", "V1", "🔄"):
        shown = mia.person.message(first)
        assert shown is not None
        await mia.press(shown, button)
    await (await mia.slash("imagine", prompt="an unfit fox")).ack()
    await mia.until_said("⚠️")
    store = easel.bot._connection._view_store
    items = [JobButton, PageButton, SettingButton, SettingMenu, PanelItem]
    assert list(store._dynamic_items.values()) == items
    assert store._views == {}
    assert store._synced_message_views == {}
    press = await mia.click(first, "V4")
    await press.ack()
    await sandbox.wait_for(lambda: len(mia.results()) == 5)


async def test_two_presses_at_once_post_one_picture(easel: Easel) -> None:
    sandbox = easel.sandbox
    mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
    grid = await mia.imagine("a fox")
    held = sandbox.faults.hold("POST", r"^/channels/\d+/messages$")
    first = await mia.click(grid, "U1")
    second = await noah.click(grid, "U1")
    await first.ack()
    await second.ack()
    await held.arrived
    held.release()
    await sandbox.wait_for(lambda: len(mia.results()) == 2)
    single = await noah.refused(await noah.click(grid, "U1"))
    assert mia.results()[-1]["id"] in single
    assert len(mia.results()) == 2
