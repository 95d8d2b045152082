"""What is due is shown: through outages, refusals, trouble of the database and restarts."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Collection
from pathlib import Path

import pytest

from bot.domain.delivery import Delivery
from bot.domain.errors import RenderFailed
from bot.domain.job import Job
from bot.sandbox import MovableClock, Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.scene import Scene

POST = r"^/channels/\d+/messages$"
PATIENCE_S = 30.0
_NOTICED = "SELECT 1 FROM jobs WHERE notice_id <> 0"


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Easel]:
    executor = FakeExecutor(1, automatic=True)
    async with running(sandbox, settings_for(sandbox, tmp_path), executor) as one:
        yield one


def left(folder: Path) -> list[tuple[str, str | None]]:
    """Kind and reason of what is not shown."""
    rows = books.rows(folder, "SELECT kind, given_up FROM deliveries WHERE message_id = 0")
    return [(row["kind"], row["given_up"]) for row in rows]


async def until_all_is_shown(folder: Path) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await asyncio.to_thread(left, folder):
            await books.rest()


async def until_nothing_is_kept_for_posting(folder: Path) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await asyncio.to_thread(lambda: list(folder.rglob("upload.*"))):
            await books.rest()


async def test_an_outage_delays_and_loses_nothing(
    sandbox: Sandbox, easel: Easel, tmp_path: Path, mia: Scene
) -> None:
    held = sandbox.faults.hold("POST", POST)
    for channel in ("imagine", "lobby", "gallery"):
        await (await mia.slash("imagine", prompt="a fox", channel=channel)).ack()
    await held.arrived
    async with sandbox.outage(gateway=False) as outage:
        held.drop()
        sandbox.faults.clear()
        await sandbox.wait_for(lambda: outage.count("POST", POST) >= 6)
        assert books.states(tmp_path) == ["succeeded"] * 3
    for channel in ("imagine", "lobby", "gallery"):
        await mia.new_result(set(), channel)
        assert len(mia.results(channel)) == 1
    await until_all_is_shown(tmp_path)


async def test_a_refusal_without_a_reason_is_tried_again(
    sandbox: Sandbox, easel: Easel, tmp_path: Path, mia: Scene
) -> None:
    sandbox.faults.answer("POST", POST, 403)
    await mia.imagine("a fox")
    assert len(mia.results()) == 1
    await until_all_is_shown(tmp_path)
    [row] = books.rows(tmp_path, "SELECT last_error, tries FROM deliveries WHERE kind = 'result'")
    assert ("403" in row["last_error"], row["tries"]) == (True, 2)


@pytest.mark.parametrize("code", [10003, 50001, 50013, 50083, 160005])
async def test_the_interaction_posts_what_the_bot_may_not(
    sandbox: Sandbox, easel: Easel, tmp_path: Path, mia: Scene, code: int
) -> None:
    sandbox.faults.fail("POST", POST, 403, code=code)
    grid = await mia.imagine("a fox")
    await until_all_is_shown(tmp_path)
    [row] = books.rows(tmp_path, "SELECT message_id, tries FROM deliveries WHERE kind = 'result'")
    assert (str(row["message_id"]), row["tries"]) == (grid["id"], 1)
    assert list(messages.buttons(grid))[:2] == ["U1", "U2"]


async def test_what_nobody_may_post_is_brought_by_show(
    sandbox: Sandbox, easel: Easel, tmp_path: Path, mia: Scene, noah: Scene
) -> None:
    sandbox.faults.fail("POST", r"^/webhooks/", 404, code=10015, times=5)
    sandbox.faults.fail("POST", POST, 403, code=50013)
    await (await mia.slash("imagine", prompt="a fox")).ack()
    said = await mia.until_said("⚠️")
    assert "I may not post it here any more; `/show` brings it" in said["content"]
    assert said["components"] == []
    assert books.spent(tmp_path) == 1
    sandbox.faults.clear()
    assert "nothing to bring" in await noah.refused(await noah.slash("show"))
    await (await mia.slash("show")).ack()
    await sandbox.wait_for(mia.results)
    [grid] = mia.results()
    assert grid["flags"] & messages.EPHEMERAL
    await until_all_is_shown(tmp_path)
    await until_nothing_is_kept_for_posting(tmp_path)
    assert "nothing to bring" in await mia.refused(await mia.slash("show", channel="lobby"))
    await (await mia.click(grid, "V1")).ack()
    await sandbox.wait_for(lambda: len(mia.results()) == 2)


async def test_two_who_bring_a_result_bring_it_once(
    sandbox: Sandbox, easel: Easel, tmp_path: Path, mia: Scene
) -> None:
    """Two commands, which both found it owed."""
    sandbox.faults.fail("POST", r"^/webhooks/", 404, code=10015, times=5)
    sandbox.faults.fail("POST", POST, 403, code=50013)
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await mia.until_said("⚠️")
    sandbox.faults.clear()
    held = sandbox.faults.hold("POST", r"^/webhooks/\d+/[^/]+$")
    asked = [await mia.slash("show") for _ in range(2)]
    for each in asked:
        await each.ack()
        await sandbox.wait_for(lambda each=each: "Here they are" in messages.text_of(each.original))
    await held.arrived
    held.release()
    await sandbox.wait_for(lambda: "another way meanwhile" in str(mia.private()))
    assert len(mia.results()) == 1
    assert left(tmp_path) == []


async def test_what_is_brought_while_the_table_is_read_comes_once(
    sandbox: Sandbox, easel: Easel, tmp_path: Path, mia: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bot is about to try it again when its owner takes it."""
    outbox = easel.core.service.outbox
    due, arrived, go_on = outbox.due, asyncio.Event(), asyncio.Event()

    async def slowly(busy: Collection[int], room: int) -> list[tuple[Delivery, Job]]:
        found = await due(busy, room)
        if any(row.tries for row, _ in found) and not arrived.is_set():
            arrived.set()
            await go_on.wait()
        return found

    monkeypatch.setattr(outbox, "due", slowly)
    sandbox.faults.answer("POST", POST, 403)
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await arrived.wait()
    held = sandbox.faults.hold("POST", r"^/webhooks/\d+/[^/]+$")
    await (await mia.slash("show")).ack()
    await held.arrived
    go_on.set()
    await (await mia.slash("info")).ack()
    held.release()
    [grid] = await sandbox.wait_for(mia.results)
    await until_all_is_shown(tmp_path)
    await (await mia.slash("imagine", prompt="an owl")).ack()
    await mia.new_result({grid["id"]})
    assert len(mia.results()) == 2


