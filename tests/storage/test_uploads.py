"""bot.storage.uploads: what is to be posted, in memory and beside the pictures."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from bot.domain.action import Tile
from bot.storage.files import ImageStore
from bot.storage.uploads import Upload

JOB, OTHER = "ab12" + "0" * 28, "cd34" + "0" * 28


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    """Three bytes are held in memory."""
    return ImageStore(tmp_path, room=3)


def files(store: ImageStore, job: str = JOB) -> list[str]:
    folder = store.folder(job)
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


async def test_a_little_is_held_in_memory_and_the_rest_lies_beside_the_pictures(store) -> None:
    uploads = store.uploads
    assert await uploads.of(JOB) is None
    assert await uploads.keep(JOB, b"one", "webp") == Upload(b"one", 3, "webp")
    assert await uploads.of(JOB) == Upload(b"one", 3, "webp")
    assert files(store) == []
    kept = await uploads.keep(OTHER, b"x", "jpg")
    assert kept == Upload(store.folder(OTHER) / "upload.jpg", 1, "jpg")
    assert await uploads.of(OTHER) == kept
    await uploads.delete(JOB)
    assert await uploads.of(JOB) is None
    assert await uploads.keep(JOB, b"two", "webp") == Upload(b"two", 3, "webp")
    assert len(uploads) == 1


async def test_there_is_one_of_each_job(store) -> None:
    uploads = store.uploads
    await uploads.keep(JOB, b"exact", "webp")
    smaller = await uploads.keep(JOB, b"small", "jpg")
    assert (await uploads.of(JOB), files(store)) == (smaller, ["upload.jpg"])
    await uploads.keep(JOB, b"abc", "webp")
    assert (await uploads.of(JOB)) == Upload(b"abc", 3, "webp")
    made = store.folder(JOB) / "encoded.partial"
    made.write_bytes(b"encoded")
    taken = await uploads.take(JOB, made, "png")
    assert (taken, files(store)) == (await uploads.of(JOB), ["upload.png"])
    assert (taken.bytes, len(uploads)) == (7, 0)
    await uploads.delete(JOB)
    assert files(store) == []


async def test_it_goes_with_its_pictures(store) -> None:
    for job, data in ((JOB, b"abc"), (OTHER, b"abcd")):
        await store.write({Tile(job, 1): b"picture"})
        await store.uploads.keep(job, data, "webp")
    await store.delete([Tile(JOB, 1), Tile(OTHER, 1)])
    assert not store.folder(JOB).exists()
    assert not store.folder(OTHER).exists()
    assert len(store.uploads) == 0
    assert await store.uploads.of(JOB) is None


async def test_what_the_disk_refuses_leaves_nothing_behind(store, monkeypatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    made = store.folder(OTHER) / "encoded.partial"
    made.parent.mkdir(parents=True)
    made.write_bytes(b"not on disk yet")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await store.uploads.keep(JOB, b"grid", "webp")
    with pytest.raises(OSError, match="No space"):
        await store.uploads.take(OTHER, made, "webp")
    assert (files(store), files(store, OTHER)) == ([], ["encoded.partial"])
    assert await store.uploads.of(JOB) is None
    assert await store.uploads.of(OTHER) is None
