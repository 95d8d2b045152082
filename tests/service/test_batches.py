"""Grids that were asked for together: watched as one, cancelled as one, shown until all is dealt
with."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.domain.action import Tile
from bot.domain.batch import BatchUpdate
from bot.domain.delivery import GivenUp, Kind
from bot.domain.errors import NotAllowed, NotFound, RenderFailed
from bot.domain.job import Job, JobStatus
from bot.service.rules import Rules
from tests.kit import books
from tests.kit.app import ANNA_ASKS, BERT_ASKS, ELSEWHERE, HERE, MODERATOR_ASKS, House
from tests.kit.executor import PATIENCE_S

DRAWN, FAILED, STOPPED = JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED
RUNNING, WAITING = JobStatus.RUNNING, JobStatus.WAITING


async def batch(house: House, text: str = "a {red, blue, green} fox") -> list[Job]:
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, text)
    return await house.service.drawing.submit(plan)


def counts(update: BatchUpdate | None) -> dict[JobStatus, int]:
    assert update is not None
    return {state: number for state in JobStatus if (number := update.count(state))}


async def ends(house: House) -> list[str]:
    """Jobs whose progress message is to be brought to its end."""
    return [job for job, kind in await books.owed(house.database) if kind is Kind.END]


async def drawn(house: House, number: int, job: Job) -> None:
    await (await house.executor.started(number)).finish()
    await house.end(job)


async def test_watchers_see_all_as_one_up_to_the_last(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        jobs = await batch(house)
        updates = house.service.batches.watch(jobs[0].id)

        async def seen(wanted: dict[JobStatus, int]) -> None:
            async with asyncio.timeout(PATIENCE_S):
                async for update in updates:
                    assert [each.job.id for each in update.updates] == [job.id for job in jobs]
                    if counts(update) == wanted:
                        return
            raise AssertionError(f"the batch ended without {wanted}")

        await house.executor.started(1)
        await seen({RUNNING: 1, WAITING: 2})
        await drawn(house, 1, jobs[0])
        await house.executor.started(2)
        await seen({DRAWN: 1, RUNNING: 1, WAITING: 1})
        await drawn(house, 2, jobs[1])
        await drawn(house, 3, jobs[2])
        await seen({DRAWN: 3})
        assert house.dispatcher.held().get("batches") is None


async def test_after_a_restart_what_was_drawn_before_still_counts(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        jobs = await batch(house)
        await drawn(house, 1, jobs[0])
        await house.restart()
        state = await house.service.batches.state(jobs[0].id)
        assert counts(state)[DRAWN] == 1
        assert await house.service.batches.first(jobs[2]) == (await house.jobs.get(jobs[0].id))
        for number, job in enumerate(jobs[1:], 1):
            await drawn(house, number, job)
        last = [update async for update in house.service.batches.watch(jobs[0].id)][-1]
        assert counts(last) == {DRAWN: 3}


async def test_cancel_all_stops_what_is_left_free_of_charge(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        jobs = await batch(house)
        await drawn(house, 1, jobs[0])
        await house.executor.started(2)
        stopped = await house.service.batches.cancel(ANNA_ASKS, HERE, jobs[0].id)
        assert counts(stopped) == {DRAWN: 1, STOPPED: 2}
        assert await house.credits() == (24, 0)
        assert await house.service.batches.cancel(ANNA_ASKS, HERE, jobs[0].id) is None
        assert not len(house.dispatcher.queue)


async def test_a_moderator_may_cancel_and_others_may_not(tmp_path: Path) -> None:
    async with House(tmp_path, workers=0) as house:
        first = (await batch(house))[0].id
        with pytest.raises(NotAllowed, match="Manage Messages"):
            await house.service.batches.cancel(BERT_ASKS, HERE, first)
        with pytest.raises(NotFound):
            await house.service.batches.cancel(ANNA_ASKS, ELSEWHERE, first)
        stopped = await house.service.batches.cancel(MODERATOR_ASKS, HERE, first)
        assert counts(stopped) == {STOPPED: 3}
        assert await house.credits() == (25, 0)


async def test_the_message_ends_once_all_is_drawn_and_posted(house: House) -> None:
    jobs = await batch(house)
    for job in jobs:
        await house.end(job)
    for number, job in enumerate(jobs, 1):
        assert await ends(house) == []
        await house.posted(job, number)
    assert await ends(house) == [jobs[0].id]
    state = await house.service.batches.state(jobs[0].id)
    assert state is not None
    assert state.well


async def test_the_message_ends_with_a_failure_as_well_and_once(tmp_path: Path) -> None:
    async with House(tmp_path, rules=Rules()) as house:
        jobs = await batch(house)
        await drawn(house, 1, jobs[0])
        await (await house.executor.started(2)).fail(RenderFailed("bad_input", "no"))
        await house.end(jobs[1])
        await drawn(house, 3, jobs[2])
        await house.posted(jobs[2], 1)
        assert await ends(house) == []
        delivery = await house.service.outbox.of_job(jobs[0].id)
        assert delivery is not None
        await house.service.outbox.give_up(delivery, GivenUp.REFUSED, "no")
        assert await ends(house) == [jobs[0].id]
        state = await house.service.batches.state(jobs[0].id)
        assert state is not None
        assert (counts(state), state.unposted, state.well) == ({DRAWN: 2, FAILED: 1}, 1, False)
        [(end, _)] = await house.service.outbox.due([], 9)
        await house.service.outbox.ended(end)
        # From now on they are jobs like others.
        assert await house.service.batches.state(jobs[0].id) is None
        await house.service.outbox.delivered(delivery, 7)
        assert await ends(house) == []


async def test_a_message_that_is_known_late_is_ended_all_the_same(house: House) -> None:
    jobs = await batch(house)
    for number, job in enumerate(jobs, 1):
        await house.end(job)
        await house.posted(job, number)
    [(end, _)] = await house.service.outbox.due([], 9)
    await house.service.outbox.ended(end)
    await house.service.outbox.set_notice(jobs[0].id, 77)
    assert await ends(house) == [jobs[0].id]


async def test_only_the_last_of_them_is_the_last(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        jobs = await batch(house, "a {red, blue} fox")
        alone = await house.imagine()
        await drawn(house, 1, jobs[0])
        assert not await house.service.batches.last(jobs[0])
        await house.service.drawing.cancel(ANNA_ASKS, HERE, jobs[1].id)
        assert await house.service.batches.last(jobs[0])
        assert await house.service.batches.last(alone)


async def test_what_is_known_of_nothing(house: House) -> None:
    with pytest.raises(NotFound):
        await house.service.batches.cancel(ANNA_ASKS, HERE, Tile("0" * 32, 0).job)
    assert [update async for update in house.service.batches.watch("0" * 32)] == []