async def test_what_is_brought_while_it_is_posted_comes_once(
    sandbox: Sandbox, easel: Easel, tmp_path: Path, mia: Scene
) -> None:
    """Its first try was refused, and its second is under way when its owner asks for it."""
    sandbox.faults.answer("POST", POST, 403)
    first = sandbox.faults.hold("POST", POST)
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await first.arrived
    held = sandbox.faults.hold("POST", POST)
    first.release()
    await held.arrived
    asked = await mia.slash("show")
    await asked.ack()
    await sandbox.wait_for(lambda: "Here they are" in messages.text_of(asked.original))
    held.release()
    await sandbox.wait_for(lambda: "another way meanwhile" in str(mia.private()))
    [grid] = mia.results()
    assert not grid["flags"] & messages.EPHEMERAL


async def test_an_error_of_the_database_loses_nothing(
    sandbox: Sandbox, easel: Easel, tmp_path: Path, mia: Scene
) -> None:
    """The follower of a job used to be the only thing that delivers."""
    executor = easel.core.executor
    assert isinstance(executor, FakeExecutor)
    executor.automatic = False
    press = await mia.slash("imagine", prompt="a fox")
    await press.ack()
    run = await executor.started(1)
    await until_remembered(tmp_path)
    database = easel.core.parts.jobs._database
    await run.finish()
    await database.read(lambda c: c.execute("PRAGMA query_only = ON").fetchall())
    second = sandbox.faults.hold("POST", POST)
    await (await mia.slash("info")).ack()
    second.release()
    await database.read(lambda c: c.execute("PRAGMA query_only = OFF").fetchall())
    await mia.new_result(set())
    assert len(mia.results()) == 1


async def until_remembered(folder: Path) -> None:
    """The database knows the message that shows the progress."""
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(books.rows, folder, _NOTICED):
            await books.rest()


# How jobs end without pictures


async def drawing(sandbox: Sandbox, easel: Easel, mia: Scene) -> FakeExecutor:
    executor = easel.core.executor
    assert isinstance(executor, FakeExecutor)
    executor.automatic = False
    await (await mia.slash("imagine", prompt="a fox")).ack()
    await until_remembered(easel.settings.data_dir)
    await executor.started(1)
    return executor


async def fail(executor: FakeExecutor) -> None:
    await executor.runs[0].fail(RenderFailed("error", "boom"))


async def test_a_failure_is_said_after_an_outage(
    sandbox: Sandbox, easel: Easel, tmp_path: Path, mia: Scene
) -> None:
    executor = await drawing(sandbox, easel, mia)
    async with sandbox.outage(gateway=False) as outage:
        await fail(executor)
        await sandbox.wait_for(lambda: outage.count("PATCH") >= 2)
    said = await mia.until_said("⚠️")
    assert said["components"] == []
    await until_all_is_shown(tmp_path)
    assert len(mia.notices()) == 1


