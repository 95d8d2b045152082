"""One bot to a data folder, by the system's own lock."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.ops.lock import is_held, lock_folder


def test_a_second_bot_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    assert not is_held(folder)
    with lock_folder(folder):
        assert is_held(folder)
        with pytest.raises(SettingsError, match="Another Easel uses DATA_DIR"), lock_folder(folder):
            pass
    assert not is_held(folder)
    with lock_folder(folder):
        pass


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(SettingsError, match="cannot be written"),
        lock_folder(tmp_path / "file" / "data"),
    ):
        pass


def test_a_disk_without_locks_is_no_other_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(SettingsError, match="cannot be locked"), lock_folder(tmp_path):
        pass
    assert not is_held(tmp_path)
