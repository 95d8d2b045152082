"""Jobs go to the worker that begins them first; a model that does not load stops nobody else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Action
from bot.domain.errors import RenderFailed
from bot.domain.job import Job, JobStatus
from bot.domain.people import Asker
from bot.engine.seam import Failed, Loaded, Loading, ModelState
from tests.kit.app import ANNA_ASKS, BERT_ASKS, HERE, House

WAITING, RUNNING, SUCCEEDED = JobStatus.WAITING, JobStatus.RUNNING, JobStatus.SUCCEEDED
NOT_ENOUGH = Failed("The memory is too small for Large.")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One worker, which has the model tiny and was never asked for another."""
    async with House(tmp_path) as opened:
        yield opened


async def ask(house: House, model: str, asker: Asker = ANNA_ASKS) -> Job:
    """A grid of another model than everybody's."""
    plan = await house.service.drawing.plan(asker, HERE, "a red fox")
    (request,) = plan.requests
    plan = replace(plan, requests=(replace(request, model=model),))
    (job,) = await house.service.drawing.submit(plan)
    return job


async def two_drawn(house: House, *seconds: float) -> list[Job]:
    """Jobs that each of two workers has drawn, in its own time."""
    jobs = [await house.imagine() for _ in seconds]
    for number, took in enumerate(seconds, start=1):
        await (await house.executor.started(number)).finish(took)
    for job in jobs:
        await house.end(job)
    return jobs


async def test_a_job_waits_a_moment_for_the_loaded_worker_not_minutes_for_the_loading_one(
    house: House,
) -> None:
    house.executor.join(models={"tiny": Loading("fetching tiny", since=house.seconds.now)})
    await house.imagine()
    first = await house.executor.started(1)
    second = await house.imagine()
    await house.seen(second, lambda update: update.position == 1)
    await first.finish()
    assert [(await house.executor.started(n)).worker for n in (1, 2)] == ["w1", "w1"]


async def test_a_job_is_given_to_a_loading_worker_once_it_has_loaded(house: House) -> None:
    house.executor.alter("w1", models={"tiny": Loading("fetching tiny, 40%")})
    job = await house.imagine()
    await house.seen(job, lambda update: update.note == "fetching tiny, 40%")
    assert (await house.state(job), house.executor.runs) == ((WAITING, 0, 0), [])
    house.executor.alter("w1", models={"tiny": Loaded()})
    await (await house.executor.started(1)).finish()
    assert (await house.end(job)).job.status is SUCCEEDED


async def test_of_two_idle_workers_the_quicker_one_draws(house: House) -> None:
    house.executor.join()
    await two_drawn(house, 20.0, 5.0)
    await house.imagine()
    assert (await house.executor.started(3)).worker == house.executor.runs[1].worker


async def test_a_worker_loads_what_nobody_has(house: House) -> None:
    house.executor.alter("w1", slots_free=0)
    house.executor.join(models={})
    job = await ask(house, "large")
    run = await house.executor.started(1)
    assert (run.worker, run.attempt.model) == ("w2", "large")
    await run.finish()
    assert (await house.end(job)).job.status is SUCCEEDED


async def test_a_job_whose_model_loads_nowhere_waits_with_the_reason_and_lets_others_by(
    house: House,
) -> None:
    states = {"tiny": Loaded(), "large": replace(NOT_ENOUGH, retry_at=house.seconds.now + 60)}
    house.executor.alter("w1", models=states)
    stuck = await ask(house, "large")
    own, others = await house.imagine(), await house.imagine(asker=BERT_ASKS)
    for number in (1, 2):
        await (await house.executor.started(number)).finish()
    assert {(await house.end(job)).job.status for job in (own, others)} == {SUCCEEDED}
    update = await house.seen(stuck, lambda update: bool(update.note))
    assert (update.job.status, update.note) == (WAITING, NOT_ENOUGH.text)
    house.seconds.now += 60
    await (await house.executor.started(3)).finish()
    assert (await house.end(stuck)).job.status is SUCCEEDED


async def test_nobody_is_told_to_wait_behind_what_loads_nowhere(house: House) -> None:
    states = {"tiny": Loaded(), "large": replace(NOT_ENOUGH, retry_at=house.seconds.now + 60)}
    house.executor.alter("w1", models=states)
    first = await house.imagine()
    await (await house.executor.started(1)).finish(seconds=10.0)
    await house.end(first)
    stuck = [await ask(house, "large") for _ in range(3)]
    await house.imagine(asker=BERT_ASKS)
    await house.executor.started(2)
    waiting = await house.imagine(asker=BERT_ASKS)
    update = await house.seen(waiting, lambda update: update.position == 1)
    assert update.wait_s == pytest.approx(10.0)
    for job in stuck:
        update = await house.seen(job, lambda update: update.note == NOT_ENOUGH.text)
        assert update.wait_s is None


