"""`--stealth`: nobody else sees anything of it, and its owner has all of it in direct messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.errors import RenderFailed
from bot.sandbox import Sandbox
from tests.kit import books, messages
from tests.kit.easel import Easel, running, settings_for
from tests.kit.executor import FakeExecutor
from tests.kit.scene import Scene

POST = r"^/channels/\d+/messages$"


@pytest.fixture
def worker() -> FakeExecutor:
    return FakeExecutor(1, automatic=True)


@pytest.fixture
async def easel(sandbox: Sandbox, tmp_path: Path, worker: FakeExecutor) -> AsyncIterator[Easel]:
    async with running(sandbox, settings_for(sandbox, tmp_path), worker) as one:
        yield one


async def hidden(mia: Scene, prompt: str = "a fox --stealth") -> messages.Message:
    """What comes by direct message, once nothing is left in the channel."""
    known = {each["id"] for each in mia.results(mia.dm)}
    await (await mia.slash("imagine", prompt=prompt)).ack()
    grid = await mia.new_result(known, mia.dm)
    await mia.sandbox.wait_for(lambda: not mia.private())
    return grid


async def test_it_comes_by_direct_message_and_others_see_nothing(
    worker: FakeExecutor, mia: Scene, noah: Scene
) -> None:
    worker.automatic = False
    await (await mia.slash("imagine", prompt="a fox --stealth --turbo")).ack()
    run = await worker.started(1)
    await mia.sandbox.wait_for(mia.private)
    [progress] = mia.private()
    assert "(turbo, stealth)" in progress["content"]
    assert list(messages.buttons(progress)) == ["Cancel"]
    assert noah.person.messages("imagine") == []
    await run.finish()
    grid = await mia.new_result(set(), mia.dm)
    assert grid["content"] == f"**a fox --turbo --stealth** - {mia.mention} (turbo, stealth)"
    await mia.sandbox.wait_for(lambda: not mia.private())
    assert noah.person.messages("imagine") == mia.person.messages("imagine") == []


async def test_who_wants_it_always_says_so_once(mia: Scene) -> None:
    for command, said in (("relax", "those in a hurry"), ("stealth", "to you alone")):
        press = await mia.slash(command)
        await press.ack()
        assert press.original is not None
        assert said in press.original["content"]
        assert press.original["flags"] & messages.EPHEMERAL
    known = {each["id"] for each in mia.results(mia.dm)}
    await (await mia.slash("imagine", prompt="a fox")).ack()
    grid = await mia.new_result(known, mia.dm)
    assert grid["content"] == f"**a fox** - {mia.mention} (relaxed, stealth)"
    await (await mia.slash("public")).ack()
    shown = await mia.imagine("a fox --fast")
    assert shown["content"] == f"**a fox --fast** - {mia.mention}"


async def test_its_buttons_work_where_it_is(mia: Scene) -> None:
    grid = await hidden(mia)
    single = await mia.press(grid, "U1")
    assert single["channel_id"] == mia.dm
    again = await mia.refused(await mia.click(grid, "U1"))
    assert f"/channels/@me/{mia.dm}/{single['id']}" in again
    varied = await mia.press(grid, "V2")
    assert (varied["channel_id"], mia.results()) == (mia.dm, [])


async def test_who_takes_no_direct_messages_has_it_where_they_asked(
    tmp_path: Path, mia: Scene, noah: Scene
) -> None:
    mia.person.close_dms()
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    await mia.sandbox.wait_for(mia.results)
    [grid] = mia.results()
    assert grid["flags"] & messages.EPHEMERAL
    assert (noah.person.messages("imagine"), books.spent(tmp_path)) == ([], 1)
    await (await mia.click(grid, "U1")).ack()
    await mia.sandbox.wait_for(lambda: len(mia.results()) == 2)
    assert noah.person.messages("imagine") == []


async def test_show_brings_what_could_be_brought_nowhere(mia: Scene, noah: Scene) -> None:
    mia.person.close_dms()
    mia.sandbox.faults.fail("POST", r"^/webhooks/", 404, code=10015, times=5)
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    await mia.sandbox.wait_for(lambda: any("`/show`" in each["content"] for each in mia.private()))
    mia.sandbox.faults.clear()
    assert "nothing to bring" in await noah.refused(await noah.slash("show"))
    await (await mia.slash("show")).ack()
    await mia.sandbox.wait_for(mia.results)
    assert noah.results() == noah.notices() == []


@pytest.mark.parametrize("way", ["a command", "a press"])
async def test_who_could_not_be_told_is_told_with_the_next_answer(
    sandbox: Sandbox, tmp_path: Path, way: str
) -> None:
    """Direct messages are closed, and a restart has forgotten the token of the command."""
    mia, noah = Scene(sandbox, "Mia"), Scene(sandbox, "Noah")
    settings = settings_for(sandbox, tmp_path)
    async with running(sandbox, settings, FakeExecutor(1, automatic=True)):
        grid = await mia.imagine("an owl")
    worker = FakeExecutor(1)
    async with running(sandbox, settings, worker):
        await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
        await worker.started(1)
        await sandbox.wait_for(mia.private)
    mia.person.close_dms()
    async with running(sandbox, settings, FakeExecutor(1, automatic=True)):
        given_up = "SELECT untold FROM deliveries WHERE given_up = 'refused'"
        while not await asyncio.to_thread(books.rows, tmp_path, given_up):
            await books.rest()
        assert "could not be brought" not in str(mia.private())
        await (await noah.slash("info")).ack()
        press = await (mia.slash("info") if way == "a command" else mia.click(grid, "V1"))
        await press.ack()
        said = await sandbox.wait_for(lambda: told(mia))
        assert len(said) == 1
        await (await mia.slash("info")).ack()
        await (await mia.slash("show")).ack()
        found = await sandbox.wait_for(lambda: [each for each in mia.results() if private(each)])
        assert found[0]["content"].startswith("**a fox --stealth**")
        await (await mia.slash("info")).ack()
        assert (len(told(mia)), told(noah)) == (1, [])
        assert {row["untold"] for row in books.rows(tmp_path, "SELECT untold FROM deliveries")} == {
            0
        }
    assert not [each for each in noah.person.messages("imagine") if "fox" in each["content"]]


def private(message: messages.Message) -> bool:
    return bool(message["flags"] & messages.EPHEMERAL)


def told(person: Scene) -> list[messages.Message]:
    return [each for each in person.private() if "could not be brought" in each["content"]]


async def test_a_failure_is_told_to_its_owner_alone(
    worker: FakeExecutor, mia: Scene, noah: Scene
) -> None:
    worker.automatic = False
    await (await mia.slash("imagine", prompt="a fox --stealth")).ack()
    run = await worker.started(1)
    mia.sandbox.faults.fail("PATCH", r"^/webhooks/", 404, code=10015, times=9)
    await run.fail(RenderFailed("bad", "no"))
    await mia.sandbox.wait_for(lambda: mia.notices(mia.dm))
    assert "Nothing was charged" in mia.notices(mia.dm)[0]["content"]
    assert noah.person.messages("imagine") == []


async def test_several_are_hidden_together(mia: Scene, noah: Scene) -> None:
    await (await mia.slash("imagine", prompt="a {red, blue} fox --stealth")).ack()
    [offer] = await mia.sandbox.wait_for(mia.private)
    await (await mia.click(offer, "Draw")).ack()
    await mia.sandbox.wait_for(lambda: len(mia.results(mia.dm)) == 2)
    assert noah.person.messages("imagine") == mia.results() == []


@pytest.mark.parametrize("prompt", ["a fox --stealth", "a private garden"])
async def test_not_even_a_slow_answer_shows_it(
    easel: Easel, worker: FakeExecutor, mia: Scene, noah: Scene, prompt: str
) -> None:
    worker.automatic = False
    easel.bot.acknowledger._quick_s = 0.0
    planner = easel.core.service.drawing._planner
    plan = planner.plan
    seen: list[int] = []

    async def slow(*asked: object, **more: object) -> object:
        await asyncio.sleep(0.2)
        seen.append(len(noah.person.messages("imagine")))
        return await plan(*asked, **more)  # type: ignore[arg-type]

    planner.plan = slow  # type: ignore[method-assign]
    await (await mia.slash("imagine", prompt=prompt)).ack()
    await worker.started(1)
    hides = "--stealth" in prompt
    await mia.sandbox.wait_for(lambda: mia.private() if hides else mia.notices())
    assert seen == [0 if hides else 1]
    assert len(noah.person.messages("imagine")) == (not hides)
