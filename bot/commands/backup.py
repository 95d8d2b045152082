"""`easel backup` and `easel restore`: a copy of the database now, and the way back."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bot.app import database_of
from bot.domain.errors import EaselError, SettingsError
from bot.ops.backup import Backups, Copy, Restored, Trouble
from bot.ops.lock import lock_folder
from bot.ops.upgrading import copies_in, version_of
from bot.settings import Settings


def backup(settings: Settings, options: argparse.Namespace) -> int:
    """Copy the database into a folder, BACKUP_DIR by default, and print the copy's path; a bot that
    runs meanwhile is not held up. With `list`, print which copies there are.

    Raises EaselError without a database, or where the folder cannot be written.
    """
    if options.list:
        return _list(settings, options.folder)
    place, database = _place(settings, options.folder, "--to"), database_of(settings)
    if not database.is_file():
        raise EaselError(f"There is no database in {settings.data_dir} yet: nothing to copy.")
    try:
        path = Backups(place).make(database, time.time())
    except Trouble as error:
        raise EaselError(f"The database could not be copied to {place}: {error}.") from error
    sys.stdout.write(f"{path}\n")
    return 0


def restore(settings: Settings, options: argparse.Namespace) -> int:
    """Take the newest copy in a folder, BACKUP_DIR by default, as the database, unless that was
    written since; or the copy that is named, in any case. Print what was done.

    Raises EaselError for damaged copies, SettingsError while a bot runs.
    """
    database = database_of(settings)
    place = _place_of(settings, options.folder, options.name)
    with lock_folder(settings.data_dir):
        try:
            if options.name:
                restored = Backups(place).take(options.name, database)
            else:
                restored = Backups(place).restore(database)
        except Trouble as error:
            raise EaselError(f"The copies in {place} cannot be used: {error}.") from error
    sys.stdout.write(f"{_told(restored, place, database)}\n")
    return 0


def _told(restored: Restored, place: Path, database: Path) -> str:
    if restored.copy is None:
        return f"There is no copy in {place} yet."
    if not restored.done:
        name = restored.copy.path.name
        return (
            f"{database} was written since {name} was made, and stays; `easel restore {name}` takes"
            " the copy all the same."
        )
    words = f"{restored.copy.path} is the database now."
    return words + (f" What was there is {restored.kept}." if restored.kept else "")


def _list(settings: Settings, folder: Path | None) -> int:
    lines = [_line(copy) for copy in _all(settings, folder)]
    sys.stdout.writelines(f"{line}\n" for line in lines or ["There is no copy yet."])
    return 0


def _all(settings: Settings, folder: Path | None) -> Iterator[Copy]:
    """The newest first, those that were made before updates behind the others."""
    named = folder or (Path(settings.backup_dir) if settings.backup_dir else None)
    if named:
        yield from Backups(named).copies()
    yield from copies_in(named or settings.data_dir).copies()


def _line(copy: Copy) -> str:
    taken = dt.datetime.fromtimestamp(copy.taken, dt.UTC)
    size = copy.path.stat().st_size / 1e6
    version = version_of(copy.path)
    return f"{taken:%Y-%m-%d %H:%M:%S} UTC  {size:8.1f} MB  schema {version:>3}  {copy.path}"


def _place(settings: Settings, folder: Path | None, option: str) -> Path:
    if folder is None and not settings.backup_dir:
        raise SettingsError(f"Say in which folder copies are: by {option}, or by BACKUP_DIR.")
    return folder or Path(settings.backup_dir)


def _place_of(settings: Settings, folder: Path | None, name: str) -> Path:
    """Where a copy of this name is; what was made before an update may lie beside the database."""
    if name and folder is None and not settings.backup_dir:
        return settings.data_dir
    return _place(settings, folder, "--from")


COMMANDS = {"backup": backup, "restore": restore}
