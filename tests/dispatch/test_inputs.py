"""What a drawing starts from reaches the worker by its content hash, wherever it is kept."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from bot import imaging
from bot.domain.action import Action
from bot.domain.inputs import Input
from bot.domain.job import Job, JobStatus
from bot.domain.people import Account
from bot.engine.local import LocalExecutor
from bot.models.cards import EMBEDDED_CARD
from tests.kit.app import ANNA_ASKS, HERE, House
from tests.kit.easel import SharedExecutor
from tests.kit.values import ANNA, GUILD, from_file
from tests.kit.workers import free_worker, wait_until

ANNAS = Account(GUILD, ANNA)
UPLOAD = b"what somebody uploaded"


async def from_upload(
    house: House, digest: str, text: str = "a fox --seed 7", strength: float = 0.5
) -> Job:  # fmt: skip
    """A job as a feature with uploads will ask for it."""
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, text)
    (request,) = plan.requests
    request = from_file(request, digest, strength)
    (job,) = await house.service.drawing.submit(replace(plan, requests=(request,)))
    return job


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as opened:
        yield opened


async def test_an_upload_reaches_the_worker_by_its_hash(house: House) -> None:
    digest = await house.parts.blobs.put(UPLOAD, ANNAS, house.clock())
    job = await from_upload(house, digest)
    run = await house.executor.started(1)
    assert (run.attempt.request["source"], run.attempt.request["strength"]) == (digest, 0.5)
    assert run.attempt.inputs == {digest: UPLOAD}
    # After a crash as well.
    await house.restart()
    run = await house.executor.started(1)
    assert run.attempt.inputs == {digest: UPLOAD}
    await run.finish()
    assert (await house.end(job)).job.status is JobStatus.SUCCEEDED


async def test_a_picture_and_a_file_are_handed_over_together(house: House) -> None:
    grid = await house.draw("a red fox --seed 7")
    mask = await house.parts.blobs.put(UPLOAD, ANNAS, house.clock())
    plan = await house.service.drawing.plan(ANNA_ASKS, HERE, "a fox")
    source = Input("source", tile=grid.tile(3))
    request = replace(plan.requests[0], inputs=(source, Input("mask", mask)))
    await house.service.drawing.submit(replace(plan, requests=(request,)))
    run = await house.executor.started(2)
    picture = (await house.parts.pictures.of_job(grid.id))[3].sha256
    assert list(run.attempt.inputs) == [picture, mask]
    named = run.attempt.request["recipe"]["inputs"]
    assert [(each["role"], each["digest"]) for each in named] == [
        ("source", picture),
        ("mask", mask),
    ]


@pytest.mark.parametrize("how", ["gone", "damaged"])
async def test_an_upload_that_is_not_there_fails_the_job_free_of_charge(
    house: House, how: str
) -> None:
    digest = await house.parts.blobs.put(UPLOAD, ANNAS, house.clock())
    before = await house.imagine()
    run = await house.executor.started(1)
    job = await from_upload(house, digest)
    path = house.parts.blobs.path(digest)
    path.unlink() if how == "gone" else path.write_bytes(b"something else")
    await run.finish()
    assert (await house.end(before)).job.status is JobStatus.SUCCEEDED
    final = (await house.end(job)).job
    assert final.failure is not None
    assert "A picture that this needs was cleared away" in final.failure.sentence
    assert await house.credits() == (24, 0)
    assert len(house.executor.runs) == 1


# Through the real engine

DRAWN = replace(EMBEDDED_CARD, native=64, steps=6)
STARTING_S = 240


async def drawing_with(studio: LocalExecutor, folder: Path) -> House:
    """An app whose jobs the real engine draws, which has its model in memory."""
    worker = await free_worker(studio, STARTING_S)
    await studio.prepare(worker.id, [DRAWN.id])
    await wait_until(studio, lambda: any(w.loaded for w in studio.workers()), STARTING_S)
    return House(folder, card=DRAWN, executor=SharedExecutor(studio))


async def pictures(house: House, job: Job) -> list[bytes]:
    ended = (await house.end(job)).job
    assert ended.failure is None
    found = [await house.parts.files.read(job.tile(number)) for number in range(1, 5)]
    return [data for data in found if data]


def distance(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of the channels, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


@pytest.mark.timeout(300)
async def test_an_upload_is_drawn_from_like_a_picture_of_a_job(
    studio: LocalExecutor, tmp_path: Path
) -> None:
    async with await drawing_with(studio, tmp_path) as house:
        grid = await pictures(house, source := await house.imagine("a red fox --seed 7"))
        varied = await house.press(Action.VARY, source.tile(2))
        from_tile = await pictures(house, varied)
        digest = await house.parts.blobs.put(grid[1], ANNAS, house.clock())
        strength = varied.request.sampling.strength or 0.0
        text = f"a red fox --seed {varied.request.seed}"
        assert await pictures(house, await from_upload(house, digest, text, strength)) == from_tile
        fresh = await pictures(house, await house.imagine(text))
        assert not set(fresh) & set(from_tile)


@pytest.mark.timeout(300)
async def test_any_picture_may_be_uploaded(studio: LocalExecutor, tmp_path: Path) -> None:
    upload = Image.new("RGB", (96, 80), (20, 40, 200))
    upload.paste((230, 200, 30), (0, 0, 48, 80))
    file = io.BytesIO()
    upload.save(file, "PNG")
    async with await drawing_with(studio, tmp_path) as house:
        digest = await house.parts.blobs.put(file.getvalue(), ANNAS, house.clock())
        drawn = await pictures(house, await from_upload(house, digest, strength=0.3))
        fresh = await pictures(house, await house.imagine("a fox --seed 7"))
    fitted = upload.resize((64, 64))
    near, far = (
        [distance(imaging.decode(data), fitted) for data in some] for some in (drawn, fresh)
    )
    assert len(drawn) == 4
    assert max(near) < min(far) / 2, (near, far)
