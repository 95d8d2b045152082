"""What nobody asked for is drawn while nobody waits, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.dispatch.spare import Spare
from bot.domain.errors import Busy, Cancelled, RenderFailed, WorkerLost
from bot.engine.seam import Failed
from tests.kit import books
from tests.kit.app import House
from tests.kit.executor import picture
from tests.kit.values import a_request

SAMPLE = a_request(count=2)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, slots=2, room=8) as opened:
        yield opened


@pytest.fixture
def spare(house: House) -> Spare:
    return Spare(house.executor, house.dispatcher)


async def test_pictures_come_without_a_job_or_a_credit(house: House, spare: Spare) -> None:
    drawing = asyncio.create_task(spare.draw(SAMPLE))
    run = await house.executor.started(1)
    assert run.attempt.request == SAMPLE.wire()
    assert run.attempt.upload_limit == 0
    await run.progress(1)
    await run.finish()
    assert await drawing == {index: picture(seed) for index, seed in enumerate(SAMPLE.seeds)}
    assert books.states(house.folder) == []
    assert await house.credits() == (25, 0)
    assert house.dispatcher.held() == {}
    assert house.executor.cancels == []


async def test_while_somebody_waits_nothing_is_drawn(house: House, spare: Spare) -> None:
    job = await house.imagine()
    assert await spare.draw(SAMPLE) is None
    run = await house.executor.started(1)
    assert await spare.draw(SAMPLE) is None
    await run.finish()
    await house.end(job)
    assert len(house.executor.runs) == 1


async def test_whoever_comes_goes_first(house: House, spare: Spare) -> None:
    drawing = asyncio.create_task(spare.draw(SAMPLE))
    sample = await house.executor.started(1)
    await sample.progress(1)
    job = await house.imagine()
    await sample.progress(2)
    assert house.executor.cancels == [(sample.worker, sample.job, 1)]
    await sample.fail(Cancelled("as told"))
    assert await drawing is None
    run = await house.executor.started(2)
    await run.finish()
    await house.end(job)


async def test_no_worker_that_draws_loads_or_is_unwell(house: House, spare: Spare) -> None:
    [worker] = house.executor.workers()
    for changes in (
        {"drawing": {"x": (("tiny", 1), 4)}},
        {"slots_free": 0},
        {"draining": True},
        {"error": "broken"},
        {"models": {}},
        {"models": {"tiny": Failed("gone")}},
    ):
        whole = {name: getattr(worker, name) for name in changes}
        house.executor.alter(worker.id, **changes)
        assert await spare.draw(SAMPLE) is None
        house.executor.alter(worker.id, **whole)
    house.executor.refuse.append(Busy("taken"))
    assert await spare.draw(SAMPLE) is None


@pytest.mark.parametrize("error", [RenderFailed("bad_input", "no"), WorkerLost("died", begun=True)])
async def test_what_cannot_be_drawn_is_said(house: House, spare: Spare, error: Exception) -> None:
    drawing = asyncio.create_task(spare.draw(SAMPLE))
    await (await house.executor.started(1)).fail(error)
    with pytest.raises(type(error)):
        await drawing


async def test_who_stops_waiting_stops_the_drawing(house: House, spare: Spare) -> None:
    drawing = asyncio.create_task(spare.draw(SAMPLE))
    run = await house.executor.started(1)
    await run.progress(1)
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    assert house.executor.cancels == [(run.worker, run.job, 1)]
