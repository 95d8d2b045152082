"""`kill -9` in the middle of a purge: all of it is done after the next start, and told once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bot.sandbox import Invocation, Sandbox
from tests.e2e.test_crash import bot, mia
from tests.kit import books, messages
from tests.kit.easel import Gate
from tests.kit.messages import Message
from tests.kit.process import BotProcess
from tests.kit.scene import Scene

__all__ = ["bot", "mia"]
LEFT = "SELECT COUNT(*) FROM images WHERE evicted_at IS NULL"


async def until(bot: BotProcess, sql: str, wanted: Callable[[int], bool]) -> None:
    """Return when the database says so."""
    async with asyncio.timeout(books.PATIENCE_S):
        while not wanted((await asyncio.to_thread(books.rows, bot.data, sql))[0][0]):
            await books.rest()


def files(bot: BotProcess, grids: Iterable[Message]) -> list[Path]:
    """The picture files of these."""
    jobs = [messages.job_of(grid) for grid in grids]
    folders = [bot.data / "images" / job[:2] / job[2:4] / job for job in jobs]
    return [path for folder in folders for path in folder.glob("[1-4].webp")]


@pytest.mark.slow
async def test_killed_while_it_deletes(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, own_gate: Gate
) -> None:
    ada, noah = Scene(sandbox, "Ada"), Scene(sandbox, "Noah")
    grids = [await mia.imagine(f"a fox {n}") for n in range(3)]
    single = await mia.press(grids[0], "U1")
    owl = await noah.imagine("an owl")
    await (await mia.slash("imagine", prompt="a slow boat")).ack()
    await mia.until_drawing()
    # The last file cannot be deleted as long as a folder with something in it has its name, and no
    # message can be, so that the kill comes between.
    stuck = files(bot, [grids[2]])[0]
    stuck.unlink()
    (stuck / "more").mkdir(parents=True)
    held = sandbox.faults.hold("DELETE", rf"/messages/{grids[0]['id']}")
    press = await ada.slash("moderation purge", user=mia.id)
    question = await said(sandbox, press, "Delete **13 pictures**")
    await (await ada.click(question, "Delete")).ack()
    await sandbox.wait_for(lambda: "Being deleted: 13 pictures" in str(ada.private()))
    await until(bot, LEFT, lambda left: left == 8)
    await held.arrived
    await bot.kill()
    held.drop()
    sandbox.faults.clear()
    shutil.rmtree(stuck)
    assert len(mia.results()) == 5
    own_gate.open()
    await bot.start()
    await sandbox.wait_for(lambda: [each["id"] for each in mia.results()] == [owl["id"]])
    await until(bot, LEFT, lambda left: left == 4)
    assert files(bot, [*grids, single]) == []
    await until(bot, "SELECT COUNT(*) FROM purges WHERE done_at IS NULL", lambda left: not left)
    # Who asked is told beside their next command, once, and the trail says so once.
    press = await ada.slash("quota log")
    await said(sandbox, press, f"Deleted: 13 pictures by <@{mia.id}>")
    log = messages.text_of(await said(sandbox, press, "deleted 13 pictures"))
    assert log.count("deleted 13 pictures") == 1
    await until(bot, "SELECT COUNT(*) FROM purges", lambda left: not left)
    press = await ada.slash("info")
    await press.ack()
    assert "Deleted:" not in str(press.replies)
    assert (books.spent(bot.data), books.open_holds(bot.data)) == (4, 0)
    assert books.states(bot.data)[-1] == "cancelled"


async def said(sandbox: Sandbox, press: Invocation, words: str) -> Message:
    """The answer that says it."""

    def found() -> list[Message]:
        return [each for each in press.replies if words in messages.text_of(each)]

    return (await sandbox.wait_for(found))[0]
