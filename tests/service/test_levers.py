"""What operator and admins switch: pausing a server, draining the bot, blocking a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dispatch.aside import PAUSED
from bot.domain.action import Action
from bot.domain.errors import Draining, NotAllowed, StoreUnavailable, UserError
from bot.domain.job import JobStatus
from bot.domain.people import Asker
from bot.service.levers import STILL
from bot.service.operating import Standstill
from bot.service.rules import Rules
from tests.kit.app import ADMIN_ASKS, ANNA_ASKS, BERT_ASKS, ELSEWHERE, HERE, House
from tests.kit.values import GUILD

BOSS = Asker(77)
RULES = Rules(operators=frozenset({BOSS.user}))


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[House]:
    """One worker that draws when the test says so."""
    async with House(tmp_path, rules=RULES) as house:
        yield house


async def deeds(house: House, guild: int) -> list[tuple[int, str]]:
    return [(each.actor, each.deed) for each in await house.parts.audit.newest(guild)]


async def test_a_paused_server_waits_and_others_do_not(slow: House) -> None:
    drawn = await slow.imagine("a fox")
    run = await slow.executor.started(1)
    before = await slow.imagine("a hare")
    assert await slow.service.overview.pause(ADMIN_ASKS, GUILD, True) == 1
    after = await slow.imagine("an owl", BERT_ASKS)
    other = await slow.imagine("a cat", origin=ELSEWHERE)
    for job in (before, after):
        update = await slow.seen(job, lambda each: bool(each.note))
        assert (update.note, update.position) == (PAUSED, None)
    await run.finish()
    assert (await slow.end(drawn)).job.status is JobStatus.SUCCEEDED
    await (await slow.executor.started(2)).finish()
    await slow.end(other)
    assert slow.executor.order == [drawn.id, other.id]
    with pytest.raises(UserError, match="paused here already"):
        await slow.service.overview.pause(ADMIN_ASKS, GUILD, True)
    assert await slow.service.overview.pause(ADMIN_ASKS, GUILD, False) == 2
    await (await slow.executor.started(3)).finish()
    await (await slow.executor.started(4)).finish()
    assert [(await slow.end(job)).job.status for job in (before, after)] == ["succeeded"] * 2
    assert slow.dispatcher.held() == {}
    with pytest.raises(UserError, match="not paused here"):
        await slow.service.overview.pause(ADMIN_ASKS, GUILD, False)
    assert await deeds(slow, GUILD) == [
        (ADMIN_ASKS.user, "admin resume"), (ADMIN_ASKS.user, "admin pause")
    ]  # fmt: skip


async def test_a_pause_outlives_a_restart(slow: House) -> None:
    await slow.service.overview.pause(ADMIN_ASKS, GUILD, True)
    job = await slow.imagine("a fox")
    await slow.restart()
    assert slow.service.overview.paused(GUILD)
    assert (await slow.seen(job, lambda each: bool(each.note))).note == PAUSED
    other = await slow.imagine("a cat", origin=ELSEWHERE)
    await (await slow.executor.started(1)).finish()
    await slow.end(other)
    await slow.service.overview.pause(ADMIN_ASKS, GUILD, False)
    await (await slow.executor.started(2)).finish()
    await slow.end(job)
    assert slow.executor.order == [other.id, job.id]


async def test_what_is_paused_can_be_cancelled_and_given_back_jobs_pause_too(slow: House) -> None:
    lost, job = await slow.imagine("a fox"), await slow.imagine("a hare")
    run = await slow.executor.started(1)
    await slow.service.overview.pause(ADMIN_ASKS, GUILD, True)
    await slow.service.drawing.cancel(ANNA_ASKS, job.origin, job.id)
    assert (await slow.end(job)).job.status is JobStatus.CANCELLED
    await slow.executor.lose(run.worker)
    slow.executor.join()
    assert (await slow.seen(lost, lambda each: each.note == PAUSED)).job.strikes == 1
    await slow.service.overview.pause(ADMIN_ASKS, GUILD, False)
    await (await slow.executor.started(2)).finish()
    assert (await slow.end(lost)).job.status is JobStatus.SUCCEEDED
    assert slow.dispatcher.held() == {}


async def test_a_server_that_was_forgotten_while_it_was_paused_goes_on(slow: House) -> None:
    await slow.service.overview.pause(ADMIN_ASKS, GUILD, True)
    await slow.database.transaction(lambda c: c.execute("DELETE FROM switches"))
    job = await slow.imagine("a fox")
    assert await slow.service.overview.pause(ADMIN_ASKS, GUILD, False) == 1
    await (await slow.executor.started(1)).finish()
    await slow.end(job)


async def test_draining_finishes_what_is_drawn_and_begins_nothing(slow: House) -> None:
    drawn, waits = await slow.imagine("a fox"), await slow.imagine("a hare", BERT_ASKS)
    run = await slow.executor.started(1)
    assert await slow.service.operating.drain(BOSS, True) == Standstill(1, 1)
    with pytest.raises(Draining, match="nothing was charged"):
        await slow.imagine("an owl")
    assert await slow.credits() == (24, 1)
    assert (await slow.seen(waits, lambda each: bool(each.note))).note == STILL
    await run.finish()
    assert await slow.service.operating.drained(BOSS) == Standstill(0, 1)
    assert (await slow.end(drawn)).job.status is JobStatus.SUCCEEDED
    assert (await slow.state(waits))[0] is JobStatus.WAITING
    assert await slow.service.operating.drain(BOSS, False) == Standstill(0, 1)
    assert await slow.service.operating.drained(BOSS) is None
    await (await slow.executor.started(2)).finish()
    assert (await slow.end(waits)).note == ""
    assert [deed for _, deed in await deeds(slow, 0)] == ["operator undrain", "operator drain"]


async def test_draining_goes_on_after_a_crash_until_somebody_ends_it(slow: House) -> None:
    drawn, waits = await slow.imagine("a fox"), await slow.imagine("a hare")
    await slow.executor.started(1)
    await slow.service.operating.drain(BOSS, True)
    await slow.restart()
    with pytest.raises(Draining):
        await slow.imagine("an owl")
    for job in (drawn, waits):
        assert (await slow.seen(job, lambda each: bool(each.note))).note == STILL
    assert slow.executor.runs == []
    assert slow.service.levers.kept is not None
    assert (slow.service.levers.kept.actor, slow.dispatcher.waiting) == (BOSS.user, 2)
    assert await slow.service.operating.drain(BOSS, True) == Standstill(0, 2)
    await slow.service.operating.drain(BOSS, False)
    await (await slow.executor.started(1)).finish()
    await slow.end(drawn)
    await slow.restart()
    await (await slow.executor.started(1)).finish()
    await slow.end(waits)
    assert [deed for _, deed in await deeds(slow, 0)] == ["operator undrain", "operator drain"]


@pytest.mark.parametrize("drawing", [False, True])
async def test_an_end_in_order_is_the_update_once_nothing_is_drawn(
    slow: House, drawing: bool
) -> None:
    job = await slow.imagine("a fox")
    run = await slow.executor.started(1)
    await slow.service.operating.drain(BOSS, True)
    if not drawing:
        await run.finish()
        await slow.end(job)
    await slow.service.levers.rest()
    await slow.restart()
    assert slow.service.levers.draining is drawing
    assert (slow.service.levers.kept is not None) is drawing
    if not drawing:
        await slow.imagine("an owl")
        await slow.executor.started(1)


async def test_an_update_ends_draining_however_the_process_ended(
    slow: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await slow.imagine("a fox")
    await slow.executor.started(1)
    await slow.service.operating.drain(BOSS, True)
    monkeypatch.setattr("tests.kit.app.__version__", "99.0")
    await slow.restart()
    assert not slow.service.levers.draining
    await slow.executor.started(1)
    monkeypatch.undo()
    await slow.restart()
    assert not slow.service.levers.draining


async def test_an_end_in_order_that_cannot_be_written_down_is_none(slow: House) -> None:
    await slow.service.operating.drain(BOSS, True)
    slow.database.refuse("full", "SwitchRepository.end_drain", times=1)
    await slow.service.levers.rest()
    await slow.restart()
    assert slow.service.levers.draining


async def test_what_cannot_be_written_down_is_not_drained(slow: House) -> None:
    slow.database.refuse("locked", "SwitchRepository.begin_drain", times=1)
    with pytest.raises(StoreUnavailable):
        await slow.service.operating.drain(BOSS, True)
    assert not slow.service.levers.draining
    assert await deeds(slow, 0) == []


async def test_while_it_drains_no_worker_is_asked_and_pictures_are_taken_out_still(
    slow: House,
) -> None:
    grid = await slow.draw("a fox")
    await slow.service.operating.drain(BOSS, True)
    for asked in (
        slow.service.describing.describe(ANNA_ASKS, HERE, "https://example.org/a.png"),
        slow.service.shortening.shorten(ANNA_ASKS, HERE, "a red fox in the snow"),
        slow.service.drawing.plan(ANNA_ASKS, HERE, "https://example.org/a.png a fox"),
        slow.press(Action.VARY, grid.tile(1)),
    ):
        with pytest.raises(Draining):
            await asked
    assert (await slow.upscale(grid.tile(1))).job.status is JobStatus.SUCCEEDED


async def test_while_it_drains_no_sample_is_drawn(slow: House) -> None:
    assert not slow.dispatcher.busy
    await slow.service.operating.drain(BOSS, True)
    assert slow.dispatcher.busy


async def test_a_blocked_server_gets_nothing_and_pays_nothing(slow: House) -> None:
    drawn, waits = await slow.imagine("a fox"), await slow.imagine("a hare")
    await slow.executor.started(1)
    other = await slow.imagine("a cat", BERT_ASKS, origin=ELSEWHERE)
    assert await slow.service.operating.block(BOSS, GUILD) == 2
    for job in (drawn, waits):
        assert (await slow.end(job)).job.status is JobStatus.CANCELLED
    with pytest.raises(NotAllowed, match="has blocked this server"):
        slow.service.accounts.require_served(GUILD)
    with pytest.raises(NotAllowed, match="has blocked this server"):
        await slow.imagine("an owl")
    slow.service.accounts.require_served(GUILD + 1)
    await (await slow.executor.started(2)).finish()
    await slow.end(other)
    with pytest.raises(UserError, match="blocked already"):
        await slow.service.operating.block(BOSS, GUILD)
    await slow.restart()
    with pytest.raises(NotAllowed):
        slow.service.accounts.require_served(GUILD)
    await slow.service.operating.unblock(BOSS, GUILD)
    with pytest.raises(UserError, match="not blocked"):
        await slow.service.operating.unblock(BOSS, GUILD)
    assert await slow.credits() == (25, 0)
    job = await slow.imagine("an owl")
    await (await slow.executor.started(1)).finish()
    await slow.end(job)
    assert [deed for _, deed in await deeds(slow, 0)] == ["operator unblock", "operator block"]
