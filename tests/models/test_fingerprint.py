"""Fingerprints of models: the same for the same files, whatever they are called and wherever."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.models.cards import EMBEDDED
from bot.models.fingerprint import fingerprint


def test_it_is_of_the_content(tmp_path: Path) -> None:
    data = bytes(range(256)) * 4096
    one, same, longer, other = (tmp_path / f"{name}.safetensors" for name in "abcd")
    one.write_bytes(data)
    same.write_bytes(data)
    longer.write_bytes(data + b"x")
    other.write_bytes(b"\xff" + data[1:])
    marks = [fingerprint(str(each), "1") for each in (one, same, longer, other)]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 3
    assert all(len(mark) == 16 for mark in marks)
    one.write_bytes(b"new")
    assert fingerprint(str(one), "1") == marks[0]  # of that revision it is known
    assert fingerprint(str(one), "2") != marks[0]


def test_a_folder_is_its_weights(tmp_path: Path) -> None:
    copy = shutil.copytree(EMBEDDED, tmp_path / "copy")
    whole = fingerprint(str(EMBEDDED), "")
    assert whole == fingerprint(str(copy), "1")
    (copy / "README.md").write_text("other words")
    assert whole == fingerprint(str(copy), "2")
    weights = next((copy / "vae").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00\x01")
    assert whole != fingerprint(str(copy), "3")


def test_what_is_not_on_this_disk_has_none(tmp_path: Path) -> None:
    assert fingerprint("stabilityai/sdxl-turbo", "") == ""
    assert fingerprint(str(tmp_path / "gone.safetensors"), "") == ""
