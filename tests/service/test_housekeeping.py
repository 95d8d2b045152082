"""Which pictures are cleared away, and what is said of them afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.action import Action, Tile
from bot.domain.errors import (
    NotFound,
)
from bot.domain.job import Job, JobStatus
from bot.service.rules import Rules
from tests.kit.app import (
    House,
)
from tests.kit.executor import picture
from tests.kit.values import a_request

PLENTY = 10 << 20


async def posted(house: House, text: str = "a fox --seed 7") -> Job:
    job = await house.draw(text)
    await house.posted(job)
    return job


async def test_nothing_is_cleared_away_without_need(house: House) -> None:
    await posted(house)
    assert await house.service.pictures.housekeeping() == 0


async def test_old_pictures_go_and_buttons_say_so(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=Rules(images_max_age_s=60.0)) as house:
        old = await posted(house)
        varied = await house.press(Action.VARY, old.tile(1))
        await house.end(varied)
        await house.posted(varied)
        house.clock.now += 61
        young = await posted(house)
        assert await house.service.pictures.housekeeping() == 8
        assert await house.parts.files.read(old.tile(1)) is None
        assert await house.parts.files.read(young.tile(1)) is not None
        for action in (Action.UPSCALE, Action.VARY):
            with pytest.raises(NotFound, match="cleared away to save space; 🔄 draws"):
                await house.press(action, old.tile(1))
        with pytest.raises(NotFound, match="cleared away"):
            await house.service.pictures.picture(old, PLENTY)
        # 🔄 keeps that promise, of a variation too whose source is gone.
        for parent in (old, varied):
            again = await house.press(Action.REROLL, Tile(parent.id, 0))
            assert again.request.source is None
            assert (await house.end(again)).job.status is JobStatus.SUCCEEDED


async def test_too_many_bytes_take_the_oldest(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("bot.service.pictures.EVICTED_AT_ONCE", 3)
    sizes = [len(picture(seed)) for seed in a_request("a fox --seed 7").seeds]
    rules = Rules(images_max_bytes=sizes[-1] + sum(sizes))
    async with House(tmp_path, automatic=True, rules=rules) as house:
        jobs = []
        for _ in range(3):
            jobs.append(await posted(house))
            house.clock.now += 1
        assert await house.service.pictures.housekeeping() == 7
        left = [
            [bool(await house.parts.files.read(job.tile(n))) for n in range(1, 5)] for job in jobs
        ]
        assert left == [[False] * 4, [False] * 3 + [True], [True] * 4]
        assert await house.service.pictures.housekeeping() == 0
        with pytest.raises(NotFound, match="cleared away"):
            await house.press(Action.UPSCALE, jobs[0].tile(1))


async def test_an_extracted_picture_outlives_its_grid(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=Rules(images_max_age_s=60.0)) as house:
        grid = await posted(house)
        house.clock.now += 50
        single = await house.press(Action.UPSCALE, grid.tile(2))
        await house.posted(single)
        house.clock.now += 11
        assert await house.service.pictures.housekeeping() == 4
        assert (await house.press(Action.UPSCALE, grid.tile(2))).id == single.id
        assert (await house.service.pictures.picture(single, PLENTY)).bytes
        with pytest.raises(NotFound):
            await house.press(Action.UPSCALE, grid.tile(3))


async def test_what_is_needed_is_not_cleared_away(tmp_path: Path) -> None:
    rules = Rules(images_max_bytes=1)
    async with House(tmp_path, rules=rules) as house:
        undelivered = await house.draw()
        source = await posted(house)
        before = len(house.executor.runs)
        varied = await house.press(Action.VARY, source.tile(2))
        await (await house.executor.started(before + 1)).image(0)
        assert await house.service.pictures.housekeeping() == 3
        assert await house.parts.files.read(source.tile(2)) is not None
        assert await house.parts.files.read(varied.tile(1)) is not None
        assert (await house.service.pictures.picture(undelivered, PLENTY)).bytes
