"""`kill -9` at every point of a job's life: one end, one message, right credits."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Gate
from tests.kit.process import BotProcess
from tests.kit.scene import Scene

POST = r"^/channels/\d+/messages$"


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path, own_gate: Gate) -> AsyncIterator[BotProcess]:
    command = ["tests.kit.launcher", str(own_gate.path)]
    process = BotProcess(sandbox, tmp_path / "data", command)
    await process.start()
    yield process
    await process.close()


@pytest.fixture
def mia(sandbox: Sandbox) -> Scene:
    return Scene(sandbox, "Mia")


def posts(sandbox: Sandbox) -> int:
    """Posts by the bot's own token that it heard the answer of, repeated nonces included."""
    return sum(
        (call.method, call.path, call.status) == ("POST", "/channels/{channel_id}/messages", 200)
        for call in sandbox.log
    )


async def until_drawing(sandbox: Sandbox, person: Scene, channel: str = "imagine") -> None:
    await sandbox.wait_for(
        lambda: any("(33%)" in each["content"] for each in person.notices(channel))
    )


async def until_remembered(person: Scene) -> None:
    """Returns when the database knows the message that shows the waiting job."""
    while "[show]" not in await listed(person):
        pass


async def listed(person: Scene) -> str:
    press = await person.slash("info", channel="gallery")
    await press.ack()
    assert press.original is not None
    return messages.text_of(press.original)


async def killed_at(
    bot: BotProcess, person: Scene, method: str, path: str, *, after_effect: bool = False
) -> None:
    """A fox is asked for, and the bot dies before this request is answered."""
    held = person.sandbox.faults.hold(method, path, after_effect=after_effect)
    await (await person.slash("imagine", prompt="a fox")).ack()
    await held.arrived
    await bot.kill()
    held.drop()
    person.sandbox.faults.clear()


async def all_is_well(bot: BotProcess, jobs: int) -> None:
    """Returns when every result that is shown is recorded, and the books are right then."""
    undelivered = "SELECT * FROM deliveries WHERE kind = 'result' AND message_id = 0"
    while await asyncio.to_thread(books.rows, bot.data, undelivered):
        await books.rest()
    assert books.states(bot.data) == ["succeeded"] * jobs
    assert books.spent(bot.data) == jobs
    assert books.open_holds(bot.data) == 0


async def test_killed_while_waiting(
    sandbox: Sandbox, bot: BotProcess, own_gate: Gate, mia: Scene
) -> None:
    noah = Scene(sandbox, "Noah")
    await (await noah.slash("imagine", prompt="a slow boat", channel="lobby")).ack()
    await until_drawing(sandbox, noah, "lobby")
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await until_remembered(mia)
    await bot.kill()
    assert books.states(bot.data) == ["running", "waiting"]
    own_gate.open()
    await bot.start()
    await mia.new_result(set())
    await noah.new_result(set(), "lobby")
    assert len(mia.results()) == len(noah.results("lobby")) == 1
    await all_is_well(bot, jobs=2)


@pytest.mark.parametrize("button", [None, "V1"])
async def test_killed_before_the_progress_message_was_recorded(
    sandbox: Sandbox, bot: BotProcess, mia: Scene, button: str | None
) -> None:
    known: set[str] = set()
    if button:
        grid = await mia.imagine("a fox")
        known.add(grid["id"])
        held = sandbox.faults.hold("POST", r"^/webhooks/", after_effect=True)
        await mia.click(grid, button)
    else:
        held = sandbox.faults.hold("POST", r"^/interactions/", after_effect=True)
        await mia.slash("imagine", prompt="a fox")
    await held.arrived
    await bot.kill()
    held.drop()
    sandbox.faults.clear()
    assert len(mia.notices()) == 1
    await bot.start()
    await mia.new_result(known)
    assert len(mia.results()) == len(known) + 1
    await all_is_well(bot, jobs=len(known) + 1)


