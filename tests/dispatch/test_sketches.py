"""What was shown of a picture on its way is kept with it, and with nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dispatch.keeping import SKETCHES
from bot.domain.errors import RenderFailed
from bot.domain.job import JobStatus
from bot.engine.seam import Preview
from tests.kit.app import ANNA_ASKS, HERE, House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as opened:
        yield opened


async def test_previews_are_kept_of_what_succeeds(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    for number in range(SKETCHES + 2):
        await run.say(Preview(b"seen %d" % number))
    assert await house.parts.files.previews.of(job.id) == []
    await run.finish()
    assert (await house.end(job)).job.status is JobStatus.SUCCEEDED
    kept = await house.parts.files.previews.of(job.id)
    assert kept == [b"seen %d" % number for number in range(SKETCHES)]


async def test_those_of_another_attempt_are_not_mixed_in(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    await run.say(Preview(b"before"))
    await run.fail(RenderFailed("error", "once", retryable=True))
    run = await house.executor.started(2)
    await run.say(Preview(b"after"))
    await run.finish()
    await house.end(job)
    assert await house.parts.files.previews.of(job.id) == [b"after"]


async def test_those_of_a_part_of_a_grid_are_not_kept(house: House) -> None:
    job = await house.imagine()
    run = await house.executor.started(1)
    await run.say(Preview(b"all four"))
    await run.image(0)
    await run.fail(RenderFailed("error", "once", retryable=True))
    run = await house.executor.started(2)
    assert run.attempt.indices == (1, 2, 3)
    await run.say(Preview(b"three"))
    await run.finish()
    await house.end(job)
    assert await house.parts.files.previews.of(job.id) == []


async def test_nothing_is_kept_of_what_is_cancelled_or_fails(house: House) -> None:
    cancelled = await house.imagine()
    run = await house.executor.started(1)
    await run.say(Preview(b"seen"))
    await house.service.drawing.cancel(ANNA_ASKS, HERE, cancelled.id)
    await run.fail(RenderFailed("error", "stopped"))
    await house.end(cancelled)
    failed = await house.imagine("a hare")
    run = await house.executor.started(2)
    await run.say(Preview(b"seen"))
    await run.fail(RenderFailed("error", "broken"))
    await house.end(failed)
    for job in (cancelled, failed):
        assert await house.parts.files.previews.of(job.id) == []


async def test_a_disk_that_takes_none_of_them_is_no_trouble_of_the_job(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(house.parts.files.previews, "_write", refuse)
    job = await house.imagine()
    run = await house.executor.started(1)
    await run.say(Preview(b"seen"))
    await run.finish()
    assert (await house.end(job)).job.status is JobStatus.SUCCEEDED
