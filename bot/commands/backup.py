"""`easel backup` and `easel restore`: a copy of the database now, and the way back."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bot.app import database_of
from bot.domain.errors import EaselError, SettingsError
from bot.ops.backup import Backups, Trouble
from bot.ops.lock import lock_folder
from bot.settings import Settings


def backup(settings: Settings, folder: Path | None) -> int:
    """Copy the database into a folder, BACKUP_DIR by default, and print the copy's path; a bot that
    runs meanwhile is not held up.

    Raises EaselError without a database, or where the folder cannot be written.
    """
    place, database = _place(settings, folder, "--to"), database_of(settings)
    if not database.is_file():
        raise EaselError(f"There is no database in {settings.data_dir} yet: nothing to copy.")
    try:
        path = Backups(place).make(database, time.time())
    except Trouble as error:
        raise EaselError(f"The database could not be copied to {place}: {error}.") from error
    sys.stdout.write(f"{path}\n")
    return 0


def restore(settings: Settings, folder: Path | None) -> int:
    """Take the newest copy in a folder, BACKUP_DIR by default, as the database, unless that was
    written since; print what was done.

    Raises EaselError where all copies are damaged, SettingsError while a bot runs.
    """
    place, database = _place(settings, folder, "--from"), database_of(settings)
    with lock_folder(settings.data_dir):
        try:
            restored = Backups(place).restore(database)
        except Trouble as error:
            raise EaselError(f"The copies in {place} cannot be used: {error}.") from error
    if restored.copy is None:
        words = f"There is no copy in {place} yet."
    elif not restored.done:
        words = f"{database} was written since {restored.copy.path.name} was made, and stays."
    else:
        words = f"{restored.copy.path} is the database now."
        words += f" What was there is {restored.kept}." if restored.kept else ""
    sys.stdout.write(f"{words}\n")
    return 0


def _place(settings: Settings, folder: Path | None, option: str) -> Path:
    if folder is None and not settings.backup_dir:
        raise SettingsError(f"Say in which folder copies are: by {option}, or by BACKUP_DIR.")
    return folder or Path(settings.backup_dir)


COMMANDS = {"backup": backup, "restore": restore}
