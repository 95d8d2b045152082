"""Which pictures are cleared away, and what is said of them afterwards."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path

import pytest

from bot.app import core
from bot.domain.action import Action, Tile
from bot.domain.errors import NotFound, StoreUnavailable
from bot.domain.job import Job, JobStatus
from bot.domain.people import Account
from bot.service.pictures import Pictures
from bot.service.rules import Rules
from bot.settings import Settings
from bot.storage.files import ImageStore
from tests.kit.app import House
from tests.kit.executor import PATIENCE_S, FakeExecutor, picture
from tests.kit.faults import CODES
from tests.kit.values import ANNA, GUILD, a_request

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


async def kept(house: House, *jobs: Job) -> list[bool]:
    """Whether there is a file, of the four pictures of each."""
    return [await house.parts.files.exists(job.tile(n)) for job in jobs for n in range(1, 5)]


@pytest.mark.parametrize("code", CODES)
async def test_files_go_though_no_row_can_be_written(tmp_path, monkeypatch, caplog, code) -> None:
    monkeypatch.setattr("bot.service.pictures.EVICTED_AT_ONCE", 3)
    async with House(tmp_path, automatic=True, rules=Rules(images_max_age_s=60.0)) as house:
        old = [await posted(house), await posted(house)]
        varied = await house.press(Action.VARY, old[0].tile(1))
        await house.end(varied)
        await house.posted(varied)
        house.clock.now += 61
        young = await posted(house)
        house.database.refuse(code, "PictureRepository.mark_evicted")
        with caplog.at_level(logging.WARNING):
            assert await house.service.pictures.housekeeping() == 0
        assert "cannot be cleared away" in caplog.text
        assert await kept(house, *old, varied, young) == [False] * 12 + [True] * 4
        # Meanwhile they are gone to everybody, as after the rows are marked.
        for action in (Action.UPSCALE, Action.VARY):
            with pytest.raises(NotFound, match="cleared away or deleted this moment"):
                await house.press(action, old[0].tile(1))
        with pytest.raises(NotFound, match="cleared away"):
            await house.service.pictures.picture(old[0], PLENTY)
        again = await house.press(Action.REROLL, Tile(varied.id, 0))
        assert (await house.end(again)).job.status is JobStatus.SUCCEEDED
        house.database.calm()
        assert await house.service.pictures.housekeeping() == 12
        assert all(row.evicted for row in (await house.parts.pictures.of_job(old[1].id)).values())
        assert await house.service.pictures.housekeeping() == 0


async def test_one_file_that_cannot_be_deleted_keeps_no_other(tmp_path: Path) -> None:
    async with House(tmp_path, automatic=True, rules=Rules(images_max_age_s=60.0)) as house:
        old = await posted(house)
        house.clock.now += 61
        stubborn = house.parts.files.path(old.tile(1))
        stubborn.unlink()
        (stubborn / "in the way").mkdir(parents=True)
        assert await house.service.pictures.housekeeping() == 0
        assert await kept(house, old) == [False] * 4


async def test_an_upscale_counts_once_beside_its_grid(tmp_path: Path) -> None:
    sizes = [len(picture(seed)) for seed in a_request("a fox --seed 7").seeds]
    async with House(tmp_path, automatic=True, rules=Rules(images_max_bytes=sum(sizes))) as house:
        grid = await posted(house)
        house.clock.now += 1
        single = await house.press(Action.UPSCALE, grid.tile(2))
        await house.posted(single)
        assert await house.parts.pictures.kept_bytes() == sum(sizes)
        assert await house.service.pictures.housekeeping() == 0
        # Its tile's going frees nothing; what is over goes on to the next.
        house.clock.now += 1
        await posted(house, "a newer fox --seed 7")
        assert await house.service.pictures.housekeeping() == 5
        assert await house.parts.pictures.kept_bytes() == sum(sizes)
        assert not await house.parts.files.exists(single.tile(1))


async def uploaded(house: House, data: bytes = b"an upload") -> str:
    return await house.parts.blobs.put(data, Account(GUILD, ANNA), house.clock())


@pytest.mark.parametrize(
    ("rules", "kept_s"),
    [(Rules(), 30 * 86_400), (Rules(images_max_age_s=60.0), 60), (Rules(blobs_max_age_s=7.0), 7)],
)
async def test_uploads_go_when_nobody_used_them_for_long(
    tmp_path: Path, rules: Rules, kept_s: float
) -> None:
    async with House(tmp_path, rules=rules) as house:
        digest = await uploaded(house)
        house.clock.now += kept_s
        await house.service.pictures.housekeeping()
        assert await house.parts.blobs.read(digest) == b"an upload"
        house.clock.now += 1
        await house.service.pictures.housekeeping()
        assert await house.parts.blobs.read(digest) is None
        assert await house.parts.pictures.kept_bytes() == 0


async def test_uploads_count_beside_pictures(tmp_path: Path) -> None:
    sizes = [len(picture(seed)) for seed in a_request("a fox --seed 7").seeds]
    async with House(tmp_path, automatic=True, rules=Rules(images_max_bytes=sum(sizes))) as house:
        await posted(house)
        assert await house.service.pictures.housekeeping() == 0
        await uploaded(house, bytes(sizes[0]))
        assert await house.parts.pictures.kept_bytes() == sum(sizes) + sizes[0]
        assert await house.service.pictures.housekeeping() == 1


async def test_uploads_that_the_store_keeps_hold_up_no_picture(
    tmp_path: Path, monkeypatch, caplog
) -> None:
    async with House(tmp_path, automatic=True, rules=Rules(images_max_age_s=60.0)) as house:
        await posted(house)
        await uploaded(house)
        house.clock.now += 61

        async def busy(before: float) -> int:
            raise StoreUnavailable("locked", "busy")

        with monkeypatch.context() as patch:
            patch.setattr(house.parts.blobs, "drop_unused", busy)
            assert await house.service.pictures.housekeeping() == 4
        assert "uploads cannot be cleared away just now" in caplog.text
        await house.service.pictures.housekeeping()
        assert await house.parts.pictures.kept_bytes() == 0


async def test_a_sweep_takes_uploads_that_are_not_known(house: House) -> None:
    digest = await uploaded(house)
    lost = await uploaded(house, b"lost")
    await house.database.transaction(
        lambda c: c.execute("DELETE FROM blobs WHERE digest = ?", (lost,))
    )
    await house.service.pictures.sweep(time.time() + 50)
    assert await house.parts.blobs.read(lost) is None
    assert await house.parts.blobs.read(digest) == b"an upload"


async def test_what_a_crash_left_is_swept(house: House) -> None:
    job, files = await posted(house), house.parts.files
    lost, new = Tile("ab12" + "0" * 28, 1), Tile("cd34" + "0" * 28, 1)
    for tile in (lost, new):
        await files.write({tile: b"picture"})
        (files.folder(tile.job) / "upload.webp").write_bytes(b"grid")
    partials = [files.folder(job.id) / name for name in ("2.partial", "upload.partial")]
    partials.append(files.folder(lost.job) / "2.partial")
    for partial in partials:
        partial.write_bytes(b"half")
    now = time.time()
    for path in (partials[0], partials[2], files.folder(lost.job), files.folder(job.id)):
        os.utime(path, (now - 100, now - 100))
    assert await house.service.pictures.sweep(now - 50) == 1
    assert not files.folder(lost.job).exists()
    assert await files.read(new) == b"picture"
    assert [partial.exists() for partial in partials] == [False, True, False]
    assert await kept(house, job) == [True] * 4


async def test_files_that_a_crash_left_after_they_were_posted_are_swept(house: House) -> None:
    """Those that are still to be posted stay, and so do all pictures."""
    jobs = {"posted": await posted(house), "owed": await house.draw("a fox --seed 7")}
    for job in jobs.values():
        house.parts.files.uploads.forget(job.id)
        (house.parts.files.folder(job.id) / "upload.webp").write_bytes(b"grid")
    await house.service.pictures.sweep(time.time() + 50)
    left = {
        name
        for name, job in jobs.items()
        if (house.parts.files.folder(job.id) / "upload.webp").exists()
    }
    assert left == {"owed"}
    for job in jobs.values():
        assert await kept(house, job) == [True] * 4


@pytest.mark.parametrize(("most", "deleted"), [(5, 5), (4, 0)])
async def test_more_than_a_crash_leaves_is_not_swept(
    house: House, monkeypatch: pytest.MonkeyPatch, most: int, deleted: int
) -> None:
    monkeypatch.setattr("bot.storage.files.SWEPT_AT_ONCE", 2)
    monkeypatch.setattr("bot.service.pictures.SWEPT_AT_MOST", most)
    tiles = [Tile(f"ab12{number:028x}", 1) for number in range(5)]
    for tile in tiles:
        await house.parts.files.write({tile: b"picture"})
    assert await house.service.pictures.sweep(time.time() + 50) == deleted
    kept = [await house.parts.files.read(tile) for tile in tiles]
    assert kept.count(b"picture") == 5 - deleted


async def test_a_sweep_that_the_store_refuses_is_left_for_later(house: House, monkeypatch) -> None:
    lost = Tile("ab12" + "0" * 28, 1)
    await house.parts.files.write({lost: b"picture"})

    async def busy(jobs: list[str]) -> list[str]:
        raise StoreUnavailable("locked", "busy")

    with monkeypatch.context() as patch:
        patch.setattr(house.parts.pictures, "rowless", busy)
        assert await house.service.pictures.sweep(time.time() + 50) == 0
    assert await house.parts.files.read(lost) == b"picture"
    assert await house.service.pictures.sweep(time.time() + 50) == 1


async def test_a_start_sweeps(tmp_path: Path, monkeypatch) -> None:
    files, lost = ImageStore(tmp_path / "images"), Tile("ab12" + "0" * 28, 1)
    await files.write({lost: b"picture"})
    long_ago = time.time() - 3600
    os.utime(files.folder(lost.job), (long_ago, long_ago))
    sweep, swept = Pictures.sweep, asyncio.Event()

    async def told(self: Pictures, before: float) -> int:
        count = await sweep(self, before)
        swept.set()
        return count

    monkeypatch.setattr(Pictures, "sweep", told)
    async with core(Settings(data_dir=tmp_path), FakeExecutor()), asyncio.timeout(PATIENCE_S):
        await swept.wait()
    assert not files.folder(lost.job).exists()
