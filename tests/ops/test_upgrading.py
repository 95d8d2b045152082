"""A database of an earlier version is copied before it is changed, or is not changed."""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app import database_of
from bot.domain.errors import SettingsError
from bot.house import open_database
from bot.ops.upgrading import AGE_S, copies_in, copy_before, version_of
from bot.settings import Settings
from bot.storage.database import newest
from tests.storage import version_2

ROOT = Path(__file__).parents[2]
NOON = 1_780_315_200.0
"""2026-06-01 12:00 UTC."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "easel.sqlite3"
    path.parent.mkdir()
    version_2.restore(path)
    return path


def jobs(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT COUNT(*) FROM jobs").fetchone()[0]


async def opened(database: Path, **values: object) -> None:
    settings = Settings(data_dir=database.parent, **values)  # type: ignore[arg-type]
    assert database_of(settings) == database
    await (await open_database(settings, database)).close()


async def test_an_older_database_is_kept_as_it_was_and_the_log_says_where(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await opened(database)
    [copy] = copies_in(database.parent).copies()
    assert (version_of(copy.path), version_of(database)) == (2, newest())
    assert jobs(copy.path) == jobs(database) == sum(version_2.STATES.values())
    assert f"the database of schema version 2 is kept as {copy.path}" in caplog.text


async def test_it_goes_where_the_other_copies_are(database: Path, tmp_path: Path) -> None:
    far = tmp_path / "far"
    await opened(database, backup_dir=str(far))
    assert len(copies_in(far).copies()) == 1
    assert copies_in(database.parent).copies() == []


async def test_of_this_versions_own_database_none_is_made(database: Path, tmp_path: Path) -> None:
    await opened(database, update_copy=False)
    await opened(database)
    await opened(tmp_path / "new" / "easel.sqlite3")
    assert copies_in(database.parent).copies() == []
    assert copies_in(tmp_path / "new").copies() == []


async def test_whoever_wants_none_gets_none(database: Path) -> None:
    await opened(database, update_copy=False)
    assert version_of(database) == newest()
    assert copies_in(database.parent).copies() == []


async def test_the_way_back_is_the_copy(database: Path) -> None:
    await opened(database)
    [copy] = copies_in(database.parent).copies()
    restored = copies_in(database.parent).take(copy.path.name, database)
    assert restored.kept
    assert (version_of(database), version_of(restored.kept)) == (2, newest())


def test_the_last_copies_stay_for_a_month(database: Path) -> None:
    folder = database.parent
    made = [copy_before(database, folder, 3, NOON + day * 86_400) for day in range(3)]
    assert [copy.path for copy in copies_in(folder).copies()] == [made[2], made[1]]
    copy_before(database, folder, 2, NOON + 1.5 * 86_400 + AGE_S)
    assert [copy.path for copy in copies_in(folder).copies()] == [made[2]]


def test_a_folder_that_cannot_be_written_stops_the_update(database: Path, tmp_path: Path) -> None:
    (tmp_path / "far").touch()
    with pytest.raises(SettingsError, match=r"could not be copied to .*UPDATE_COPY=no"):
        copy_before(database, tmp_path / "far", newest(), NOON)
    assert version_of(database) == 2


def test_a_damaged_database_is_not_changed(database: Path) -> None:
    pages = bytearray(database.read_bytes())
    pages[8192:20480] = b"?" * 12288
    database.write_bytes(pages)
    with pytest.raises(SettingsError, match="Nothing was changed"):
        copy_before(database, database.parent, newest(), NOON)


def test_on_a_full_disk_the_bot_refuses_in_one_sentence(database: Path) -> None:
    def full() -> None:
        """No file may become larger than a part of the database."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))

    assert database.stat().st_size > 65_536
    before = database.read_bytes()
    environment = os.environ | {"DISCORD_TOKEN": "none", "DATA_DIR": str(database.parent)}
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        env=environment, cwd=ROOT, preexec_fn=full, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    [said] = [line for line in ended.stderr.splitlines() if "Nothing was changed" in line]
    assert "free some space" in said
    assert "Traceback" not in ended.stderr
    assert database.read_bytes() == before
    assert sorted(path.name for path in database.parent.iterdir()) == [
        "easel.lock",
        "easel.sqlite3",
    ]
