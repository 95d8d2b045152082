"""From queue to executor to storage to watchers: the ways of a drawing, told step by step."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action
from bot.domain.errors import Busy, Cancelled, RenderFailed, StoreUnavailable, WorkerLost
from bot.domain.job import Job, JobStatus
from bot.domain.lines import Entry
from bot.domain.size import Size
from bot.domain.speed import Speed
from bot.engine.seam import Failed, Loaded, Loading, LoadingModel, Preview, Upload
from bot.storage.uploads import Uploads
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, QUICK, TINY, House
from tests.kit.executor import Run, picture
from tests.kit.values import a_request

WAITING, RUNNING = JobStatus.WAITING, JobStatus.RUNNING
SUCCEEDED, FAILED, CANCELLED = JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as opened:
        yield opened


# The straight road


async def test_a_job_is_drawn_stored_captured_and_ready_for_delivery(house: House) -> None:
    job = await house.imagine("a red fox --seed 7")
    run = await house.executor.started(1)
    assert run.attempt.job == job.id
    assert (run.attempt.no, run.attempt.model, run.attempt.indices) == (1, "tiny", (0, 1, 2, 3))
    assert run.attempt.request["text"] == "a red fox"
    assert run.attempt.inputs == {}
    await run.finish()
    final = await house.end(job)
    assert (final.job.status, final.fraction) == (SUCCEEDED, 1.0)
    stored = [await house.parts.files.read(job.tile(index)) for index in (1, 2, 3, 4)]
    assert stored == [picture(seed) for seed in job.request.seeds]
    assert await house.credits() == (24, 0)
    assert await house.owed() == [job.id]


async def test_watchers_see_waiting_then_running_then_progress(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    update = await house.seen(job, lambda u: u.job.status is RUNNING)
    assert (update.position, update.fraction, update.job.attempt) == (None, 0.0, 1)
    assert update.job.started_at == house.clock.now
    await run.progress(1, of=4)
    assert (await house.seen(job, lambda u: u.fraction > 0)).fraction == 0.25
    await run.say(Preview(b"small"))
    update = await house.seen(job, lambda u: u.preview is not None)
    assert (update.preview, update.fraction) == (b"small", 0.25)
    await run.progress(2, of=4)
    update = await house.seen(job, lambda u: u.fraction == 0.5)
    assert update.preview == b"small"
    await run.finish()
    assert (await house.end(job)).job.status is SUCCEEDED


async def test_position_and_estimate_of_those_who_wait(house: House) -> None:
    first = await house.imagine()
    second, third = await house.imagine(asker=BERT_ASKS), await house.imagine()
    run = await house.executor.started(1)
    update = await house.seen(third, lambda u: u.position == 2)
    assert (update.job.status, update.wait_s) == (WAITING, None)
    await run.finish(seconds=10.0)
    await house.end(first)
    update = await house.seen(third, lambda u: u.position == 1 and u.wait_s is not None)
    assert update.wait_s == pytest.approx(10.0)
    await (await house.executor.started(2)).finish()
    await (await house.executor.started(3)).finish()
    await house.end(third)
    assert house.executor.order == [first.id, second.id, third.id]


async def test_estimates_count_what_is_left_of_the_job_being_drawn(house: House) -> None:
    first, second = await house.imagine(), await house.imagine(asker=BERT_ASKS)
    await (await house.executor.started(1)).finish(seconds=10.0)
    await house.end(first)
    run = await house.executor.started(2)
    await run.progress(3)
    third = await house.imagine(asker=ANNA_ASKS)
    assert (await house.seen(third, lambda u: u.position == 1)).wait_s == pytest.approx(2.5)
    fourth = await house.imagine(asker=BERT_ASKS)
    assert (await house.seen(fourth, lambda u: u.position == 2)).wait_s == pytest.approx(12.5)
    # While the second job's pictures are on their way, the third is drawn already.
    await run.progress(4)
    house.executor.free(run)
    await house.executor.started(3)
    update = await house.seen(fourth, lambda u: u.position == 1)
    assert update.wait_s == pytest.approx(10.0)
    assert (await house.state(second))[0] is RUNNING


async def test_loading_and_trouble_are_noted(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    await run.say(LoadingModel("loading tiny"))
    assert (await house.seen(job, lambda u: bool(u.note))).note == "loading tiny"
    other = await house.imagine()
    house.executor.alter(run.worker, error="The model is broken.")
    third = await house.imagine(asker=BERT_ASKS)
    for waiting in (other, third):
        assert (await house.seen(waiting, lambda u: bool(u.note))).note == "The model is broken."


async def test_the_next_job_begins_while_the_last_pictures_are_still_encoded(house: House) -> None:
    first, second = await house.imagine(), await house.imagine(asker=BERT_ASKS)
    run = await house.executor.started(1)
    await run.progress(4)
    house.executor.free(run)
    next_run = await house.executor.started(2)
    assert next_run.job == second.id
    assert (await house.state(first))[0] is RUNNING
    await run.finish()
    await next_run.finish()
    assert [(await house.end(job)).job.status for job in (first, second)] == [SUCCEEDED] * 2


async def test_workers_draw_side_by_side(tmp_path: Path) -> None:
    async with House(tmp_path, workers=3) as house:
        house.executor.alter("w1", draining=True)
        await house.imagine()
        await house.imagine(asker=BERT_ASKS)
        await house.executor.started(2)
        assert {run.worker for run in house.executor.runs} == {"w2", "w3"}


async def test_a_users_running_limit_lets_others_by(tmp_path: Path) -> None:
    async with House(tmp_path, workers=5) as house:
        mine = [await house.imagine() for _ in range(4)]
        other = await house.imagine(asker=BERT_ASKS)
        await house.executor.started(4)
        assert house.executor.order == [mine[0].id, mine[1].id, mine[2].id, other.id]
        assert (await house.state(mine[3]))[0] is WAITING
        await house.executor.runs[0].finish()
        assert (await house.executor.started(5)).job == mine[3].id


async def test_twenty_jobs_do_not_delay_anothers_first(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=False) as house:
        mine = [await house.imagine() for _ in range(13)]
        run = await house.executor.started(1)
        other = await house.imagine(asker=BERT_ASKS)
        await run.finish()
        second = await house.executor.started(2)
        assert (run.job, second.job) == (mine[0].id, other.id)


# Ends without pictures


async def test_a_lost_worker_is_a_strike_and_the_job_is_drawn_again(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    await run.image(1)
    await house.executor.lose(run.worker)
    assert (await house.seen(job, lambda u: u.position == 1)).job.status is WAITING
    assert await house.state(job) == (WAITING, 1, 1)
    house.executor.join()
    again = await house.executor.started(2)
    assert (again.attempt.no, again.attempt.indices) == (2, (0, 2, 3))
    await again.finish()
    assert (await house.end(job)).job.status is SUCCEEDED
    assert await house.credits() == (24, 0)


async def test_a_worker_that_died_before_it_began_to_draw_is_no_strike(house: House) -> None:
    job = await house.imagine()
    for number in (1, 2, 3):
        run = await house.executor.started(number)
        await run.fail(WorkerLost("killed while it loaded the model", begun=False))
    await (await house.executor.started(4)).finish()
    final = await house.end(job)
    assert (final.job.status, final.job.strikes) == (SUCCEEDED, 0)


async def test_who_waits_is_told_when_a_model_turns_out_not_to_load(house: House) -> None:
    house.executor.alter("w1", slots_free=0, models={"tiny": Loading()})
    job = await house.imagine()
    await house.seen(job, lambda u: u.note == "the model is being loaded")
    house.executor.alter("w1", slots_free=1, models={"tiny": Failed("Tiny is damaged.")})
    await house.seen(job, lambda u: u.note == "Tiny is damaged.")
    house.executor.alter("w1", models={"tiny": Loaded()})
    await (await house.executor.started(1)).finish()
    assert (await house.end(job)).job.status is SUCCEEDED


async def test_two_strikes_are_the_end(house: House) -> None:
    job = await house.imagine()
    for count in (1, 2):
        run = await house.executor.started(count)
        house.executor.join()
        await house.executor.lose(run.worker)
    final = (await house.end(job)).job
    assert (final.status, final.strikes) == (FAILED, 2)
    assert final.failure is not None
    assert "twice" in final.failure.sentence
    assert await house.credits() == (25, 0)
    assert len(house.executor.runs) == 2


async def test_killed_right_after_the_last_strike_nothing_is_drawn_a_third_time(house) -> None:
    job = await house.imagine()
    house.executor.join()
    await house.executor.lose((await house.executor.started(1)).worker)
    run = await house.executor.started(2)
    write, written = house.database.transaction, asyncio.Event()

    async def killed_after_one(function):
        if written.is_set():
            raise RuntimeError("a dead process writes nothing")
        try:
            return await write(function)
        finally:
            written.set()

    house.database.transaction = killed_after_one
    await house.executor.lose(run.worker)
    await written.wait()
    await house.restart()
    assert await house.state(job) == (FAILED, 2, 2)
    assert await house.credits() == (25, 0)
    assert house.executor.runs == []


async def test_it_is_drawn_as_its_row_says_when_it_begins(house: House) -> None:
    first, second = await house.imagine("a cat"), await house.imagine("a fox")
    changed = replace(second, request=a_request("an owl"))
    await house.jobs.retarget(changed)
    await (await house.executor.started(1)).finish()
    await house.end(first)
    run = await house.executor.started(2)
    assert (run.job, run.attempt.request["text"]) == (second.id, "an owl")
    await run.finish()
    assert (await house.end(second)).job.request == changed.request


async def test_a_struck_job_goes_before_its_owners_others(house: House) -> None:
    first, second = await house.imagine(), await house.imagine()
    run = await house.executor.started(1)
    await house.executor.lose(run.worker)
    await house.seen(first, lambda u: u.position == 1)
    house.executor.join()
    assert (await house.executor.started(2)).job == first.id
    assert (await house.state(second))[0] is WAITING


async def test_a_worker_that_left_before_the_job_began_is_no_strike(house: House) -> None:
    # It is chosen while it lives and gone when the attempt is ready.
    start = house.jobs.start

    async def start_and_lose(job: str, now: float) -> Job | None:
        started = await start(job, now)
        if started and started.attempt == 1:
            await house.executor.lose("w1")
            house.executor.join()
        return started

    house.jobs.start = start_and_lose  # type: ignore[method-assign]
    job = await house.imagine()
    run = await house.executor.started(1)
    assert run.worker == "w2"
    assert await house.state(job) == (RUNNING, 2, 0)


async def test_busy_means_choose_again_without_a_strike(house: House) -> None:
    house.executor.refuse = [Busy("taken"), Busy("taken")]
    job = await house.imagine()
    run = await house.executor.started(1)
    assert await house.state(job) == (RUNNING, 3, 0)
    await run.finish()
    assert (await house.end(job)).job.status is SUCCEEDED


async def test_a_worker_that_stops_by_itself_is_no_strike(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    await run.fail(Cancelled("draining"))
    again = await house.executor.started(2)
    assert (again.job, await house.state(job)) == (job.id, (RUNNING, 2, 0))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("bad_input", "cannot draw this"),
        ("model_missing", "not available"),
        ("lora_gone", "a LoRA, that this needs was taken away"),
        ("odd", "went wrong"),
    ],
)
async def test_a_failure_is_one_calm_sentence_with_a_reference(house, caplog, code, words) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    with caplog.at_level(logging.ERROR):
        await run.fail(RenderFailed(code, "details for the operator"))
        final = (await house.end(job)).job
    assert final.status is FAILED
    assert final.failure is not None
    assert words in final.failure.sentence
    assert "details" not in str(final.failure)
    assert final.failure.reference in caplog.text
    assert "details for the operator" in caplog.text
    assert await house.credits() == (25, 0)


@pytest.mark.parametrize(
    ("fits", "words"), [(64 * 64, "64×64 fits."), (0, "64×64 needs half as much.")]
)
async def test_memory_that_does_not_suffice_names_a_smaller_size(
    tmp_path: Path, fits: int, words: str
) -> None:
    async with House(tmp_path, card=replace(TINY, native=128)) as house:
        job = await house.imagine("a fox --ar 1:1")
        run = await house.executor.started(1)
        await run.fail(RenderFailed("out_of_memory", "full", fits=fits))
        final = (await house.end(job)).job
        assert final.failure
        told = f"A picture of 128×128 needs more memory than the machine has; {words}"
        assert final.failure.sentence == told
        assert final.failure.smaller == Size(64, 64)
        assert await house.credits() == (25, 0)


async def test_retryable_failures_are_tried_three_times(house: House) -> None:
    job = await house.imagine()
    for count in (1, 2, 3):
        run = await house.executor.started(count)
        await run.fail(RenderFailed("out_of_memory", "full", retryable=True))
    final = (await house.end(job)).job
    assert (final.status, final.strikes, final.attempt) == (FAILED, 0, 3)
    assert final.failure is not None
    assert "more memory" in final.failure.sentence


async def test_restarts_do_not_use_up_retries(house: House) -> None:
    job = await house.imagine()
    for _ in range(4):
        await house.executor.started(1)
        await house.restart()
    run = await house.executor.started(1)
    await run.fail(RenderFailed("out_of_memory", "full", retryable=True))
    await (await house.executor.started(2)).finish()
    assert (await house.end(job)).job.status is SUCCEEDED


async def test_a_stream_that_ends_without_all_pictures_is_no_success(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    await run.image(0)
    await run.done()
    assert (await house.end(job)).job.status is FAILED
    assert await house.credits() == (25, 0)


async def test_a_database_that_fails_for_a_moment_does_not_stop_the_loop(house: House) -> None:
    start, failures = house.jobs.start, [StoreUnavailable("locked", "busy")] * 2

    async def unsteady(job: str, now: float) -> int | None:
        if failures:
            raise failures.pop()
        return await start(job, now)

    house.jobs.start = unsteady  # type: ignore[method-assign]
    job = await house.imagine()
    await (await house.executor.started(1)).finish()
    assert (await house.end(job)).job.status is SUCCEEDED


# Cancel, at every point


async def test_cancel_while_waiting(house: House) -> None:
    first, second = await house.imagine(), await house.imagine()
    run = await house.executor.started(1)
    await house.service.drawing.cancel(ANNA_ASKS, HERE, second.id)
    assert (await house.end(second)).job.status is CANCELLED
    assert await house.credits() == (24, 1)
    await run.finish()
    await house.end(first)
    assert house.executor.order == [first.id]
    assert house.executor.cancels == []


async def test_cancel_while_running(house: House) -> None:
    job, other = await house.imagine(), await house.imagine()
    run = await house.executor.started(1)
    await run.progress(1)
    await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
    assert (await house.end(job)).job.status is CANCELLED
    assert house.executor.cancels == [(run.worker, job.id, 1)]
    assert (await house.executor.started(2)).job == other.id
    assert (await house.state(job))[0] is CANCELLED
    assert await house.credits() == (24, 1)


@pytest.mark.parametrize("room", [0, 1000])
async def test_what_was_to_be_posted_of_a_cancelled_job_goes(tmp_path: Path, room: int) -> None:
    """From the disk as well, which takes what is too much for memory."""
    async with House(tmp_path) as house:
        uploads = house.disk.uploads = Uploads(house.disk.folder, room)
        job = await house.imagine()
        run = await house.executor.started(1)
        run.stubborn = True
        await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
        await run.image(0)
        await run.say(Upload(b"grid", "webp", lossless=True))
        assert await uploads.of(job.id) is not None
        await run.done()
    assert await uploads.of(job.id) is None


async def test_cancel_between_choice_and_start_never_draws(house: House) -> None:
    start = house.jobs.start

    async def cancel_meanwhile(job: str, now: float) -> int | None:
        house.jobs.start = start  # type: ignore[method-assign]
        attempt = await start(job, now)
        await house.service.drawing.cancel(ANNA_ASKS, HERE, job)
        return attempt

    house.jobs.start = cancel_meanwhile  # type: ignore[method-assign]
    job = await house.imagine()
    assert (await house.end(job)).job.status is CANCELLED
    other = await house.imagine()
    assert (await house.executor.started(1)).job == other.id


async def test_cancel_while_it_is_marked_started_never_draws(house: House) -> None:
    start = house.jobs.start

    async def cancel_first(job: str, now: float) -> int | None:
        house.jobs.start = start  # type: ignore[method-assign]
        await house.service.drawing.cancel(ANNA_ASKS, HERE, job)
        return await start(job, now)

    house.jobs.start = cancel_first  # type: ignore[method-assign]
    job = await house.imagine()
    assert (await house.end(job)).job.status is CANCELLED
    other = await house.imagine()
    assert (await house.executor.started(1)).job == other.id
    assert await house.credits() == (24, 1)


async def test_a_job_that_ended_in_the_database_alone_ends_for_watchers_too(tmp_path) -> None:
    async with House(tmp_path, workers=0) as house:
        job = await house.imagine()
        await house.jobs.cancel(job.id, house.clock.now)
        house.executor.join()
        assert (await house.end(job)).job.status is CANCELLED


async def test_pictures_that_come_after_the_cancel_are_dropped(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    run.stubborn = True
    await run.image(0)
    await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
    for index in (1, 2, 3):
        await run.image(index)
    await run.done()
    assert (await house.state(job))[0] is CANCELLED
    assert list(await house.parts.pictures.of_job(job.id)) == [1]
    assert await house.parts.files.read(job.tile(2)) is None
    assert await house.credits() == (25, 0)


async def test_a_worker_that_goes_on_after_the_cancel_is_recycled(tmp_path: Path) -> None:
    async with House(tmp_path, timing=replace(QUICK, stop=0.01)) as house:
        job, other = await house.imagine(), await house.imagine()
        run = await house.executor.started(1)
        run.stubborn = True
        await run.progress(1)
        await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
        await run.ended.wait()
        assert house.executor.killed == [run.worker]
        house.executor.join()
        again = await house.executor.started(2)
        assert again.job == other.id
        await again.finish()
        assert (await house.end(other)).job.strikes == 0
        assert house.executor.killed == [run.worker]
        assert house.dispatcher.held() == {}


async def test_cancel_twice_and_too_late_are_explained(house: House) -> None:
    job = await house.imagine()
    await house.executor.started(1)
    await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
    again = await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
    assert (again.now, again.job.status) == (False, CANCELLED)
    finished = await house.draw()
    late = await house.service.drawing.cancel(ANNA_ASKS, HERE, finished.id)
    assert (late.now, late.job.status) == (False, SUCCEEDED)
    assert await house.credits() == (24, 0)


async def test_cancel_of_a_job_whose_worker_just_died(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    await house.executor.lose(run.worker)
    await house.service.drawing.cancel(ANNA_ASKS, HERE, job.id)
    house.executor.join()
    other = await house.imagine()
    assert (await house.executor.started(2)).job == other.id
    assert (await house.end(job)).job.status is CANCELLED


@pytest.mark.parametrize("seed", range(8))
async def test_cancels_at_any_moment_leave_the_books_right(tmp_path: Path, seed: int) -> None:
    """Jobs draw by themselves while cancels come after a few turns of the event loop."""
    async with House(tmp_path, workers=2, automatic=True) as house:
        jobs = [await house.imagine() for _ in range(6)]

        async def cancel(number: int) -> None:
            for _ in range(seed * number * 3):
                await asyncio.sleep(0)
            await house.service.drawing.cancel(ANNA_ASKS, HERE, jobs[number].id)

        await asyncio.gather(*(cancel(number) for number in range(6)))
        ends = [(await house.end(job)).job.status for job in jobs]
        assert set(ends) <= {SUCCEEDED, CANCELLED}
        assert await house.credits() == (25 - ends.count(SUCCEEDED), 0)
        assert len(await house.owed()) == ends.count(SUCCEEDED)


# Restart


async def test_restart_draws_what_was_running_and_waiting_in_order(house: House) -> None:
    jobs = [await house.imagine() for _ in range(3)]
    run = await house.executor.started(1)
    await run.image(0)
    await house.restart()
    run = await house.executor.started(1)
    assert (run.attempt.no, run.attempt.indices) == (2, (1, 2, 3))
    assert await house.state(jobs[0]) == (RUNNING, 2, 0)
    for count in (1, 2, 3):
        await (await house.executor.started(count)).finish()
    assert [(await house.end(job)).job.status for job in jobs] == [SUCCEEDED] * 3
    assert house.executor.order == [job.id for job in jobs]
    assert await house.credits() == (22, 0)


async def test_restart_between_last_picture_and_success_draws_nothing_again(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    for index in range(4):
        await run.image(index)
    await house.restart()
    assert (await house.end(job)).job.status is SUCCEEDED
    assert house.executor.runs == []
    assert await house.credits() == (24, 0)


async def test_restart_keeps_strikes(house: House) -> None:
    job = await house.imagine()
    await house.executor.lose((await house.executor.started(1)).worker)
    await house.restart()
    run = await house.executor.started(1)
    assert await house.state(job) == (RUNNING, 2, 1)
    house.executor.join()
    await house.executor.lose(run.worker)
    assert (await house.end(job)).job.status is FAILED


async def test_watching_a_job_that_ended_tells_its_end(house: House) -> None:
    job = await house.draw()
    await house.restart()
    assert (await house.end(job)).job.status is SUCCEEDED


async def test_positions_after_a_restart(house: House) -> None:
    jobs = [await house.imagine() for _ in range(3)]
    await house.executor.started(1)
    await house.restart()
    assert (await house.seen(jobs[2], lambda u: u.position == 2)).job.status is WAITING


# Sources


async def test_a_variation_gets_its_sources_bytes_by_hash(house: House) -> None:
    grid = await house.draw("a red fox --seed 7")
    before = len(house.executor.runs)
    await house.press(Action.VARY, grid.tile(3))
    run = await house.executor.started(before + 1)
    digest = (await house.parts.pictures.of_job(grid.id))[3].sha256
    assert run.attempt.request["source"] == digest
    assert run.attempt.inputs == {digest: picture(grid.request.seed_of(2))}
    assert run.attempt.request["strength"] == 0.5


async def test_a_source_that_vanished_fails_with_its_own_sentence(house: House) -> None:
    grid = await house.draw()
    before = await house.imagine()
    run = await house.executor.started(2)
    job = await house.press(Action.VARY, grid.tile(3))
    await house.parts.files.delete([grid.tile(3)])
    await run.finish()
    assert (await house.end(before)).job.status is SUCCEEDED
    final = (await house.end(job)).job
    assert final.failure is not None
    assert "🔄 draws the prompt again" in final.failure.sentence
    assert await house.credits() == (23, 0)


# Many at once


async def test_many_jobs_of_two_users_with_losses_balance_in_the_end(tmp_path: Path) -> None:
    async with House(tmp_path, workers=3, automatic=True) as house:
        struck = []

        def sometimes_die(run: Run) -> None:
            if run.attempt.no == 1 and len(house.executor.runs) % 3 == 2:
                struck.append(run.job)
                run.put(WorkerLost("died at once", begun=True))

        house.executor.on_start = sometimes_die
        askers = [ANNA_ASKS, BERT_ASKS]
        jobs = [await house.imagine(asker=askers[n % 2]) for n in range(12)]
        ends = [(await house.end(job)).job for job in jobs]
        assert {job.status for job in ends} == {SUCCEEDED}
        assert struck
        assert {job.id for job in ends if job.strikes} == set(struck)
        for asker in askers:
            assert await house.credits(asker) == (19, 0)
        assert len(await house.owed()) == 12


async def test_the_loop_goes_on_while_many_jobs_are_restored(house: House) -> None:
    jobs = [replace(await house.imagine(), id=f"{number:032x}") for number in range(3)]
    many = [replace(jobs[0], id=f"{number:032x}", user=number) for number in range(10, 510)]
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await house.dispatcher.restore(map(Entry.of, many))
    counting.cancel()
    assert turns >= 10
    assert gc.isenabled()
    assert len(house.dispatcher.queue) >= 500


async def test_the_line_one_waits_in_is_that_of_ones_hurry(house: House) -> None:
    running = await house.imagine("a cat")
    run = await house.executor.started(1)
    asked = {each: await house.imagine(f"a fox --{each}", BERT_ASKS) for each in reversed(Speed)}
    await house.seen(asked[Speed.RELAX], lambda u: u.position == 3)
    entries = {entry.job: entry for entry in house.dispatcher.queue.order()}
    assert [entry.speed for entry in entries.values()] == list(Speed)
    assert [entry.limit for entry in entries.values()] == [6, 3, 3]
    await run.finish()
    await house.end(running)
    for number, speed in enumerate(Speed, start=2):
        run = await house.executor.started(number)
        assert run.attempt.job == asked[speed].id
        await run.finish()
        await house.end(asked[speed])


async def test_after_a_restart_everybody_waits_in_their_line_again(house: House) -> None:
    jobs = [await house.imagine(f"a fox --{each}") for each in (Speed.FAST, Speed.RELAX)]
    turbo = await house.imagine("a fox --turbo", BERT_ASKS)
    await house.restart()
    order = [entry.job for entry in house.dispatcher.queue.order()]
    begun = await house.executor.started(1)
    assert [begun.attempt.job, *(job for job in order if job != begun.attempt.job)] == [
        turbo.id, *(job.id for job in jobs),
    ]  # fmt: skip
