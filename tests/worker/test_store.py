"""bot.worker.converted.store: a folder that is whole or not there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.worker.converted import room
from bot.worker.converted.__main__ import make_room
from bot.worker.converted.room import TooSmall
from bot.worker.converted.store import Store


def write(text: str) -> Callable[[Path], None]:
    def into(place: Path) -> None:
        (place / "unet.xml").write_text(text)
        (place / "unet.bin").write_text(text * 1000)

    return into


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "not there yet")


def found(store: Store, key: str, model: str = "sd") -> str:
    place = store.find(model, key)
    return (place / "unet.xml").read_text() if place else ""


def test_what_was_kept_is_found_by_its_key(store: Store) -> None:
    assert found(store, "one") == ""
    store.make("sd", "one", write("first"))
    assert found(store, "one") == "first"
    assert found(store, "another") == found(store, "one", "sdxl") == ""


def test_what_is_whole_is_not_made_again(store: Store) -> None:
    store.make("sd", "one", write("first"))
    store.make("sd", "one", write("second"))
    assert found(store, "one") == "first"


def test_a_new_key_takes_the_place_of_the_models_old_one(store: Store, tmp_path: Path) -> None:
    store.make("sd", "one", write("first"))
    store.make("sdxl", "one", write("other"))
    store.make("sd", "two", write("second"))
    assert (found(store, "one"), found(store, "two")) == ("", "second")
    assert found(store, "one", "sdxl") == "other"
    assert len([path for path in (tmp_path / "not there yet").iterdir() if path.is_dir()]) == 2


def test_what_no_model_was_drawn_with_for_long_goes(store: Store, tmp_path: Path) -> None:
    for model in ("deleted", "sd", "sdxl"):
        store.make(model, "one", write(model))
    for listed in tmp_path.rglob("files.json"):
        os.utime(listed, (0, 0))
    assert found(store, "one") == "sd"  # just now
    store.make("sdxl", "two", write("second"))
    assert (found(store, "one", "deleted"), found(store, "one")) == ("", "sd")
    store.forget(86_400)
    assert found(store, "two", "sdxl") == "second"
    store.forget(-60)
    assert found(store, "two", "sdxl") == found(store, "one") == ""


@pytest.mark.parametrize("name", ["unet.bin", "unet.xml", "files.json"])
@pytest.mark.parametrize("harm", ["gone", "cut", "changed"])
def test_what_is_damaged_is_not_found_and_made_anew(store: Store, name: str, harm: str) -> None:
    store.make("sd", "one", write("first"))
    place = store.find("sd", "one")
    assert place
    data = (place / name).read_bytes()
    (place / name).unlink()
    if harm != "gone":
        (place / name).write_bytes(data[:-7] + (b"" if harm == "cut" else b"changed"))
    assert found(store, "one") == ""
    store.make("sd", "one", write("second"))
    assert found(store, "one") == "second"


def test_half_a_conversion_is_not_kept(store: Store, tmp_path: Path) -> None:
    store.make("sd", "one", write("first"))

    def fail(place: Path) -> None:
        (place / "unet.xml").write_text("half")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        store.make("sd", "two", fail)
    assert (found(store, "one"), found(store, "two")) == ("first", "")
    left = tmp_path / "not there yet" / ".making-killed"
    left.mkdir()
    store.make("sd", "two", write("second"))
    assert found(store, "two") == "second"
    assert not left.exists()


def test_the_last_trouble_is_told_until_it_is_over(store: Store) -> None:
    assert store.trouble("sd") == ""
    store.tell("sd", "The disk has too little room.")
    store.tell("sdxl", "")
    assert (store.trouble("sd"), store.trouble("sdxl")) == ("The disk has too little room.", "")
    store.tell("sdxl", "The memory is too small.")
    store.tell("sd", "")
    store.tell("sd", "")
    assert (store.trouble("sd"), store.trouble("sdxl")) == ("", "The memory is too small.")
    store.forget(-60)
    assert store.trouble("sdxl") == ""


def test_others_see_a_conversion_until_it_ends(store: Store, tmp_path: Path) -> None:
    others = Store(tmp_path / "not there yet")
    assert not others.busy
    one, other = store.begin(), store.begin()
    assert others.busy
    one.end()
    assert others.busy
    other.end()
    assert not others.busy


def test_a_folder_that_cannot_be_made_hinders_no_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / "converted")
    store.begin().end()
    assert not store.busy


def test_what_was_not_used_lately_makes_room(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "not there yet"
    store.make("sd", "one", write("first"))
    store.make("sdxl", "one", write("second"))
    old = store.find("sd", "one")
    assert old
    os.utime(old / "files.json", (0, 0))

    def full(place: Path, size: int) -> None:
        if old.exists() or size > 1:
            raise TooSmall("the disk has too little room")

    monkeypatch.setattr(room, "require_disk", full)
    make_room(store, folder, 1)
    assert found(store, "one") == ""
    assert found(store, "one", "sdxl") == "second"
    with pytest.raises(TooSmall, match="too little room"):
        make_room(store, folder, 2)
