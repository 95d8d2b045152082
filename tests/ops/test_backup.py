"""Copies of a database while others write, and the way back: real files, a clock that is set."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.errors import EaselError
from bot.ops.backup import Backups, Keeper, changed_at
from tests.kit.executor import Clock

NOON = 1_780_315_200.0
"""2026-06-01 12:00 UTC."""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        yield connection


def write(path: Path, word: str, at: float) -> None:
    with opened(path) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word)")
        connection.execute("INSERT INTO words VALUES (?)", (word,))
    os.utime(path, (at, at))


def words(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM words")]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "easel.sqlite3"
    path.parent.mkdir()
    write(path, "one", NOON)
    return path


@pytest.fixture
def backups(tmp_path: Path) -> Backups:
    return Backups(tmp_path / "far" / "away")


def test_a_copy_is_one_whole_file_named_by_its_time(database: Path, backups: Backups) -> None:
    path = backups.make(database, NOON + 60.7)
    assert path.name == "easel-20260601T120100Z.sqlite3"
    assert words(path) == ["one"]
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert [file.name for file in database.parent.iterdir()] == [database.name]
    [copy] = backups.copies()
    assert (copy.path, copy.taken) == (path, NOON + 60)


def test_what_is_written_meanwhile_holds_nobody_up(database: Path, backups: Backups) -> None:
    with opened(database) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO words VALUES ('never')")
        first = backups.make(database, NOON + 60)
        writer.execute("ROLLBACK")
        writer.execute("INSERT INTO words VALUES ('two')")  # is in the log beside the file
        second = backups.make(database, NOON + 120)
    assert (words(first), words(second)) == (["one"], ["one", "two"])


def test_a_few_copies_are_kept_and_nothing_else_is_touched(
    database: Path, backups: Backups
) -> None:
    made = [backups.make(database, NOON + 60 * minute) for minute in range(5)]
    other = made[0].parent / "easel-of-mine.sqlite3"
    other.touch()
    backups.make(database, NOON + 600)
    assert [copy.path for copy in backups.copies()[1:]] == [made[4], made[3]]
    assert other.exists()


def test_what_goes_leaves_nothing_in_a_bin(
    database: Path, backups: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: dict[str, int] = {}
    unlink = Path.unlink

    def into_the_bin(path: Path, missing_ok: bool = False) -> None:
        if path.exists():
            sizes[path.name] = path.stat().st_size
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", into_the_bin)
    linked = backups.make(database, NOON + 60)
    os.link(linked, tmp_path / "kept by somebody")
    emptied = backups.make(database, NOON + 120)
    for minute in range(3, 6):
        backups.make(database, NOON + 60 * minute)
    assert sizes[emptied.name] == 0
    assert sizes[linked.name] == (tmp_path / "kept by somebody").stat().st_size > 0


def test_a_copy_that_could_not_be_made_leaves_nothing(
    database: Path, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    [kept] = [backups.make(database, NOON)]

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.ops.backup.os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        backups.make(database, NOON + 60)
    assert list(kept.parent.iterdir()) == [kept]


def test_where_there_is_no_database_the_copy_is_taken(database: Path, backups: Backups) -> None:
    backups.make(database, NOON + 60)
    database.unlink()
    restored = backups.restore(database)
    assert restored.done
    assert restored.kept is None
    assert words(database) == ["one"]
    assert not backups.restore(database).done


def test_an_older_database_gives_way_and_is_kept(database: Path, backups: Backups) -> None:
    backups.make(database, NOON + 60)
    with opened(database) as writer:  # whose process dies: its log stays
        writer.execute("DELETE FROM words")
        writer.execute("INSERT INTO words VALUES ('older')")
        left = {path: path.read_bytes() for path in database.parent.iterdir()}
    for path, data in left.items():
        path.write_bytes(data)
        os.utime(path, (NOON, NOON))
    restored = backups.restore(database)
    assert restored.kept
    assert words(restored.kept) == ["older"]
    assert words(database) == ["one"]


def test_a_newer_database_stays(database: Path, backups: Backups) -> None:
    backups.make(database, NOON - 60)
    write(database, "two", NOON)
    assert not backups.restore(database).done
    assert words(database) == ["one", "two"]


def test_what_its_log_alone_holds_is_newer_too(database: Path, backups: Backups) -> None:
    backups.make(database, NOON + 60)
    with opened(database) as writer:
        writer.execute("INSERT INTO words VALUES ('two')")
        os.utime(database, (NOON, NOON))
        assert not backups.restore(database).done


@pytest.mark.parametrize("left", [0, 1, 2000])
def test_a_damaged_copy_is_passed_over(database: Path, backups: Backups, left: int) -> None:
    backups.make(database, NOON)
    last = backups.make(database, NOON + 60)
    last.write_bytes(last.read_bytes()[:left])
    database.unlink()
    restored = backups.restore(database)
    assert restored.copy
    assert restored.copy.taken == NOON
    assert words(database) == ["one"]
    assert [path.name for path in database.parent.iterdir()] == [database.name]


def test_a_database_that_is_newer_than_the_last_whole_copy_stays(
    database: Path, backups: Backups
) -> None:
    backups.make(database, NOON - 60)
    write(database, "two", NOON)
    backups.make(database, NOON + 60).write_bytes(b"?")
    restored = backups.restore(database)
    assert (restored.copy and restored.copy.taken, restored.done) == (NOON - 60, False)
    assert words(database) == ["one", "two"]


def test_what_was_put_aside_earlier_stays(database: Path, backups: Backups) -> None:
    kept = []
    for minute in (60, 120):
        copy = backups.make(database, NOON + minute)
        kept.append(backups.restore(database).kept)
        assert words(database) == words(copy)
    assert len(set(kept)) == 2
    assert all(each and words(each) == ["one"] for each in kept)


def test_what_gives_way_keeps_its_log_though_the_disk_is_full(
    database: Path, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups.make(database, NOON + 60)
    with opened(database) as writer:
        writer.execute("INSERT INTO words VALUES ('logged')")
        left = {path: path.read_bytes() for path in database.parent.iterdir()}
    for path, data in left.items():
        path.write_bytes(data)
        os.utime(path, (NOON, NOON))

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("bot.ops.backup._copy", fail)
    kept = backups.restore(database).kept
    assert kept
    assert words(kept) == ["one", "logged"]
    assert words(database) == ["one"]


def test_a_damaged_database_pushes_no_copy_out(database: Path, backups: Backups) -> None:
    first = backups.make(database, NOON)
    with opened(database) as writer:
        writer.executemany("INSERT INTO words VALUES (?)", [("word" * 100,)] * 100)
    pages = bytearray(database.read_bytes())
    pages[8192:12288] = b"?" * 4096
    database.write_bytes(pages)
    with pytest.raises(sqlite3.DatabaseError):
        backups.make(database, NOON + 60)
    assert [copy.path for copy in backups.copies()] == [first]


def test_what_killed_processes_left_goes(database: Path, backups: Backups) -> None:
    folder = backups.make(database, NOON).parent
    old = folder / "easel-20260601T115900Z.partial"
    others = [folder / "easel-20260601T120130Z.partial", folder / "mine.partial"]
    place, busy = (database.parent / name for name in (".backup-old", ".backup-new"))
    for path in (old, *others):
        path.touch()
    for path in (place, busy):
        path.mkdir()
    os.utime(place, (NOON - 1e9, NOON - 1e9))
    for minute in range(1, 4):
        backups.make(database, NOON + 60 * minute)
    assert not old.exists()
    assert not place.exists()
    assert all(path.exists() for path in (busy, *others))


@pytest.mark.parametrize("name", ["easel-99999999T999999Z", "easel-20260601T1200Z", "easel-"])
def test_what_is_named_by_no_time_is_no_copy(backups: Backups, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "far" / "away"
    folder.mkdir(parents=True)
    (folder / f"{name}.sqlite3").touch()
    assert backups.copies() == []


def test_damaged_copies_alone_leave_the_database(database: Path, backups: Backups) -> None:
    backups.make(database, NOON + 60).write_bytes(b"nothing like it" * 1000)
    with pytest.raises(EaselError, match=r"All copies of the database in .* are damaged"):
        backups.restore(database)
    assert words(database) == ["one"]


def test_a_damaged_database_gives_way_as_the_file_that_it_is(
    database: Path, backups: Backups
) -> None:
    backups.make(database, NOON + 60)
    database.write_bytes(b"nothing like it" * 1000)
    os.utime(database, (NOON, NOON))
    restored = backups.restore(database)
    assert restored.kept
    assert restored.kept.read_bytes().startswith(b"nothing like it")
    assert words(database) == ["one"]


def test_nothing_comes_of_nothing(database: Path, backups: Backups) -> None:
    assert backups.restore(database).copy is None
    assert changed_at(database.with_name("none")) == 0


async def test_a_copy_is_made_when_something_was_written(database: Path, backups: Backups) -> None:
    clock = Clock(NOON + 60)
    keeper = Keeper(backups, database, 60, clock)
    await keeper.make()
    clock.now += 60
    await keeper.make()
    assert len(backups.copies()) == 1
    write(database, "two", clock.now)
    await keeper.make()
    assert [words(copy.path) for copy in backups.copies()] == [["one", "two"], ["one"]]


async def test_trouble_is_said_and_over_the_next_time(
    database: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "far").touch()
    keeper = Keeper(Backups(tmp_path / "far"), database, 60, Clock(NOON + 60))
    await keeper.make()
    assert "no copy of the database could be made" in caplog.text
    (tmp_path / "far").unlink()
    await keeper.make()
    assert len(Backups(tmp_path / "far").copies()) == 1
