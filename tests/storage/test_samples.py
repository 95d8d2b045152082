"""Samples as files: whole or not there, and no more than there is room for."""

from __future__ import annotations

import os
from pathlib import Path

from bot.storage.samples import SampleStore


async def test_a_sample_is_there_when_all_of_its_pictures_are(tmp_path: Path) -> None:
    store = SampleStore(tmp_path / "samples")
    paths = store.paths("ab", 2)
    assert not await store.there(paths)
    await store.write("ab", {0: b"first", 1: b"second"})
    assert await store.there(paths)
    assert [path.read_bytes() for path in paths] == [b"first", b"second"]
    paths[1].unlink()
    assert not await store.there(paths)
    assert await store.there(store.paths("ab", 1))


async def test_the_oldest_make_room(tmp_path: Path) -> None:
    store = SampleStore(tmp_path, most=3)
    for age, key in enumerate(("new", "old", "older")):
        await store.write(key, {0: b"x"})
        [path] = store.paths(key, 1)
        os.utime(path, (1000 - age, 1000 - age))
    (tmp_path / "sheet.partial").write_bytes(b"")
    await store.write("newest", {0: b"x", 1: b"x"})
    kept = set(os.listdir(tmp_path))
    assert kept == {"new-0.webp", "newest-0.webp", "newest-1.webp", "sheet.partial"}
