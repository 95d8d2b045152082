"""/prefer auto_dm: what somebody has drawn comes by direct message, too, and never instead."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, Gate
from tests.kit.messages import Message
from tests.kit.process import BotProcess
from tests.kit.scene import Scene

CLOSED = "You take no direct messages"


async def switch(person: Scene) -> str:
    return await person.refused(await person.slash("prefer auto_dm"))


def told(person: Scene) -> list[str]:
    return [each["content"] for each in person.private() if CLOSED in each["content"]]


async def copies(person: Scene, count: int) -> list[Message]:
    return await person.sandbox.wait_for(
        lambda: len(found := person.results(person.dm)) >= count and found
    )


async def test_a_copy_shows_the_picture_and_the_way_to_it(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    sandbox = easel.sandbox
    assert "by direct message, too" in await switch(mia)
    grid = await mia.imagine("a fox --ar 3:2")
    [copy] = await copies(mia, 1)
    assert copy["content"] == grid["content"]
    assert messages.same_pixels(messages.picture(sandbox, copy), messages.picture(sandbox, grid))
    [way] = messages.buttons(copy).values()
    place = f"{sandbox.world.guild.id}/{grid['channel_id']}/{grid['id']}"
    assert way["url"] == f"https://discord.com/channels/{place}"
    assert messages.buttons(grid).keys() >= {"U1", "V4"}
    single = await mia.press(grid, "U2")
    found = await copies(mia, 2)
    assert messages.job_of(found[1]) == messages.job_of(single)
    await noah.press(grid, "V1")
    await noah.imagine("an owl")
    assert sandbox.world.pings == []
    assert "not by direct message as well" in await switch(mia)
    await mia.imagine("a hare")
    assert (len(mia.results(mia.dm)), noah.results(noah.dm)) == (2, [])
    assert easel.bot._connection._view_store._views == {}


async def test_what_is_hidden_or_asked_for_there_comes_once(easel: Easel, mia: Scene) -> None:
    await switch(mia)
    for asked in ({"prompt": "a fox --stealth"}, {"prompt": "an owl", "dm": True}):
        known = {each["id"] for each in mia.results(mia.dm)}
        await (await mia.slash("imagine", **asked)).ack()
        await mia.new_result(known, mia.dm)
    await mia.imagine("a hare")
    found = await copies(mia, 3)
    assert [each["content"].split("**")[1] for each in found] == [
        "a fox --stealth", "an owl", "a hare",
    ]  # fmt: skip


async def test_who_takes_none_has_the_result_and_is_told_once(easel: Easel, mia: Scene) -> None:
    folder = easel.settings.data_dir
    await switch(mia)
    mia.person.close_dms()
    grid = await mia.imagine("a fox")
    assert list(messages.buttons(grid))[:4] == ["U1", "U2", "U3", "U4"]
    stopped = "SELECT 1 FROM deliveries WHERE kind = 'dm' AND given_up = 'refused'"
    while not await asyncio.to_thread(books.rows, folder, stopped):
        await books.rest()
    await (await mia.slash("info")).ack()
    [said] = await easel.sandbox.wait_for(lambda: told(mia))
    assert "`/prefer auto_dm`" in said
    await mia.press(grid, "V1")
    await (await mia.slash("info")).ack()
    assert len(told(mia)) == 1
    assert books.rows(folder, "SELECT COUNT(*) AS n FROM deliveries WHERE kind = 'dm'")[0]["n"] == 1
    assert "nothing to bring" in await mia.refused(await mia.slash("show"))
    mia.person.open_dms()
    await switch(mia)
    again = await mia.imagine("an owl")
    [copy] = await copies(mia, 1)
    assert copy["content"] == again["content"]


# A crash at every point of a copy's way


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path, own_gate: Gate) -> AsyncIterator[BotProcess]:
    process = BotProcess(sandbox, tmp_path / "data", ["tests.kit.launcher", str(own_gate.path)])
    await process.start()
    yield process
    await process.close()


@pytest.mark.parametrize(
    ("ago", "arrived"),
    [
        (3600, True),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in ((0, False), (0, True))),
        pytest.param(3600, False, marks=pytest.mark.slow),
    ],
)
async def test_killed_while_a_copy_was_sent(
    sandbox: Sandbox, bot: BotProcess, arrived: bool, ago: float
) -> None:
    mia = Scene(sandbox, "Mia")
    await switch(mia)
    held = sandbox.faults.hold("POST", rf"^/channels/{mia.dm}/messages$", after_effect=arrived)
    grid = await mia.imagine("a fox")
    await held.arrived
    await bot.kill()
    held.drop()
    sandbox.faults.clear()
    assert len(mia.results(mia.dm)) == arrived
    with sqlite3.connect(bot.data / "easel.sqlite3") as database:
        database.execute("UPDATE deliveries SET sending_at = sending_at - ?", (ago,))
    database.close()
    await bot.start()
    open_ones = "SELECT 1 FROM deliveries WHERE message_id = 0 AND given_up IS NULL"
    while await asyncio.to_thread(books.rows, bot.data, open_ones):
        await books.rest()
    [copy] = mia.results(mia.dm)
    [result] = mia.results()
    assert (result["id"], copy["content"]) == (grid["id"], grid["content"])
    assert books.spent(bot.data) == 1
