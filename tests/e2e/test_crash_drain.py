"""Draining for an update, and how the process ends: by the update, in order, or by a crash."""

from __future__ import annotations

import sqlite3

import pytest

from bot.sandbox import Invocation, Sandbox
from tests.e2e.test_crash import all_is_well, bot, mia
from tests.kit import books, messages
from tests.kit.easel import Gate
from tests.kit.process import BotProcess
from tests.kit.scene import Scene

__all__ = ["bot", "mia"]


async def answers(sandbox: Sandbox, press: Invocation, count: int = 1) -> str:
    """What a command was answered by, so often."""
    await press.ack()
    await sandbox.wait_for(lambda: len(press.replies) >= count)
    return "\n".join(map(messages.text_of, press.replies))


async def drained(sandbox: Sandbox, ada: Scene) -> None:
    said = await answers(sandbox, await ada.slash("operator drain"))
    assert "it is safe to update" in said


@pytest.mark.slow
async def test_a_crash_ends_no_draining_and_an_end_in_order_does(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, own_gate: Gate
) -> None:
    ada = Scene(sandbox, "Ada")
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await mia.until_drawing()
    assert "1 still being drawn" in await answers(sandbox, await ada.slash("operator drain"))
    await bot.kill()
    own_gate.open()
    await bot.start()
    assert "begin nothing new" in await mia.refused(await mia.slash("imagine", prompt="x"))
    assert books.states(bot.data) == ["waiting"]
    # Who drained is told, once.
    said = await answers(sandbox, await ada.slash("info"), 2)
    assert "I was started again without an update" in said
    assert "started again" not in await answers(sandbox, await ada.slash("operator drain"))
    # Told to end with nothing left to be drawn: that was the update.
    assert await bot.terminate() == 0
    await bot.start()
    await mia.new_result(set())
    await mia.imagine("an owl")
    assert "started again" not in await answers(sandbox, await ada.slash("info"))
    await all_is_well(bot, jobs=2)


async def test_an_end_in_order_while_something_is_drawn_is_no_update(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, own_gate: Gate
) -> None:
    ada = Scene(sandbox, "Ada")
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await mia.until_drawing()
    await answers(sandbox, await ada.slash("operator drain"))
    assert await bot.terminate() == 0
    own_gate.open()
    await bot.start()
    assert "begin nothing new" in await mia.refused(await mia.slash("imagine", prompt="x"))
    assert "Drawing goes on; 1 waiting" in await answers(
        sandbox, await ada.slash("operator undrain")
    )
    await mia.new_result(set())
    await all_is_well(bot, jobs=1)


@pytest.mark.slow
async def test_another_version_begins_anew_even_after_a_crash(
    sandbox: Sandbox, bot: BotProcess, mia: Scene
) -> None:
    ada = Scene(sandbox, "Ada")
    await drained(sandbox, ada)
    await bot.kill()
    with sqlite3.connect(bot.data / "easel.sqlite3") as database:
        database.execute("UPDATE drains SET version = '0.9'")
    database.close()
    await bot.start()
    await mia.imagine("a fox")
    assert books.rows(bot.data, "SELECT * FROM drains") == []
    assert "updated from 0.9 to" in bot.log