async def test_killed_while_drawing(
    sandbox: Sandbox, bot: BotProcess, own_gate: Gate, mia: Scene
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await until_drawing(sandbox, mia)
    await bot.kill()
    own_gate.open()
    await bot.start()
    await mia.new_result(set())
    assert len(mia.results()) == 1
    [job] = books.rows(bot.data, "SELECT attempt, strikes FROM jobs")
    assert tuple(job) == (2, 0)
    await all_is_well(bot, jobs=1)


async def test_killed_before_delivery(bot: BotProcess, mia: Scene) -> None:
    await killed_at(bot, mia, "POST", POST)
    assert mia.results() == []
    await bot.start()
    await mia.new_result(set())
    assert len(mia.results()) == 1
    await all_is_well(bot, jobs=1)


async def test_killed_after_the_post_arrived_but_before_it_was_recorded(
    bot: BotProcess, mia: Scene
) -> None:
    await killed_at(bot, mia, "POST", POST, after_effect=True)
    [grid] = mia.results()
    await bot.start()
    assert (await mia.new_result(set()))["id"] == grid["id"]
    assert len(mia.results()) == 1
    await all_is_well(bot, jobs=1)


async def test_a_post_of_long_ago_is_found_in_the_channel_and_adopted(
    sandbox: Sandbox, bot: BotProcess, mia: Scene
) -> None:
    await killed_at(bot, mia, "POST", POST, after_effect=True)
    with sqlite3.connect(bot.data / "easel.sqlite3") as database:
        database.execute("UPDATE deliveries SET sending_at = sending_at - 3600")
    database.close()
    [grid] = mia.results()
    before = posts(sandbox)
    await bot.start()
    assert (await mia.new_result(set()))["id"] == grid["id"]
    await all_is_well(bot, jobs=1)
    assert posts(sandbox) == before
    [row] = books.rows(bot.data, "SELECT message_id FROM deliveries WHERE kind = 'result'")
    assert str(row["message_id"]) == grid["id"]


async def test_killed_after_delivery_with_the_progress_still_there(
    bot: BotProcess, mia: Scene
) -> None:
    await killed_at(bot, mia, "DELETE", r"/messages/")
    [grid] = mia.results()
    assert len(mia.notices()) == 1
    await bot.start()
    assert (await mia.new_result(set()))["id"] == grid["id"]
    assert len(mia.results()) == 1
    await all_is_well(bot, jobs=1)


async def test_killed_after_delivery_and_old_buttons_work(
    sandbox: Sandbox, bot: BotProcess, mia: Scene
) -> None:
    grid = await mia.imagine("a fox")
    await all_is_well(bot, jobs=1)  # recorded too, so that it is not posted again
    await bot.kill()
    before = posts(sandbox)
    await bot.start()
    single = await mia.press(grid, "U1")
    varied = await mia.press(grid, "V2")
    rerolled = await mia.press(grid, "🔄")
    assert [each["id"] for each in mia.results()] == [
        each["id"] for each in (grid, single, varied, rerolled)
    ]
    assert posts(sandbox) == before + 3
    assert books.spent(bot.data) == 3


async def test_a_cancel_button_from_before_the_restart_works(
    sandbox: Sandbox, bot: BotProcess, mia: Scene
) -> None:
    press = await mia.slash("imagine", prompt="a slow fox")
    await press.ack()
    await until_drawing(sandbox, mia)
    await bot.kill()
    await bot.start()
    [notice] = mia.notices()
    await (await mia.click(notice, "Cancel")).ack()
    await sandbox.wait_for(lambda: "(Stopped)" in mia.notices()[0]["content"])
    assert books.states(bot.data) == ["cancelled"]
    assert (books.spent(bot.data), books.open_holds(bot.data)) == (0, 0)
    assert mia.results() == []


async def test_killed_before_a_failure_was_said(
    sandbox: Sandbox, bot: BotProcess, own_gate: Gate, mia: Scene
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox that is not stored")).ack()
    await until_drawing(sandbox, mia)
    held = sandbox.faults.hold("PATCH", r"^/webhooks/")
    [notice] = mia.notices()
    press = await mia.click(notice, "Cancel")
    await press.ack()
    await bot.kill()
    held.drop()
    sandbox.faults.clear()
    await bot.start()
    await sandbox.wait_for(lambda: mia.notices()[0]["components"] == [])
    assert "(Stopped)" in mia.notices()[0]["content"]
    assert books.states(bot.data) == ["cancelled"]
    assert (books.spent(bot.data), books.open_holds(bot.data)) == (0, 0)


async def test_a_worker_killed_while_drawing_is_replaced(
    sandbox: Sandbox, bot: BotProcess, own_gate: Gate, mia: Scene
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await until_drawing(sandbox, mia)
    worker = bot.worker
    own_gate.open()
    worker.kill()
    await mia.new_result(set())
    assert bot.worker.pid != worker.pid
    [job] = books.rows(bot.data, "SELECT attempt, strikes FROM jobs")
    assert tuple(job) == (2, 1)
    assert len(mia.results()) == 1
    await all_is_well(bot, jobs=1)


async def test_a_picture_that_kills_workers_is_given_up_and_others_are_spared(
    sandbox: Sandbox, bot: BotProcess, mia: Scene
) -> None:
    noah = Scene(sandbox, "Noah")
    await (await mia.slash("imagine", prompt="a crash of rhinos")).ack()
    await (await noah.slash("imagine", prompt="a fox", channel="lobby")).ack()
    await noah.new_result(set(), "lobby")
    failed = await sandbox.wait_for(lambda: [m for m in mia.notices() if "⚠️" in m["content"]])
    assert "stopped the machine twice" in failed[0]["content"]
    assert failed[0]["components"] == []
    [crashed, fine] = books.rows(bot.data, "SELECT * FROM jobs ORDER BY rowid")
    assert (crashed["state"], crashed["strikes"]) == ("failed", 2)
    assert (fine["state"], fine["strikes"]) == ("succeeded", 0)
    assert crashed["reference"] in failed[0]["content"]
    assert crashed["reference"] in bot.log
    assert books.spent(bot.data) == 1
    assert books.open_holds(bot.data) == 0


async def test_sigterm_while_drawing_ends_well_and_is_no_strike(
    sandbox: Sandbox, bot: BotProcess, own_gate: Gate, mia: Scene
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await until_drawing(sandbox, mia)
    worker = bot.worker
    assert await bot.terminate() == 0
    assert not psutil.pid_exists(worker.pid)
    assert "Traceback" not in bot.log
    await sandbox.wait_for(lambda: not sandbox.gateway.online)
    own_gate.open()
    await bot.start()
    await mia.new_result(set())
    [job] = books.rows(bot.data, "SELECT strikes FROM jobs")
    assert job["strikes"] == 0
    assert len(mia.results()) == 1
    await all_is_well(bot, jobs=1)


async def test_sigterm_ends_the_real_command(sandbox: Sandbox, tmp_path: Path) -> None:
    bot = BotProcess(sandbox, tmp_path / "data", ["bot", "run"])
    try:
        await bot.start()
        assert await bot.terminate() == 0
    finally:
        await bot.close()
    assert "Traceback" not in bot.log
    assert sandbox.token not in bot.log
