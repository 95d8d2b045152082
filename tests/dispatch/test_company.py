"""Several jobs on one worker: who joins, whom a death in company makes a suspect, who is spared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dispatch.drawing import PAUSED
from bot.domain.errors import RenderFailed, WorkerLost
from bot.domain.job import Job, JobStatus
from bot.domain.people import Asker
from bot.engine.seam import Paused
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, House
from tests.kit.executor import Run

WAITING, RUNNING, SUCCEEDED = JobStatus.WAITING, JobStatus.RUNNING, JobStatus.SUCCEEDED
TINY = ("tiny", 16 * 16)
CORA_ASKS, DORA_ASKS = Asker(43), Asker(44)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One worker, on which two grids pay at once."""
    async with House(tmp_path, slots=4) as opened:
        opened.executor.alter("w1", rooms={TINY: 8})
        yield opened


async def three(house: House) -> list[Job]:
    return [await house.imagine(asker=asker) for asker in (ANNA_ASKS, BERT_ASKS, CORA_ASKS)]


async def assert_alone(house: House, run: Run) -> None:
    """Nobody joins it: whoever asks now is drawn when it is over."""
    other = await house.imagine(asker=BERT_ASKS)
    await run.progress(1)
    assert (await house.state(other))[0] is WAITING
    number = len(house.executor.runs) + 1
    await run.finish()
    assert (await house.executor.started(number)).job == other.id


async def test_a_job_joins_another_and_a_third_waits_for_room(house: House) -> None:
    jobs = await three(house)
    first, second = [await house.executor.started(n) for n in (1, 2)]
    assert [first.job, second.job] == [jobs[0].id, jobs[1].id]
    await second.progress(1)
    assert [(await house.state(job))[0] for job in jobs] == [RUNNING, RUNNING, WAITING]
    await first.finish()
    assert (await house.executor.started(3)).job == jobs[2].id
    for run in (second, house.executor.runs[2]):
        await run.finish()
    assert {(await house.end(job)).job.status for job in jobs} == {SUCCEEDED}
    assert {run.worker for run in house.executor.runs} == {"w1"}
    assert house.dispatcher.held() == {}


async def test_people_are_told_apart_for_their_turns(house: House) -> None:
    await house.imagine()
    await house.imagine(asker=BERT_ASKS)
    runs = [await house.executor.started(n) for n in (1, 2)]
    assert len({run.attempt.person for run in runs}) == 2


async def test_without_room_for_a_grid_one_is_drawn_after_the_other(house: House) -> None:
    house.executor.alter("w1", rooms={TINY: 7})
    jobs = await three(house)
    for number, job in enumerate(jobs, start=1):
        run = await house.executor.started(number)
        assert len(house.executor.runs) == number
        await run.finish()
        await house.end(job)


async def test_room_that_is_found_later_is_used(house: House) -> None:
    house.executor.alter("w1", rooms={})
    await three(house)
    await (await house.executor.started(1)).progress(1)
    assert len(house.executor.runs) == 1
    house.executor.alter("w1", rooms={TINY: 12})
    await house.executor.started(3)


async def test_a_short_job_is_drawn_beside_a_long_one(house: House) -> None:
    house.executor.alter("w1", rooms={})
    await house.imagine()
    run = await house.executor.started(1)
    short = await house.imagine("a red fox --quality .25", asker=BERT_ASKS)
    assert (await house.executor.started(2)).job == short.id
    await run.progress(3, of=4)
    await house.imagine("a red fox --quality .25", asker=CORA_ASKS)
    # One that is nearly done is waited for.
    await house.executor.runs[1].finish()
    await house.end(short)
    assert len(house.executor.runs) == 2


# Paused ones


async def test_a_first_job_is_handed_over_although_second_ones_fill_the_worker(
    house: House,
) -> None:
    for _ in range(3):
        await house.imagine()
    await house.executor.started(2)
    first = await house.imagine(asker=BERT_ASKS)
    run = await house.executor.started(3)
    assert run.job == first.id
    assert [one.attempt.before for one in house.executor.runs] == [0, 1, 0]
    # Beside two first ones there is no room for a third.
    late = await house.imagine(asker=CORA_ASKS)
    await house.executor.runs[1].progress(1)
    assert len(house.executor.runs) == 3
    await run.finish()
    assert (await house.executor.started(4)).job == late.id