async def test_a_failure_is_said_after_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    mia = Scene(sandbox, "Mia")
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, FakeExecutor(1)) as easel:
        executor = await drawing(sandbox, easel, mia)
        async with sandbox.outage(gateway=False) as outage:
            await fail(executor)
            await sandbox.wait_for(lambda: outage.count("PATCH") >= 1)
            await easel.bot.close()
    async with running(sandbox, settings, FakeExecutor(1)):
        said = await mia.until_said("⚠️")
        assert said["components"] == []
        await until_all_is_shown(tmp_path)


@pytest.mark.parametrize("deleted", [False, True])
async def test_what_was_too_large_is_drawn_smaller_by_a_press(
    sandbox: Sandbox, easel: Easel, mia: Scene, deleted: bool
) -> None:
    executor = await drawing(sandbox, easel, mia)
    [notice] = mia.notices()
    if deleted:
        stored = sandbox.world.message(notice["id"])
        assert stored is not None
        sandbox.messages.delete(stored)
    await executor.runs[0].fail(RenderFailed("out_of_memory", "full", fits=64 * 64))
    said = await mia.until_said("more memory than the machine has; 64×64 fits.")
    await (await mia.click(said, "Draw it at 64×64")).ack()
    run = await executor.started(2)
    assert (run.attempt.request["width"], run.attempt.request["height"]) == (64, 64)


@pytest.mark.parametrize("how", ["deleted", "too old"])
async def test_a_failure_is_said_in_the_channel_where_no_message_can_say_it(
    sandbox: Sandbox, easel: Easel, tmp_path: Path, mia: Scene, how: str
) -> None:
    executor = await drawing(sandbox, easel, mia)
    [notice] = mia.notices()
    if how == "deleted":
        stored = sandbox.world.message(notice["id"])
        assert stored is not None
        sandbox.messages.delete(stored)
    else:
        sandbox.faults.fail("PATCH", "/messages/", 429, code=30046)
    await fail(executor)
    said = await mia.until_said("⚠️")
    assert said["id"] != notice["id"]
    assert "Nothing was charged" in said["content"]
    await until_all_is_shown(tmp_path)


async def test_a_cancel_that_could_not_be_said_is_said_after_a_restart(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    mia = Scene(sandbox, "Mia")
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, FakeExecutor(1)) as easel:
        await drawing(sandbox, easel, mia)
        [notice] = mia.notices()
        async with sandbox.outage(gateway=False) as outage:
            await mia.click(notice, "Cancel")
            await sandbox.wait_for(lambda: outage.count("PATCH") >= 1)
            await easel.bot.close()
    assert books.states(tmp_path) == ["cancelled"]
    async with running(sandbox, settings, FakeExecutor(1)):
        await mia.until_said("(Stopped)")
        await until_all_is_shown(tmp_path)


# The search for an earlier POST


async def test_a_post_of_long_ago_is_found_behind_any_number_of_messages(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
    settings = settings_for(sandbox, tmp_path)
    executor = FakeExecutor(1)
    async with running(sandbox, settings, executor):
        await (await mia.slash("imagine", prompt="a fox")).ack()
        run = await executor.started(1)
        for number in range(501):
            await noah.person.say("imagine", f"talk {number}")
        await run.finish()
        await sandbox.wait_for(mia.results)
        await until_all_is_shown(tmp_path)
    forget_the_message(tmp_path)
    async with running(sandbox, settings, FakeExecutor(1)):
        await until_all_is_shown(tmp_path)
    assert len(mia.results()) == 1


def forget_the_message(folder: Path, ago: float = 360) -> None:
    """As a kill between the POST and its record leaves the row, that many seconds later."""
    with sqlite3.connect(folder / "easel.sqlite3") as database:
        database.execute(
            "UPDATE deliveries SET message_id = 0, sending_at = sending_at - ?, nonce = 'another'",
            (ago,),
        )
    database.close()


# Calling people back


@pytest.mark.parametrize(("waited", "called"), [(30, False), (61, True)])
async def test_who_waited_longer_than_a_minute_is_called_once(
    tmp_path: Path, waited: float, called: bool
) -> None:
    clock = MovableClock(time.time)
    async with Sandbox(port=0, rate_limits=0.1, clock=clock) as sandbox:
        mia, executor = Scene(sandbox, "Mia"), FakeExecutor(1)
        async with running(sandbox, settings_for(sandbox, tmp_path), executor):
            await (await mia.slash("imagine", prompt="a fox <@1200000000000000013>")).ack()
            run = await executor.started(1)
            with sqlite3.connect(tmp_path / "easel.sqlite3") as database:
                database.execute("UPDATE jobs SET created_at = created_at - ?", (waited,))
            database.close()
            await run.finish()
            grid = await mia.new_result(set())
            assert [each["id"] for each in grid["mentions"]] == ([mia.id] if called else [])
            executor.automatic = True
            await mia.press(grid, "U1")
    assert [ping.user_id for ping in sandbox.world.pings] == ([mia.id] if called else [])
