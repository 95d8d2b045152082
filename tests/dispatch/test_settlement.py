"""What database and disk refuse is waited out: their trouble is never an outcome of a job."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.domain.errors import RenderFailed, StoreUnavailable
from bot.domain.job import JobStatus
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, QUICK, House
from tests.kit.executor import Run
from tests.kit.faults import CODES

WAITING, RUNNING = JobStatus.WAITING, JobStatus.RUNNING
SUCCEEDED, FAILED, CANCELLED = JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED
IMPATIENT = type(QUICK)(positions=0.01, refused=0.005, refused_longest=0.005, unstored=0.02)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as opened:
        yield opened


@contextlib.contextmanager
def locked_by_another(house: House) -> Iterator[None]:
    """Another program holds the database, as a backup does."""
    other = sqlite3.connect(house.database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def all_pictures(run: Run) -> None:
    for index in run.attempt.indices:
        await run.image(index)


async def test_a_locked_database_only_delays_the_end(house: House, caplog) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    await all_pictures(run)
    with caplog.at_level(logging.WARNING), locked_by_another(house):
        await run.done()
        update = await house.seen(job, lambda u: bool(u.note))
        assert update.note == "The database is busy just now; this goes on in a moment."
        assert (await house.state(job))[0] is RUNNING
    assert (await house.end(job)).job.status is SUCCEEDED
    assert await house.credits() == (24, 0)
    assert len(house.executor.runs) == 1
    assert f"the end of job {job.id} attempt 1 is refused" in caplog.text


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("times", [1, 5])
async def test_what_was_drawn_is_never_failed_for_trouble_of_the_store(house, code, times) -> None:
    house.database.refuse(code, "JobRepository.succeed", times)
    job = await house.imagine()
    await (await house.executor.started(1)).finish()
    assert (await house.end(job)).job.status is SUCCEEDED
    assert house.database.refused == times
    assert await house.credits() == (24, 0)


async def test_a_mistake_in_a_statement_is_tried_again_too(house: House) -> None:
    succeed, mistakes = house.jobs.succeed, [sqlite3.OperationalError("no such thing")] * 3

    async def mistaken(*args):
        if mistakes:
            raise mistakes.pop()
        return await succeed(*args)

    house.jobs.succeed = mistaken  # type: ignore[method-assign]
    job = await house.imagine()
    await (await house.executor.started(1)).finish()
    assert (await house.end(job)).job.status is SUCCEEDED


@pytest.mark.parametrize("trouble", [[], [StoreUnavailable("locked", "busy")]])
async def test_a_mistake_that_stays_stops_nobody_else(house: House, trouble) -> None:
    succeed, tries = house.jobs.succeed, asyncio.Semaphore(0)
    first = await house.imagine()

    async def mistaken(job_id, *rest):
        if job_id != first.id:
            return await succeed(job_id, *rest)
        tries.release()
        raise trouble.pop() if trouble else sqlite3.IntegrityError("NOT NULL constraint failed")

    house.jobs.succeed = mistaken  # type: ignore[method-assign]
    await (await house.executor.started(1)).finish()
    await tries.acquire()
    other = await house.imagine(asker=BERT_ASKS)
    await (await house.executor.started(2)).finish()
    assert (await house.end(other)).job.status is SUCCEEDED
    update = await house.seen(first, lambda u: "recorded" in (u.note or ""))
    assert update.note == "This could not be recorded just now; it is tried again."
    house.jobs.succeed = succeed  # type: ignore[method-assign]
    assert (await house.end(first)).job.status is SUCCEEDED
    assert len(house.executor.runs) == 2


async def test_every_other_end_is_written_in_the_end_as_well(house: House) -> None:
    house.database.refuse("full", "JobRepository.fail", 3)
    failed = await house.imagine()
    await (await house.executor.started(1)).fail(RenderFailed("bad_input", "no"))
    assert (await house.end(failed)).job.status is FAILED
    house.database.refuse("locked", "JobRepository.strike", 3)
    struck = await house.imagine()
    house.executor.join()
    await house.executor.lose((await house.executor.started(2)).worker)
    await (await house.executor.started(3)).finish()
    assert (await house.end(struck)).job.strikes == 1
    assert house.database.refused == 6
    assert await house.credits() == (24, 0)


async def test_jobs_that_cannot_be_started_wait_their_turn(house: House) -> None:
    house.database.refuse("locked", "JobRepository.start")
    jobs = [await house.imagine(), await house.imagine(), await house.imagine(asker=BERT_ASKS)]
    await house.database.until_refused(3)
    assert [(await house.state(job))[:2] for job in jobs] == [(WAITING, 0)] * 3
    house.database.calm()
    for number in (1, 2, 3):
        await (await house.executor.started(number)).finish()
    assert [(await house.end(job)).job.status for job in jobs] == [SUCCEEDED] * 3
    order = house.executor.order
    assert sorted(order) == sorted(job.id for job in jobs)
    assert order.index(jobs[2].id) < order.index(jobs[1].id)


async def test_a_start_that_is_a_mistake_is_tried_again_and_stops_nobody_else(house: House) -> None:
    start, go = house.jobs.start, asyncio.Event()
    mistakes = [sqlite3.OperationalError("no such column: attempt")] * 3

    async def mistaken(job_id, *rest):
        if job_id != first.id or not mistakes:
            return await start(job_id, *rest)
        if len(mistakes) < 3:
            await go.wait()
        raise mistakes.pop()

    house.jobs.start = mistaken  # type: ignore[method-assign]
    first = await house.imagine()
    other = await house.imagine(asker=BERT_ASKS)
    await (await house.executor.started(1)).finish()
    assert (await house.end(other)).job.status is SUCCEEDED
    assert (await house.state(first))[:2] == (WAITING, 0)
    go.set()
    await (await house.executor.started(2)).finish()
    assert (await house.end(first)).job.status is SUCCEEDED
    assert house.executor.order == [other.id, first.id]
    assert await house.credits() == (24, 0)


async def test_a_job_that_can_never_be_started_fails_alone_with_a_reference(house, caplog) -> None:
    start = house.jobs.start

    async def mistaken(job_id, *rest):
        if job_id != first.id:
            return await start(job_id, *rest)
        raise sqlite3.OperationalError("no such column: attempt")

    house.jobs.start = mistaken  # type: ignore[method-assign]
    first = await house.imagine()
    other = await house.imagine(asker=BERT_ASKS)
    end = (await house.end(first)).job
    assert end.status is FAILED
    assert end.failure is not None
    assert f"reference {end.failure.reference}" in caplog.text
    assert "no such column" in caplog.text
    assert await house.credits() == (25, 0)
    await (await house.executor.started(1)).finish()
    assert (await house.end(other)).job.status is SUCCEEDED
    assert house.dispatcher.held() == {}


async def test_pictures_that_can_never_be_recorded_are_not_drawn_for_ever(house, caplog) -> None:
    async def mistaken(*_):
        raise sqlite3.IntegrityError("NOT NULL constraint failed: images.bytes")

    house.parts.pictures.add = mistaken
    job = await house.imagine()
    run = await house.executor.started(1)
    run.put(run.drawn(0))
    end = (await house.end(job)).job
    assert end.status is FAILED
    assert end.failure is not None
    assert f"reference {end.failure.reference}" in caplog.text
    assert "NOT NULL" in caplog.text
    assert len(house.executor.runs) == 1
    assert await house.credits() == (25, 0)
    assert house.dispatcher.held() == {}


async def test_a_full_disk_is_waited_out_and_said(house: House) -> None:
    house.disk.full = True
    job = await house.imagine()
    run = await house.executor.started(1)
    await run.progress(4)
    for index in range(4):
        run.put(run.drawn(index))
    update = await house.seen(job, lambda u: bool(u.note))
    assert update.note == "The disk is full just now; this goes on as soon as there is room."
    assert update.fraction == 1.0
    assert (await house.state(job))[0] is RUNNING
    house.disk.full = False
    await run.done()
    assert (await house.end(job)).job.status is SUCCEEDED
    assert len(house.executor.runs) == 1
    assert await house.credits() == (24, 0)


async def test_nothing_new_is_drawn_while_pictures_cannot_be_stored(house: House) -> None:
    # Each drawing that waits for the disk holds its pictures in memory.
    house.disk.full = True
    first, second = await house.imagine(), await house.imagine(asker=BERT_ASKS)
    run = await house.executor.started(1)
    for index in range(4):
        run.put(run.drawn(index))
    house.executor.free(run)
    for _ in range(3):
        await house.disk.refused.acquire()
    assert house.executor.order == [first.id]
    house.disk.full = False
    await run.done()
    await (await house.executor.started(2)).finish()
    assert (await house.end(second)).job.status is SUCCEEDED


async def test_what_cannot_be_stored_for_long_is_given_back_and_not_lost(tmp_path: Path) -> None:
    async with House(tmp_path, timing=IMPATIENT) as house:
        job = await house.imagine()
        run = await house.executor.started(1)
        await run.image(2)
        house.disk.full = True
        run.put(run.drawn(0))
        again = await house.executor.started(2)
        house.disk.full = False
        assert (again.job, again.attempt.no, again.attempt.indices) == (job.id, 2, (0, 1, 3))
        await again.finish()
        end = (await house.end(job)).job
        assert (end.status, end.strikes) == (SUCCEEDED, 0)
        assert await house.credits() == (24, 0)


async def test_a_job_that_waits_for_the_disk_can_be_cancelled(house: House) -> None:
    house.disk.full = True
    job, other = await house.imagine(), await house.imagine()
    run = await house.executor.started(1)
    run.put(run.drawn(0))
    await house.disk.refused.acquire()
    await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
    assert (await house.end(job)).job.status is CANCELLED
    assert (await house.executor.started(2)).job == other.id
    house.disk.full = False
    await house.executor.runs[1].finish()
    assert (await house.end(other)).job.status is SUCCEEDED
    assert await house.credits() == (24, 0)


async def test_a_cancel_that_cannot_be_written_is_refused_and_changes_nothing(house) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    house.database.refuse("read_only", "JobRepository.cancel", 1)
    with pytest.raises(StoreUnavailable):
        await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
    await run.finish()
    assert (await house.end(job)).job.status is SUCCEEDED


async def test_a_job_that_cannot_be_written_is_refused_and_charges_nothing(house: House) -> None:
    for code in CODES:
        house.database.refuse(code, "JobRepository.submit", 1)
        with pytest.raises(StoreUnavailable):
            await house.imagine()
    assert await house.jobs.unfinished() == []
    assert await house.credits() == (25, 0)


async def test_stopped_before_the_end_was_written_it_is_written_after_the_start(tmp_path) -> None:
    timing = type(QUICK)(positions=0.01, refused=0.01, refused_longest=0.01, close=0.0)
    async with House(tmp_path, timing=timing) as house:
        job = await house.imagine()
        house.database.refuse("full", "JobRepository.succeed")
        await (await house.executor.started(1)).finish()
        await house.database.until_refused(2)
        await house.restart()
        assert (await house.end(job)).job.status is SUCCEEDED
        assert house.executor.runs == []
        assert await house.credits() == (24, 0)


async def test_nothing_is_left_in_memory_after_trouble(house: House) -> None:
    house.database.refuse("locked", "JobRepository.succeed", 2)
    house.disk.full = True
    jobs = [await house.imagine(), await house.imagine(asker=BERT_ASKS)]
    run = await house.executor.started(1)
    run.put(run.drawn(0))
    await house.disk.refused.acquire()
    house.disk.full = False
    house.executor.automatic = True
    for index in (1, 2, 3):
        run.put(run.drawn(index))
    await run.done()
    for job in jobs:
        await house.end(job)
    await asyncio.sleep(0.01)
    assert house.dispatcher.held() == {}
