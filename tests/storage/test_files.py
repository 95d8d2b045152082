"""Picture files: whole or not there, linked without copies, gone when told."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
from pathlib import Path

import pytest

from bot.domain.action import Tile
from bot.storage.files import ImageStore

JOB, OTHER = "ab12" + "0" * 28, "cd34" + "0" * 28


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images")


def files(store: ImageStore) -> list[str]:
    folder = store.path(Tile(JOB, 1)).parents[3]
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_write_and_read(store: ImageStore) -> None:
    (digest,) = (await store.write({Tile(JOB, 1): b"picture"})).values()
    assert digest == hashlib.sha256(b"picture").hexdigest()
    assert await store.read(Tile(JOB, 1)) == b"picture"
    assert await store.read(Tile(JOB, 2)) is None
    assert files(store) == [f"ab/12/{JOB}/1.webp"]


async def test_writing_again_replaces(store: ImageStore) -> None:
    await store.write({Tile(JOB, 1): b"first, and longer"})
    await store.write({Tile(JOB, 1): b"second"})
    assert await store.read(Tile(JOB, 1)) == b"second"


async def test_many_at_once(store: ImageStore) -> None:
    await asyncio.gather(*(store.write({Tile(JOB, n): bytes([n]) * 999}) for n in range(1, 21)))
    assert [await store.read(Tile(JOB, n)) for n in (1, 20)] == [b"\x01" * 999, b"\x14" * 999]


async def test_a_crash_before_the_rename_leaves_the_old_file(store, monkeypatch) -> None:
    await store.write({Tile(JOB, 1): b"old"})

    def crash(source: str, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", crash)
        with pytest.raises(OSError, match="No space"):
            await store.write({Tile(JOB, 1): b"new"})
        with pytest.raises(OSError, match="No space"):
            await store.write({Tile(JOB, 2): b"new"})
    assert await store.read(Tile(JOB, 1)) == b"old"
    assert await store.read(Tile(JOB, 2)) is None
    await store.write({Tile(JOB, 2): b"new"})
    assert await store.read(Tile(JOB, 2)) == b"new"


async def test_bytes_are_on_disk_before_the_name_is(store, monkeypatch) -> None:
    deeds: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (deeds.append("sync"), fsync(handle))[1])
    monkeypatch.setattr(
        os, "replace", lambda source, target: (deeds.append("rename"), replace(source, target))[1]
    )
    await store.write({Tile(JOB, 1): b"picture"})
    assert deeds == ["sync", "rename", "sync"]


async def test_a_link_outlives_its_source(store: ImageStore) -> None:
    await store.write({Tile(JOB, 3): b"picture"})
    await store.link(Tile(JOB, 3), Tile(OTHER, 1))
    await store.link(Tile(JOB, 3), Tile(OTHER, 1))
    assert store.path(Tile(JOB, 3)).samefile(store.path(Tile(OTHER, 1)))
    await store.delete([Tile(JOB, 3)])
    assert await store.read(Tile(OTHER, 1)) == b"picture"


async def test_a_far_disk_that_cannot_wait_for_a_folder_will_do(store, monkeypatch) -> None:
    fsync = os.fsync

    def refuse(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", refuse)
    await store.write({Tile(JOB, 1): b"picture"})
    assert await store.read(Tile(JOB, 1)) == b"picture"


async def test_a_link_is_a_copy_where_the_disk_has_none(store, monkeypatch) -> None:
    await store.write({Tile(JOB, 3): b"picture"})

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    await store.link(Tile(JOB, 3), Tile(OTHER, 1))
    assert await store.read(Tile(OTHER, 1)) == b"picture"


async def test_a_link_to_nothing_is_refused(store: ImageStore) -> None:
    with pytest.raises(FileNotFoundError):
        await store.link(Tile(JOB, 3), Tile(OTHER, 1))
    assert await store.read(Tile(OTHER, 1)) is None


async def test_delete_tidies_empty_folders_and_does_not_mind_absence(store: ImageStore) -> None:
    await store.write({Tile(JOB, 1): b"1"})
    await store.write({Tile(JOB, 2): b"2"})
    await store.delete([Tile(JOB, 1), Tile(JOB, 4), Tile(OTHER, 1)])
    assert files(store) == [f"ab/12/{JOB}/2.webp"]
    await store.delete([Tile(JOB, 2)])
    assert not store.path(Tile(JOB, 2)).parent.exists()
    await store.write({Tile(JOB, 1): b"again"})
    assert await store.read(Tile(JOB, 1)) == b"again"


async def test_what_could_not_be_written_leaves_nothing_behind(store, monkeypatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await store.write({Tile(JOB, 1): b"picture"})
    assert files(store) == []
    assert await store.read(Tile(JOB, 1)) is None
