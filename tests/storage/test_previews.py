"""Previews of finished pictures: a bounded record of how they came to be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.domain.action import Tile
from bot.storage import previews
from bot.storage.files import ImageStore
from bot.storage.previews import Previews

JOB, OTHER = "ab" * 16, "cd" * 16


@pytest.fixture
def store(tmp_path: Path) -> Previews:
    return Previews(tmp_path / "previews", most=1000)


def aged(store: Previews, job: str, seconds: float) -> None:
    os.utime(store._path(job), (seconds, seconds))


async def test_they_come_back_in_order_and_others_take_their_place(store: Previews) -> None:
    await store.keep(JOB, [b"one", b"", b"three"])
    assert await store.of(JOB) == [b"one", b"", b"three"]
    assert await store.of(OTHER) == []
    await store.keep(JOB, [b"new"])
    assert await store.of(JOB) == [b"new"]
    await store.keep(OTHER, [])
    assert not store._path(OTHER).exists()


async def test_one_job_has_no_more_than_its_share(
    store: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "EACH", 35)
    await store.keep(JOB, [bytes([number]) * 10 for number in range(8)])
    assert [frame[0] for frame in await store.of(JOB)] == [3, 7]
    await store.keep(OTHER, [b"x" * 36])
    assert await store.of(OTHER) == []


async def test_the_oldest_go_where_all_are_too_many(store: Previews) -> None:
    ids = [f"{number:032x}" for number in range(10)]
    for number, job in enumerate(ids):
        await store.keep(job, [b"x" * 96])  # 100 bytes with its length
        aged(store, job, 1000.0 + number)
    assert len([job for job in ids if await store.of(job)]) == 10
    await store.keep(JOB, [b"x" * 96])
    kept = [job for job in ids if await store.of(job)]
    assert kept == ids[2:]
    assert await store.of(JOB)
    # What an earlier run left counts, too.
    again = Previews(store._folder, most=500)
    await again.keep(OTHER, [b"y"])
    assert sum(path.stat().st_size for path in left_in(store._folder)) <= 500


async def test_old_ones_are_swept_up(store: Previews) -> None:
    for job, written in ((JOB, 100.0), (OTHER, 200.0)):
        await store.keep(job, [b"x"])
        aged(store, job, written)
    assert await store.sweep(before=150.0) == 1
    assert (await store.of(JOB), await store.of(OTHER)) == ([], [b"x"])
    assert await store.sweep(before=150.0) == 0


async def test_a_part_that_a_crash_left_is_read_as_far_as_it_goes(store: Previews) -> None:
    await store.keep(JOB, [b"one", b"two"])
    path = store._path(JOB)
    path.write_bytes(path.read_bytes()[:-1])
    assert await store.of(JOB) == [b"one"]
    path.write_bytes(b"\xff")
    assert await store.of(JOB) == []


async def test_they_go_with_the_pictures(tmp_path: Path) -> None:
    files = ImageStore(tmp_path)
    for job in (JOB, OTHER):
        await files.write({Tile(job, 1): b"picture"})
        await files.previews.keep(job, [b"x"])
    await files.delete([Tile(JOB, 1)])
    assert (await files.previews.of(JOB), await files.previews.of(OTHER)) == ([], [b"x"])
    await files.delete_jobs([OTHER])
    assert await files.previews.of(OTHER) == []
    assert not left_in(tmp_path)


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