async def test_what_waits_ahead_takes_as_long_as_its_own_model(house: House) -> None:
    house.executor.alter("w1", models={"tiny": Loaded(), "large": Loaded()})
    await house.imagine()
    await (await house.executor.started(1)).finish(seconds=2.0)
    slow = await ask(house, "large")
    await (await house.executor.started(2)).finish(seconds=60.0)
    await house.end(slow)
    await ask(house, "large")
    await house.executor.started(3)
    await ask(house, "large", BERT_ASKS)
    quick = await house.imagine(asker=BERT_ASKS)
    await house.seen(quick, lambda update: update.wait_s == pytest.approx(120.0))
    last = await ask(house, "large", BERT_ASKS)
    await house.seen(last, lambda update: update.wait_s == pytest.approx(122.0))


async def test_who_waits_for_a_model_in_nobodys_memory_waits_for_its_load_too(
    house: House,
) -> None:
    seen = Loaded(since=house.seconds.now, took_s=30.0)
    house.executor.alter("w1", models={"tiny": Loaded(), "large": seen})
    first = await house.imagine()
    await (await house.executor.started(1)).finish(seconds=10.0)
    await house.end(first)
    house.executor.alter("w1", models={"tiny": Loaded()})
    job = await ask(house, "large")
    update = await house.seen(job, lambda update: update.wait_s is not None)
    assert update.wait_s == pytest.approx(30.0)


async def test_a_worker_that_turns_out_not_to_load_the_model_is_no_failure_of_the_job(
    house: House,
) -> None:
    house.executor.join()
    job = await ask(house, "large")
    for number in (1, 2):
        run = await house.executor.started(number)
        house.executor.alter(run.worker, models={"tiny": Loaded(), "large": NOT_ENOUGH})
        await run.fail(RenderFailed("model_missing", NOT_ENOUGH.text))
    assert {run.worker for run in house.executor.runs} == {"w1", "w2"}
    update = await house.seen(job, lambda update: bool(update.note))
    assert (update.job.status, update.note) == (WAITING, NOT_ENOUGH.text)
    assert await house.credits() == (24, 1)


async def test_a_model_that_was_just_loaded_is_kept_for_a_while_and_not_for_ever(
    house: House,
) -> None:
    house.executor.alter("w1", models={"tiny": Loaded(since=house.seconds.now, took_s=30.0)})
    tiny = [await house.imagine(asker=BERT_ASKS) for _ in range(4)]
    run = await house.executor.started(1)
    large = await ask(house, "large")
    await run.finish()
    # Anna is first, but Bert's model is in memory.
    run = await house.executor.started(2)
    assert run.job == tiny[1].id
    house.seconds.now += 30
    await run.finish()
    assert (await house.executor.started(3)).job == large.id


async def test_each_device_has_its_own_pace(house: House) -> None:
    house.executor.join()
    jobs = await two_drawn(house, 2.0, 8.0)
    pace, work = house.dispatcher.pace, jobs[0].request.work
    seats = {worker.id: worker.seat for worker in house.executor.workers()}
    told = [pace.draw_s("tiny", seats[run.worker], work) for run in house.executor.runs]
    assert told == [pytest.approx(2.0), pytest.approx(8.0)]


async def test_what_is_upscaled_says_nothing_of_its_models_pace(house: House) -> None:
    """It is drawn by tiles, or by a network."""
    grid = await house.draw()
    pace, (worker,) = house.dispatcher.pace, house.executor.workers()
    before = pace.draw_s(grid.request.model, worker.seat, 1.0)
    single = await house.press(Action.UPSCALE, grid.tile(1))
    house.executor.automatic = True
    larger = await house.press(Action.UPSCALE_SUBTLE, single.tile(1))
    assert (await house.end(larger)).job.status is JobStatus.SUCCEEDED
    assert before is not None
    assert pace.draw_s(grid.request.model, worker.seat, 1.0) == before
    await house.draw()
    assert pace.draw_s(grid.request.model, worker.seat, 1.0) is not None


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_becomes_of_the_models_every_job_is_drawn_in_the_end(
    tmp_path: Path, seed: int
) -> None:
    rng, models = random.Random(seed), ("tiny", "large", "other")
    async with House(tmp_path, workers=3, automatic=True) as house:
        executor = house.executor

        def some_state() -> ModelState:
            later = house.seconds.now + rng.choice([5, 50])
            return rng.choice([Loaded(), Loading(since=house.seconds.now), Failed("No.", later)])

        jobs = []
        for _ in range(20):
            for worker in executor.workers():
                executor.alter(worker.id, models={model: some_state() for model in models})
            asker = rng.choice([ANNA_ASKS, BERT_ASKS])
            jobs.append(await ask(house, rng.choice(models), asker))
            house.seconds.now += rng.choice([1, 10])
            for _ in range(rng.randrange(30)):
                await asyncio.sleep(0)
        for worker in executor.workers():
            executor.alter(worker.id, models={model: Loaded() for model in models})
        assert {(await house.end(job)).job.status for job in jobs} == {SUCCEEDED}
        assert house.dispatcher.held() == {}
