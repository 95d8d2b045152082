"""The database as it was, copied before a new version changes it.

Knows schema versions and files, not what is in the tables.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from pathlib import Path

from bot.domain.errors import SettingsError
from bot.ops.backup import Backups, Trouble

log = logging.getLogger(__name__)

STEM = "before-update"
"""Begins the names of these copies, which are no others' to push out."""
KEPT = 2
AGE_S = 30 * 86_400.0
"""Whoever has not gone back by then stays; until then a copy holds what people had deleted."""


def copies_in(folder: Path) -> Backups:
    """Those that were made before updates."""
    return Backups(folder, STEM, KEPT)


def copy_before(database: Path, folder: Path, version: int, now: float) -> Path | None:
    """Copy a database of an earlier schema than `version`, which is about to be brought there; None
    where there is nothing to copy. Copies that are too old go.

    Raises SettingsError where it cannot be done: then nothing may be changed.
    """
    copies = copies_in(folder)
    with contextlib.suppress(OSError):
        copies.forget(now - AGE_S)
    before = version_of(database)
    if not 0 < before < version:
        return None
    try:
        path = copies.make(database, now)
    except Trouble as error:
        raise SettingsError(
            f"This version of Easel changes the database, and before that it could not be copied to"
            f" {folder} ({_reason(error)}). Nothing was changed: free some space or see to the"
            " folder, or set UPDATE_COPY=no to go without a copy."
        ) from error
    log.info("the database of schema version %d is kept as %s", before, path)
    return path


def version_of(database: Path) -> int:
    """The schema version of a file; 0 where there is none, or none that can be read."""
    if not database.is_file():
        return 0
    address = f"{database.absolute().as_uri()}?mode=rw"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error:
        return 0


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
