"""Numbered files: they go on, and nothing is overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.commands import folder
from bot.domain.errors import EaselError
from bot.imaging import Encoded


def a_file(data: bytes = b"new") -> Encoded:
    return Encoded(data, "png", "image/png", lossless=True)


def test_numbers_go_on_above_those_that_are_there(tmp_path: Path) -> None:
    for name in ("00002.png", "00007.webp", "grid-00009.png", "notes.txt", "00099"):
        (tmp_path / name).write_bytes(b"old")
    added = list(folder.add(tmp_path, "", [a_file(), a_file()]))
    assert [path.name for path in added] == ["00008.png", "00009.png"]
    assert [path.name for path in folder.add(tmp_path, "grid-", [a_file()])] == ["grid-00010.png"]
    assert (tmp_path / "00007.webp").read_bytes() == b"old"


def test_numbers_outgrow_their_digits(tmp_path: Path) -> None:
    (tmp_path / "99999.png").write_bytes(b"old")
    assert [path.name for path in folder.add(tmp_path, "", [a_file(), a_file()])] == [
        "100000.png", "100001.png",
    ]  # fmt: skip
    assert next(folder.add(tmp_path, "", [a_file()])).name == "100002.png"


def test_what_another_process_writes_meanwhile_stays(tmp_path: Path) -> None:
    def meanwhile():
        (tmp_path / "00000.png").write_bytes(b"theirs")
        yield a_file()

    assert [path.name for path in folder.add(tmp_path / ".", "", meanwhile())] == ["00001.png"]
    assert (tmp_path / "00000.png").read_bytes() == b"theirs"


def test_the_folder_is_made(tmp_path: Path) -> None:
    list(folder.add(tmp_path / "a" / "b", "", [a_file()]))
    assert os.listdir(tmp_path / "a" / "b") == ["00000.png"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EaselError, match="file cannot be written: "):
        next(folder.add(tmp_path / "file", "", [a_file()]))
    with pytest.raises(EaselError, match="file cannot be written: "):
        folder.require_writable(tmp_path / "file")


def test_what_only_could_be_written_is_not_there_afterwards(tmp_path: Path) -> None:
    folder.require_writable(tmp_path / "not" / "yet")
    assert not (tmp_path / "not").exists()
    (tmp_path / "here").mkdir()
    folder.require_writable(tmp_path / "here")
    assert list((tmp_path / "here").iterdir()) == []
