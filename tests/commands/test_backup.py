"""`easel backup` and `easel restore` as a person types them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.ops.lock import lock_folder
from bot.ops.upgrading import copies_in
from bot.storage.database import migrate, newest


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.setenv("BACKUP_DIR", str(tmp_path / "copies"))
    return folder


@pytest.fixture
def database(data: Path) -> Path:
    data.mkdir()
    path = data / "easel.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection)
    return path


def said(capsys: pytest.CaptureFixture[str], *line: str, status: int = 0) -> str:
    assert main(line) == status
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return out if status == 0 else err


def test_there_and_back(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with lock_folder(database.parent):  # a bot runs
        copy = Path(said(capsys, "backup").strip())
    assert copy.parent == tmp_path / "copies"
    os.utime(database)  # it was written, if in the same second
    assert "was written since" in said(capsys, "restore")
    database.unlink()
    assert said(capsys, "restore") == f"{copy} is the database now.\n"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM jobs").fetchone() == (0,)


def test_another_folder_wins(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(tmp_path / "other")
    assert said(capsys, "backup", "--to", other).startswith(other)
    assert said(capsys, "restore") == f"There is no copy in {tmp_path / 'copies'} yet.\n"
    database.unlink()
    assert "is the database now" in said(capsys, "restore", "--from", other)


def test_a_running_bot_keeps_its_database(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lock_folder(database.parent):
        assert "Another Easel uses DATA_DIR" in said(capsys, "restore", status=2)


def test_nothing_to_copy_is_a_sentence(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no database in" in said(capsys, "backup", status=1)


def test_no_database_is_no_database(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data.mkdir()
    (data / "easel.sqlite3").write_bytes(b"nothing like it" * 1000)
    assert "could not be copied" in said(capsys, "backup", status=1)


def test_no_folder_is_a_sentence(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BACKUP_DIR")
    assert "by --to, or by BACKUP_DIR" in said(capsys, "backup", status=2)
    assert "by --from, or by BACKUP_DIR" in said(capsys, "restore", status=2)


def test_a_folder_that_cannot_be_written_is_a_sentence(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "copies").touch()
    assert "could not be copied to" in said(capsys, "backup", status=1)


def test_damaged_copies_are_a_sentence(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path(said(capsys, "backup").strip()).write_bytes(b"?")
    database.unlink()
    assert "are damaged" in said(capsys, "restore", status=1)


def test_copies_are_listed_with_those_made_before_updates(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "backup", "--list") == "There is no copy yet.\n"
    copy = said(capsys, "backup").strip()
    copies_in(Path(copy).parent).make(database, 1_780_315_200.0)
    [line, older] = said(capsys, "backup", "--list").splitlines()
    assert line.endswith(copy)
    assert f"schema {newest():>3}" in line
    assert "2026-06-01 12:00:00 UTC" in older
    assert older.endswith("before-update-20260601T120000Z.sqlite3")


def test_a_named_copy_is_taken_whatever_came_after_it(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(said(capsys, "backup").strip())
    os.utime(database)
    assert f"`easel restore {copy.name}`" in said(capsys, "restore")
    out = said(capsys, "restore", copy.name)
    assert out.startswith(f"{copy} is the database now. What was there is ")
    assert Path(out.strip().rpartition(" ")[2].rstrip(".")).exists()


def test_a_copy_beside_the_database_needs_no_folder(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BACKUP_DIR")
    copy = copies_in(database.parent).make(database, 1_780_315_200.0)
    assert str(copy) in said(capsys, "backup", "--list")
    assert "is the database now" in said(capsys, "restore", copy.name)
    assert "There is no copy nothing" in said(capsys, "restore", "nothing", status=1)
    (database.parent / "mine.sqlite3").write_bytes(b"?")
    assert "no copy of a database" in said(capsys, "restore", "mine.sqlite3", status=1)
