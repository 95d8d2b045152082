"""`kill -9` at every point of a job's life: one end, one message, right credits."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from bot.sandbox import Person, Sandbox
from tests.e2e import scene
from tests.e2e.conftest import Gate
from tests.e2e.process import BotProcess

POST = r"^/channels/\d+/messages$"


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Closed until a test opens it."""
    one = Gate(tmp_path / "gate")
    one.close()
    return one


@pytest.fixture
async def bot(sandbox: Sandbox, tmp_path: Path, gate: Gate) -> AsyncIterator[BotProcess]:
    command = ["tests.e2e.launcher", str(gate.path)]
    process = BotProcess(sandbox, tmp_path / "data", command)
    await process.start()
    yield process
    await process.close()


@pytest.fixture
def mia(sandbox: Sandbox) -> Person:
    return sandbox.person("Mia")


def posts(sandbox: Sandbox) -> int:
    """Posts by the bot's own token that it heard the answer of, repeated nonces included."""
    return sum(
        (call.method, call.path, call.status) == ("POST", "/channels/{channel_id}/messages", 200)
        for call in sandbox.log
    )


async def until_drawing(sandbox: Sandbox, person: Person, channel: str = "imagine") -> None:
    await sandbox.wait_for(
        lambda: any("(33%)" in each["content"] for each in scene.notices(person, channel))
    )


async def until_remembered(person: Person) -> None:
    """Returns when the database knows the message that shows the waiting job."""
    while "[show]" not in await listed(person):
        pass


async def listed(person: Person) -> str:
    press = await person.slash("info", channel="gallery")
    await press.ack()
    assert press.original is not None
    return scene.text_of(press.original)


def assert_all_well(bot: BotProcess, jobs: int) -> None:
    assert scene.states(bot.data) == ["succeeded"] * jobs
    assert scene.spent(bot.data) == jobs
    assert scene.open_holds(bot.data) == 0
    undelivered = "SELECT * FROM outbox WHERE message_id = 0"
    assert not scene.rows(bot.data, undelivered)


async def test_killed_while_waiting(
    sandbox: Sandbox, bot: BotProcess, gate: Gate, mia: Person
) -> None:
    noah = sandbox.person("Noah")
    await (await noah.slash("imagine", prompt="a slow boat", channel="lobby")).ack()
    await until_drawing(sandbox, noah, "lobby")
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await until_remembered(mia)
    await bot.kill()
    assert scene.states(bot.data) == ["running", "waiting"]
    gate.open()
    await bot.start()
    await scene.new_result(sandbox, mia, set())
    await scene.new_result(sandbox, noah, set(), "lobby")
    assert len(scene.results(mia)) == len(scene.results(noah, "lobby")) == 1
    assert_all_well(bot, jobs=2)


@pytest.mark.parametrize("button", [None, "V1"])
async def test_killed_before_the_progress_message_was_recorded(
    sandbox: Sandbox, bot: BotProcess, mia: Person, button: str | None
) -> None:
    known: set[str] = set()
    if button:
        grid = await scene.imagine(sandbox, mia, "a fox")
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
    assert len(scene.notices(mia)) == 1
    await bot.start()
    await scene.new_result(sandbox, mia, known)
    assert len(scene.results(mia)) == len(known) + 1
    assert_all_well(bot, jobs=len(known) + 1)


