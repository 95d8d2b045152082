"""Zips of a size that can be sent, in which nothing is left out."""

from __future__ import annotations

import json
import os
import random
import zipfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.storage import packing


def listed(folder: Path, sizes: list[int]) -> dict[str, bytes]:
    """Files of these sizes, on the list of what is to be packed."""
    rng, files = random.Random(1), {}
    with (folder / packing.LIST).open("w") as out:
        for number, size in enumerate(sizes):
            name = f"pictures/{number}.webp"
            files[name] = rng.randbytes(size)
            path = folder / str(number)
            path.write_bytes(files[name])
            out.write(json.dumps([str(path), name]) + "\n")
    return files


def packed(folder: Path, count: int, limit: int) -> list[dict[str, bytes]]:
    """What is in each part; every part fits."""
    place: list[int] = [0, 0, 0]
    parts: list[dict[str, bytes]] = []
    target = folder / "part.zip"
    while place[0] < count:
        order: dict[str, Any] = {"folder": folder, "place": place, "limit": limit, "target": target}
        told = packing.pack(order)
        assert told["place"] > place
        assert os.path.getsize(target) <= limit
        with zipfile.ZipFile(target) as archive:
            assert archive.testzip() is None
            assert len(archive.namelist()) == told["packed"]
            parts.append({name: archive.read(name) for name in archive.namelist()})
        place = told["place"]
    return parts


def joined(parts: list[dict[str, bytes]]) -> dict[str, bytes]:
    """The files, pieces put together in the order of their names."""
    found: dict[str, bytes] = {}
    for name, data in sorted((name, data) for part in parts for name, data in part.items()):
        whole = name.rpartition(".")[0] if name.rpartition(".")[2].isdecimal() else name
        found[whole] = found.get(whole, b"") + data
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=12), st.integers(3_000, 30_000))
def test_every_byte_is_in_some_part(sizes: list[int], limit: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        files = listed(Path(folder), sizes)
        assert joined(packed(Path(folder), len(sizes), limit)) == files


def test_what_is_gone_is_named_and_passed_over(tmp_path: Path) -> None:
    listed(tmp_path, [100, 200, 300])
    (tmp_path / "1").unlink()
    order = {
        "folder": tmp_path, "place": [0, 0, 0], "limit": 10_000, "target": tmp_path / "part.zip"
    }  # fmt: skip
    told = packing.pack(order)
    assert told == {"place": [3, 0, 0], "packed": 2, "missing": ["pictures/1.webp"]}


def test_pictures_are_as_they_are_stored_and_words_are_small(tmp_path: Path) -> None:
    words = b'{"jobs": []}' * 2000
    (tmp_path / "data").write_bytes(words)
    (tmp_path / "picture").write_bytes(words)
    lines = [
        json.dumps([str(tmp_path / "data"), packing.DATA]),
        json.dumps([str(tmp_path / "picture"), "pictures/1.webp"]),
    ]
    (tmp_path / packing.LIST).write_text("\n".join(lines))
    target = tmp_path / "part.zip"
    packing.pack({"folder": tmp_path, "place": [0, 0, 0], "limit": 100_000, "target": target})
    with zipfile.ZipFile(target) as archive:
        assert archive.getinfo("pictures/1.webp").compress_size == len(words)
        assert archive.getinfo(packing.DATA).compress_size < len(words) / 10
