"""What is told of a job is what became of it: in order, and its end once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from bot.domain.action import Action
from bot.domain.errors import RenderFailed
from bot.domain.job import Job, JobStatus
from bot.domain.news import Accepted, Begun, Ended, News, Planned, Stepped, Tried
from bot.domain.speed import Speed
from bot.engine.seam import Begun as DrawingBegun
from bot.engine.seam import Paused, Progress
from tests.kit.app import ANNA_ASKS, BERT_ASKS, House

T = TypeVar("T", bound=News)
TINY = ("tiny", 16 * 16)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as opened:
        yield opened


def told(house: House, kind: type[T], job: Job | None = None) -> list[T]:
    """What was told of this kind, of one job or of all."""
    found = [news for news in house.told if isinstance(news, kind)]
    ids = [each.job if isinstance(each.job, str) else each.job.id for each in found]  # type: ignore[attr-defined]
    return [each for each, id in zip(found, ids, strict=True) if job is None or id == job.id]


def life(house: House, job: Job) -> list[str]:
    """The kinds of everything that was told of a job, but for its steps."""
    kinds = (Accepted, Begun, Tried, Ended)
    return [type(each).__name__ for each in house.told
            if isinstance(each, kinds) and each.job.id == job.id]  # fmt: skip


async def test_a_job_that_is_drawn(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    await run.finish(seconds=2.5)
    await house.end(job)
    assert life(house, job) == ["Accepted", "Begun", "Tried", "Ended"]
    [accepted], [begun], [tried], [ended] = (
        told(house, kind, job) for kind in (Accepted, Begun, Tried, Ended)
    )
    assert (accepted.job.status, accepted.again) == (JobStatus.WAITING, False)
    assert accepted.seconds > 0
    assert (begun.job.attempt, begun.worker, begun.device) == (1, "w1", ("here", "fake:1"))
    assert (tried.no, tried.outcome, tried.job.status) == (1, "drawn", JobStatus.SUCCEEDED)
    assert (ended.job.status, ended.seconds, ended.why) == (JobStatus.SUCCEEDED, 2.5, "")
    assert sum(isinstance(news, Planned) for news in house.told) == 1


async def test_steps_are_told_with_their_time(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    for event in (
        DrawingBegun(10.0), Progress(1, 4, 10.5), Progress(2, 4, 10.8), Paused(10.9),
        DrawingBegun(20.0), Progress(3, 4, 20.3), Progress(4, 4, 20.7),
    ):  # fmt: skip
        await run.say(event)
    await run.finish()
    await house.end(job)
    steps = [(each.step, round(each.seconds, 3)) for each in told(house, Stepped)]
    assert steps == [(1, 0), (2, 0.3), (3, 0), (4, 0.4)]
    one = told(house, Stepped)[-1]
    assert (one.job, one.model, one.device, one.of) == (job.id, "tiny", ("here", "fake:1"), 4)


async def test_steps_say_how_many_share_them(tmp_path: Path) -> None:
    async with House(tmp_path, slots=2) as house:
        house.executor.alter("w1", rooms={TINY: 8})
        jobs = [await house.imagine(asker=asker) for asker in (ANNA_ASKS, BERT_ASKS)]
        runs = [await house.executor.started(number) for number in (1, 2)]
        for run in runs:
            await run.progress(1)
        await runs[0].finish()
        await runs[1].progress(2)
        await runs[1].finish()
        for job in jobs:
            await house.end(job)
        assert [each.company for each in told(house, Stepped)] == [2, 2, 1]


async def test_an_attempt_that_is_lost_says_why_and_the_job_goes_on(house: House) -> None:
    job = await house.imagine()
    await house.executor.started(1)
    await house.executor.lose("w1")
    house.executor.join()
    await (await house.executor.started(2)).finish()
    await house.end(job)
    assert life(house, job) == ["Accepted", "Begun", "Tried", "Begun", "Tried", "Ended"]
    lost, drawn = told(house, Tried, job)
    assert (lost.no, lost.outcome, lost.job.status) == (1, "lost", JobStatus.WAITING)
    assert lost.why
    assert (drawn.no, drawn.outcome) == (2, "drawn")


@pytest.mark.parametrize(
    ("code", "retryable", "outcomes"),
    [("bad_input", False, ["bad_input"]), ("error", True, ["failed", "failed", "error"])],
)
async def test_a_job_that_cannot_be_drawn_says_why(
    house: House, code: str, retryable: bool, outcomes: list[str]
) -> None:
    job = await house.imagine()
    for number in range(1, len(outcomes) + 1):
        run = await house.executor.started(number)
        await run.fail(RenderFailed(code, "details for the operator", retryable=retryable))
    await house.end(job)
    assert [each.outcome for each in told(house, Tried, job)] == outcomes
    [ended] = told(house, Ended, job)
    assert (ended.job.status, ended.why) == (JobStatus.FAILED, "details for the operator")
    assert ended.job.failure is not None
    assert ended.job.failure.code == code


async def test_who_cancels_what_waits_or_is_drawn_ends_it_once(house: House) -> None:
    first, second = await house.imagine(), await house.imagine()
    run = await house.executor.started(1)
    for job in (first, second):
        await house.service.drawing.cancel(ANNA_ASKS, job.origin, job.id)
    await run.ended.wait()
    await house.restart()  # everything that was under way is over
    for job in (first, second):
        [ended] = told(house, Ended, job)
        assert (ended.job.status, ended.why) == (JobStatus.CANCELLED, f"by {ANNA_ASKS.user}")
    assert life(house, second) == ["Accepted", "Ended"]


async def test_what_goes_on_after_a_start_is_told_as_such(house: House) -> None:
    job = await house.imagine()
    await house.executor.started(1)
    await house.restart()
    await (await house.executor.started(1)).finish()
    await house.end(job)
    again = told(house, Accepted, job)
    assert [each.again for each in again] == [False, True]
    assert told(house, Begun, job)[-1].job.attempt == 2


async def test_what_is_taken_out_of_a_grid_is_over_at_once(house: House) -> None:
    grid = await house.draw()
    single = await house.press(Action.UPSCALE, grid.tile(2))
    assert life(house, single) == ["Accepted", "Ended"]
    assert await house.press(Action.UPSCALE, grid.tile(2)) == single
    assert life(house, single) == ["Accepted", "Ended"]


async def test_a_census_tells_who_waits_and_since_when(house: House) -> None:
    await house.imagine()
    await house.executor.started(1)
    for seconds, prompt in ((10, "a fox"), (20, "a fox --turbo"), (30, "another fox")):
        house.clock.now += seconds
        await house.imagine(prompt, BERT_ASKS)
    house.clock.now += 40
    found = house.dispatcher.census(house.clock.now)
    assert dict(found.waiting) == {Speed.TURBO: 1, Speed.FAST: 2, Speed.RELAX: 0}
    assert dict(found.oldest_s) == {Speed.TURBO: 70, Speed.FAST: 90, Speed.RELAX: 0}
    assert (found.aside, found.drawing) == (0, 1)


async def test_who_waits_aside_is_not_in_line(house: House) -> None:
    await house.imagine()
    await house.executor.started(1)
    job = await house.imagine(asker=BERT_ASKS)
    house.clock.now += 500
    house.dispatcher.aside.pause(job.origin.guild)
    found = house.dispatcher.census(house.clock.now)
    assert (found.aside, found.waiting[Speed.FAST], found.oldest_s[Speed.FAST]) == (1, 0, 0)
