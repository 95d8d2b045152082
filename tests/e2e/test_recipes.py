"""Recipes as files, pictures without loss and how they came to be, with the embedded model."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot import imaging
from bot.engine.local import LocalExecutor
from bot.models.cards import EMBEDDED_CARD
from bot.sandbox import Sandbox
from tests.e2e.test_more import edited, opened, pressed, recipe_of, sent
from tests.kit import books, messages
from tests.kit.easel import Easel, SharedExecutor, running, settings_for
from tests.kit.messages import Message
from tests.kit.scene import Scene

PROMPT = "a red apple on a blue background --q 0.5"


@pytest.fixture
async def easel(
    sandbox: Sandbox, tmp_path: Path, diffusion_worker: LocalExecutor
) -> AsyncIterator[Easel]:
    settings = settings_for(sandbox, tmp_path / "data", model_steps=0)
    async with running(sandbox, settings, SharedExecutor(diffusion_worker)) as one:
        yield one


async def redrawn(person: Scene, data: bytes) -> Message:
    known = {each["id"] for each in person.results()}
    await (await sent(person, data)).ack()
    return await person.new_result(known)


async def test_a_recipe_draws_the_same_pixels_again(easel: Easel, mia: Scene, noah: Scene) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine(f"{PROMPT} --ar 3:2 --chaos 20 --style neon --no hats::2")
    single = await mia.press(grid, "U3")
    data, said = await recipe_of(mia, single)
    assert "`/imagine prompt:same recipe:`" in said
    told = json.loads(data)
    assert (told["version"], told["picture"], told["model"]["name"]) == (1, 3, EMBEDDED_CARD.name)
    assert len(told["model"]["fingerprint"]) == 16
    assert told["engine"]
    again = await redrawn(noah, data)
    assert messages.job_of(again) != messages.job_of(grid)
    shown = messages.picture(sandbox, again)
    assert messages.same_pixels(shown, messages.picture(sandbox, grid))
    assert messages.same_pixels(imaging.crop(shown, 3), messages.picture(sandbox, single))
    assert again["content"].endswith(noah.mention)
    # What is drawn by a recipe has one, which says the same.
    twice, _ = await recipe_of(noah, again)
    assert json.loads(twice)["seeds"] == told["seeds"]
    assert books.spent(easel.settings.data_dir) == 2


@pytest.mark.slow
async def test_what_was_drawn_from_a_picture_is_drawn_from_it_again(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine(PROMPT)
    single = await mia.press(grid, "U1")
    zoomed = await mia.press(single, "Zoom Out 2×")
    data, said = await recipe_of(mia, zoomed)
    assert "It draws from a picture that is not in it" in said
    assert [each[1] for each in json.loads(data)["lineage"]] == ["upscale", "imagine"]
    again = await redrawn(noah, data)
    assert messages.same_pixels(messages.picture(sandbox, again), messages.picture(sandbox, zoomed))
    # Nobody draws from a picture that they may not see, whatever the file says.
    known = {each["id"] for each in mia.results(mia.dm)}
    await (await mia.slash("imagine", prompt=f"{PROMPT} --stealth")).ack()
    hidden = await mia.new_result(known, mia.dm)
    row = (await easel.core.parts.pictures.of_job(messages.job_of(hidden)))[1]
    request = json.loads(data)["request"]
    request["inputs"][0] |= {"digest": row.sha256, "tile": [messages.job_of(hidden), 1]}
    for person, job in ((noah, json.loads(data)["job"]), (noah, messages.job_of(hidden))):
        forged = edited(data, request=request, job=job)
        text = await person.refused(await sent(person, forged))
        assert "a picture that is not kept here" in text
    # One that is deleted cannot be drawn from, which is one sentence.
    await (await mia.click(await opened(mia, single), "Delete")).ack()
    await sandbox.wait_for(lambda: mia.person.message(single) is None)
    text = await mia.refused(await sent(mia, data))
    assert "a picture that is not kept here" in text
    assert books.spent(easel.settings.data_dir) == 4


@pytest.mark.slow
async def test_a_picture_that_was_made_larger_is_again(
    easel: Easel, mia: Scene, noah: Scene
) -> None:
    sandbox = easel.sandbox
    single = await mia.press(await mia.imagine(PROMPT), "U1")
    larger = await mia.press(single, "Upscale (Subtle)")
    data, said = await recipe_of(mia, larger)
    assert "draws the same pixels again. It draws from a picture that is not in it" in said
    before = books.spent(easel.settings.data_dir)
    again = await redrawn(noah, data)
    shown = messages.picture(sandbox, again)
    assert shown.size == (256, 256)
    assert messages.same_pixels(shown, messages.picture(sandbox, larger))
    assert f"- Upscaled (Subtle) by {noah.mention}" in again["content"]
    assert books.spent(easel.settings.data_dir) == before + 1


async def test_a_picture_comes_without_loss_and_with_its_making(easel: Easel, mia: Scene) -> None:
    sandbox = easel.sandbox
    grid = await mia.imagine(PROMPT)
    job = messages.job_of(grid)
    menu = await opened(mia, grid)
    exact = await pressed(mia, menu, "PNG")
    assert exact["flags"] & messages.EPHEMERAL
    assert [file["filename"] for file in exact["attachments"]] == [
        f"easel_{number}_{job}.png" for number in (1, 2, 3, 4)
    ]
    store = easel.core.parts.files
    for number, file in enumerate(exact["attachments"], 1):
        data = sandbox.files[file["id"]]
        stored = await store.read((await easel.core.service.drawing.job(job)).tile(number))  # type: ignore[union-attr]
        assert stored is not None
        assert data[:4] == b"\x89PNG"
        assert messages.same_pixels(imaging.decode(data), imaging.decode(stored))
        assert imaging.read_recipe(data)["job"] == job  # type: ignore[index]
    previews = await store.previews.of(job)
    assert len(previews) >= 2
    whole = messages.picture(sandbox, grid)
    single = await mia.press(grid, "U4")
    for result, last, cell in ((grid, whole, 0), (single, imaging.crop(whole, 4), 4)):
        said = await pressed(mia, await opened(mia, result), "How it came to be")
        frames = frames_of(messages.file_of(sandbox, said))
        assert len(frames) == len(previews) + 1
        assert messages.same_pixels(frames[-1], last)
        for frame, preview in zip(frames[:-1], previews, strict=True):
            shown = imaging.decode(preview)
            shown = imaging.crop(shown, cell) if cell else shown
            assert frame.size == last.size
            away = np.abs(np.asarray(frame, float) - np.asarray(shown.resize(frame.size), float))
            assert away.mean() < 3
    await store.previews.sweep(before=2e12)
    said = await pressed(mia, menu, "How it came to be")
    assert "was not kept" in messages.text_of(said)
    assert "disabled" in str(messages.buttons(await opened(mia, grid))["How it came to be"])


def frames_of(data: bytes) -> list[Image.Image]:
    with Image.open(io.BytesIO(data)) as moving:
        assert moving.format == "WEBP"
        frames = []
        for number in range(moving.n_frames):  # type: ignore[attr-defined]
            moving.seek(number)
            frames.append(moving.convert("RGB"))
    return frames