async def test_whom_others_are_drawn_before_is_told_so_until_it_goes_on(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    await run.progress(1)
    await run.say(Paused())
    paused = await house.seen(job, lambda update: bool(update.note))
    assert (paused.note, paused.fraction) == (PAUSED, 0.25)
    await run.progress(2)
    assert (await house.seen(job, lambda update: update.fraction > 0.25)).note == ""


async def test_where_memory_ran_out_nobody_is_paused(house: House) -> None:
    for _ in range(2):
        await house.imagine()
    await house.executor.started(2)
    out = RenderFailed("out_of_memory", "The memory does not suffice.", retryable=True)
    await house.executor.runs[1].fail(out)
    second = await house.executor.started(3)
    await assert_alone(house, second)


async def test_what_is_too_large_alone_says_nothing_of_others(house: House) -> None:
    large = await house.imagine()
    await (await house.executor.started(1)).fail(RenderFailed("out_of_memory", "Too large."))
    await house.end(large)
    for _ in range(2):
        await house.imagine()
    await house.executor.started(3)
    other = await house.imagine(asker=BERT_ASKS)
    assert (await house.executor.started(4)).job == other.id


async def test_a_cancelled_job_leaves_its_mate_alone(house: House) -> None:
    jobs = await three(house)
    runs = [await house.executor.started(n) for n in (1, 2)]
    await house.service.drawing.cancel(ANNA_ASKS, HERE, jobs[0].id)
    third = await house.executor.started(3)
    assert third.job == jobs[2].id
    for run in (runs[1], third):
        await run.finish()
    ends = [(await house.end(job)).job.status for job in jobs]
    assert ends == [JobStatus.CANCELLED, SUCCEEDED, SUCCEEDED]


async def test_a_failure_is_only_its_own(house: House) -> None:
    jobs = [await house.imagine(), await house.imagine(asker=BERT_ASKS)]
    bad, good = [await house.executor.started(n) for n in (1, 2)]
    await bad.fail(RenderFailed("bad_input", "It cannot be drawn."))
    await good.finish()
    ends = [(await house.end(job)).job.status for job in jobs]
    assert ends == [JobStatus.FAILED, SUCCEEDED]


# Deaths


async def test_nobody_is_struck_for_a_death_in_company_and_each_is_drawn_alone_next(
    house: House,
) -> None:
    jobs = [await house.imagine(), await house.imagine(asker=BERT_ASKS)]
    await house.executor.started(2)
    await house.executor.lose("w1")
    for job in jobs:
        await house.seen(job, lambda update: update.position is not None)
        assert await house.state(job) == (WAITING, 1, 0)
    late = await house.imagine(asker=CORA_ASKS)
    house.executor.join(rooms={TINY: 8})
    for number in (3, 4):
        run = await house.executor.started(number)
        await run.progress(1)
        assert run.job in {job.id for job in jobs}
        assert len(house.executor.runs) == number
        await run.finish()
    await (await house.executor.started(5)).finish()
    assert house.executor.order[4] == late.id
    ends = [(await house.end(job)).job for job in (*jobs, late)]
    assert [(job.status, job.strikes) for job in ends] == [(SUCCEEDED, 0)] * 3


async def test_who_then_kills_a_worker_alone_is_struck_and_given_up_at_the_second(
    house: House,
) -> None:
    guilty, mate = await house.imagine(), await house.imagine(asker=BERT_ASKS)
    await house.executor.started(2)
    await house.executor.lose("w1")
    for number in range(3, 6):
        house.executor.join(rooms={TINY: 8})
        run = await house.executor.started(number)
        if run.job == guilty.id:
            await house.executor.lose(run.worker)
        else:
            await run.finish()
    ends = [(await house.end(job)).job for job in (guilty, mate)]
    assert [(job.status, job.strikes) for job in ends] == [(JobStatus.FAILED, 2), (SUCCEEDED, 0)]


async def test_a_struck_job_is_drawn_alone_after_a_restart_too(house: House) -> None:
    struck = await house.imagine()
    await house.executor.lose((await house.executor.started(1)).worker)
    await house.restart()
    house.executor.alter("w1", rooms={TINY: 8})
    run = await house.executor.started(1)
    assert await house.state(struck) == (RUNNING, 2, 1)
    await assert_alone(house, run)


async def test_who_had_not_begun_is_no_suspect(house: House) -> None:
    await house.imagine()
    await house.imagine(asker=BERT_ASKS)
    runs = [await house.executor.started(n) for n in (1, 2)]
    await runs[1].fail(WorkerLost("w1 died", begun=False, alone=False))
    # So it joins the other again.
    again = await house.executor.started(3)
    assert again.job == runs[1].job
    await house.executor.lose("w1")
    assert len(house.executor.runs) == 3


async def test_a_suspect_gets_a_worker_although_others_could_always_join(house: House) -> None:
    house.executor.join(rooms={TINY: 8})
    await house.imagine()
    await house.imagine(asker=BERT_ASKS)
    runs = [await house.executor.started(n) for n in (1, 2)]
    assert {run.worker for run in runs} == {"w1", "w2"}
    suspect = runs[0]
    await suspect.fail(WorkerLost("it died", begun=True, alone=False))
    again = await house.executor.started(3)
    assert (again.job, again.worker) == (suspect.job, suspect.worker)
    for asker in (CORA_ASKS, DORA_ASKS):
        await house.imagine(asker=asker)
    joined = await house.executor.started(4)
    assert joined.worker == runs[1].worker