async def test_killed_while_drawing(
    sandbox: Sandbox, bot: BotProcess, gate: Gate, mia: Person
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await until_drawing(sandbox, mia)
    await bot.kill()
    gate.open()
    await bot.start()
    await scene.new_result(sandbox, mia, set())
    assert len(scene.results(mia)) == 1
    [job] = scene.rows(bot.data, "SELECT attempt, strikes FROM jobs")
    assert tuple(job) == (2, 0)
    assert_all_well(bot, jobs=1)


async def test_killed_before_delivery(sandbox: Sandbox, bot: BotProcess, mia: Person) -> None:
    held = sandbox.faults.hold("POST", POST)
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await held.arrived
    await bot.kill()
    held.drop()
    sandbox.faults.clear()
    assert scene.results(mia) == []
    await bot.start()
    await scene.new_result(sandbox, mia, set())
    assert len(scene.results(mia)) == 1
    assert_all_well(bot, jobs=1)


async def test_killed_after_the_post_arrived_but_before_it_was_recorded(
    sandbox: Sandbox, bot: BotProcess, mia: Person
) -> None:
    held = sandbox.faults.hold("POST", POST, after_effect=True)
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await held.arrived
    await bot.kill()
    held.drop()
    sandbox.faults.clear()
    [grid] = scene.results(mia)
    await bot.start()
    assert (await scene.new_result(sandbox, mia, set()))["id"] == grid["id"]
    assert len(scene.results(mia)) == 1
    assert_all_well(bot, jobs=1)


async def test_a_post_of_long_ago_is_found_in_the_channel_and_adopted(
    sandbox: Sandbox, bot: BotProcess, mia: Person
) -> None:
    held = sandbox.faults.hold("POST", POST, after_effect=True)
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await held.arrived
    await bot.kill()
    held.drop()
    sandbox.faults.clear()
    with sqlite3.connect(bot.data / "easel.sqlite3") as database:
        database.execute("UPDATE outbox SET sending_at = sending_at - 3600")
    database.close()
    [grid] = scene.results(mia)
    before = posts(sandbox)
    await bot.start()
    assert (await scene.new_result(sandbox, mia, set()))["id"] == grid["id"]
    assert posts(sandbox) == before
    [row] = scene.rows(bot.data, "SELECT message_id FROM outbox")
    assert str(row["message_id"]) == grid["id"]
    assert_all_well(bot, jobs=1)


async def test_killed_after_delivery_with_the_progress_still_there(
    sandbox: Sandbox, bot: BotProcess, mia: Person
) -> None:
    held = sandbox.faults.hold("DELETE", r"/messages/")
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await held.arrived
    await bot.kill()
    held.drop()
    sandbox.faults.clear()
    [grid] = scene.results(mia)
    assert len(scene.notices(mia)) == 1
    await bot.start()
    assert (await scene.new_result(sandbox, mia, set()))["id"] == grid["id"]
    assert len(scene.results(mia)) == 1
    assert_all_well(bot, jobs=1)


async def test_killed_after_delivery_and_old_buttons_work(
    sandbox: Sandbox, bot: BotProcess, mia: Person
) -> None:
    grid = await scene.imagine(sandbox, mia, "a fox")
    await bot.kill()
    before = posts(sandbox)
    await bot.start()
    single = await scene.press(sandbox, mia, grid, "U1")
    varied = await scene.press(sandbox, mia, grid, "V2")
    rerolled = await scene.press(sandbox, mia, grid, "🔄")
    assert [each["id"] for each in scene.results(mia)] == [
        each["id"] for each in (grid, single, varied, rerolled)
    ]
    assert posts(sandbox) == before + 3
    assert scene.spent(bot.data) == 3


async def test_a_cancel_button_from_before_the_restart_works(
    sandbox: Sandbox, bot: BotProcess, mia: Person
) -> None:
    press = await mia.slash("imagine", prompt="a slow fox")
    await press.ack()
    await until_drawing(sandbox, mia)
    await bot.kill()
    await bot.start()
    [notice] = scene.notices(mia)
    await (await mia.click(notice, "Cancel")).ack()
    await sandbox.wait_for(lambda: "(Stopped)" in scene.notices(mia)[0]["content"])
    assert scene.states(bot.data) == ["cancelled"]
    assert (scene.spent(bot.data), scene.open_holds(bot.data)) == (0, 0)
    assert scene.results(mia) == []


async def test_killed_before_a_failure_was_said(
    sandbox: Sandbox, bot: BotProcess, gate: Gate, mia: Person
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox that is not stored")).ack()
    await until_drawing(sandbox, mia)
    held = sandbox.faults.hold("PATCH", r"^/webhooks/")
    [notice] = scene.notices(mia)
    press = await mia.click(notice, "Cancel")
    await press.ack()
    await bot.kill()
    held.drop()
    sandbox.faults.clear()
    await bot.start()
    await sandbox.wait_for(lambda: scene.notices(mia)[0]["components"] == [])
    assert "(Stopped)" in scene.notices(mia)[0]["content"]
    assert scene.states(bot.data) == ["cancelled"]
    assert (scene.spent(bot.data), scene.open_holds(bot.data)) == (0, 0)


async def test_a_worker_killed_while_drawing_is_replaced(
    sandbox: Sandbox, bot: BotProcess, gate: Gate, mia: Person
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await until_drawing(sandbox, mia)
    worker = bot.worker
    gate.open()
    worker.kill()
    await scene.new_result(sandbox, mia, set())
    assert bot.worker.pid != worker.pid
    [job] = scene.rows(bot.data, "SELECT attempt, strikes FROM jobs")
    assert tuple(job) == (2, 1)
    assert len(scene.results(mia)) == 1
    assert_all_well(bot, jobs=1)


async def test_a_picture_that_kills_workers_is_given_up_and_others_are_spared(
    sandbox: Sandbox, bot: BotProcess, mia: Person
) -> None:
    noah = sandbox.person("Noah")
    await (await mia.slash("imagine", prompt="a crash of rhinos")).ack()
    await (await noah.slash("imagine", prompt="a fox", channel="lobby")).ack()
    await scene.new_result(sandbox, noah, set(), "lobby")
    failed = await sandbox.wait_for(lambda: [m for m in scene.notices(mia) if "⚠️" in m["content"]])
    assert "stopped the machine twice" in failed[0]["content"]
    assert failed[0]["components"] == []
    [crashed, fine] = scene.rows(bot.data, "SELECT * FROM jobs ORDER BY rowid")
    assert (crashed["state"], crashed["strikes"]) == ("failed", 2)
    assert (fine["state"], fine["strikes"]) == ("succeeded", 0)
    assert crashed["reference"] in failed[0]["content"]
    assert crashed["reference"] in bot.log
    assert scene.spent(bot.data) == 1
    assert scene.open_holds(bot.data) == 0


async def test_sigterm_while_drawing_ends_well_and_is_no_strike(
    sandbox: Sandbox, bot: BotProcess, gate: Gate, mia: Person
) -> None:
    await (await mia.slash("imagine", prompt="a slow fox")).ack()
    await until_drawing(sandbox, mia)
    worker = bot.worker
    assert await bot.terminate() == 0
    assert not psutil.pid_exists(worker.pid)
    assert "Traceback" not in bot.log
    await sandbox.wait_for(lambda: not sandbox.gateway.online)
    gate.open()
    await bot.start()
    await scene.new_result(sandbox, mia, set())
    [job] = scene.rows(bot.data, "SELECT strikes FROM jobs")
    assert job["strikes"] == 0
    assert len(scene.results(mia)) == 1
    assert_all_well(bot, jobs=1)


async def test_sigterm_ends_the_real_command(sandbox: Sandbox, tmp_path: Path) -> None:
    bot = BotProcess(sandbox, tmp_path / "data", ["bot", "run"])
    try:
        await bot.start()
        assert await bot.terminate() == 0
    finally:
        await bot.close()
    assert "Traceback" not in bot.log
    assert sandbox.token not in bot.log
