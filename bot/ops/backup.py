"""Copies of the database in another folder, made while the bot runs, and the way back.

SQLite's own backup reads one state of the file while others write on
(https://sqlite.org/backup.html). A copy is made and looked over on the database's own disk, and
has its name when all of it is in the folder, which may be slow or far away. A damaged database is
not copied: it would push out the copies that are whole. Knows files, not what is in the tables;
times are UTC.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.domain.errors import EaselError

log = logging.getLogger(__name__)

KEPT = 3
"""Copies in a folder: should the last one be damaged, there is one before it."""
_STEM = "easel"
_TIME = "%Y%m%dT%H%M%SZ"
_ENDING, _UNFINISHED = ".sqlite3", ".partial"
_TEMPORARY = ".backup-"
_LEFT_S = 86_400.0
"""Seconds after which nobody works in a temporary folder any more."""
_BUSY_S = 5.0

Trouble = (OSError, sqlite3.Error)
"""What copying may raise."""


@dataclass(frozen=True)
class Copy:
    """A file that holds the database as it was at `taken`, in Unix seconds."""

    path: Path
    taken: float


@dataclass(frozen=True)
class Restored:
    """What became of a wish to restore: `copy` is what there was, None where there was nothing;
    `done` is False where the database itself is as new. `kept` is what was there before."""

    copy: Copy | None = None
    done: bool = False
    kept: Path | None = None


class Backups:
    """The copies in a folder, which need not exist: `stem` begins their names, and the last `kept`
    of them stay."""

    def __init__(self, folder: Path, stem: str = _STEM, kept: int = KEPT) -> None:
        self._folder = folder
        self._stem = stem
        self._kept = kept

    def copies(self) -> list[Copy]:
        """The newest first. Raises OSError."""
        return self._files(_ENDING)

    def make(self, database: Path, now: float) -> Path:
        """Copy the database as it is now, and drop older copies. Raises `Trouble`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{_name(now, self._stem)}{_ENDING}"
        with _temporary(database.parent) as made:
            _copy(database, made)
            if not _is_whole(made):
                raise sqlite3.DatabaseError("it is damaged")
            _bring(made, path)
        self._tidy()
        return path

    def restore(self, database: Path) -> Restored:
        """Bring the newest whole copy back, unless the database was written since it was taken.

        Nobody may have the database open. Raises EaselError where all copies are damaged, OSError.
        """
        copies = self.copies()
        for copy in copies:
            if changed_at(database) >= copy.taken:
                return Restored(copy)
            if restored := _brought(copy, database):
                return restored
            log.warning("%s is damaged; looking at the one before it", copy.path.name)
        if copies:
            raise EaselError(f"All copies of the database in {self._folder} are damaged.")
        return Restored()

    def take(self, name: str, database: Path) -> Restored:
        """Bring one copy back by its name, or from a path, whatever was written since.

        Nobody may have the database open. Raises EaselError for what is no whole copy, OSError.
        """
        path = self._folder / name
        if not path.is_file():
            raise EaselError(f"There is no copy {name} in {self._folder}.")
        taken = _moment(path.stem, self._stem) or path.stat().st_mtime
        if restored := _brought(Copy(path, taken), database):
            return restored
        raise EaselError(f"{path} is damaged, or no copy of a database.")

    def forget(self, before: float) -> None:
        """Drop copies taken before this time, in Unix seconds. Raises OSError."""
        for copy in self.copies():
            if copy.taken < before:
                _delete(copy.path)

    def _files(self, ending: str) -> list[Copy]:
        if not self._folder.is_dir():
            return []
        files = [(path, _moment(path.stem, self._stem)) for path in self._folder.glob(f"*{ending}")]
        found = [Copy(path, taken) for path, taken in files if taken is not None]
        return sorted(found, key=lambda copy: copy.taken, reverse=True)

    def _tidy(self) -> None:
        """Older copies go, and what is left of those during which a process ended."""
        copies = self.copies()
        first = copies[: self._kept][-1].taken
        for old in (*copies[self._kept :], *self._files(_UNFINISHED)):
            if old.taken < first:
                _delete(old.path)


def changed_at(database: Path) -> float:
    """When a database was last written, in Unix seconds; 0 where there is none."""
    if not database.is_file():
        return 0.0
    files = database, _beside(database, "-wal")
    return max(path.stat().st_mtime for path in files if path.exists())


class Keeper:
    """Has a copy made every `every_s` seconds in which something was written."""

    def __init__(
        self, backups: Backups, database: Path, every_s: float, clock: Callable[[], float]
    ) -> None:
        self._backups = backups
        self._database = database
        self._every_s = every_s
        self._clock = clock
        self._last = 0.0

    async def keep(self) -> None:
        """For ever."""
        while True:
            await self.make()
            await asyncio.sleep(self._every_s)

    async def make(self) -> None:
        """One copy, if anything was written since the last; trouble is logged, and tried again."""
        try:
            if await asyncio.to_thread(changed_at, self._database) < self._last:
                return
            now = self._clock()
            await asyncio.to_thread(self._backups.make, self._database, now)
            self._last = now
        except Trouble as error:
            log.warning("no copy of the database could be made: %s", error)


def _delete(path: Path) -> None:
    """What is deleted from a Google Drive stays in its bin for a month, and counts: a copy every
    few minutes would fill it. So nothing is left in it."""
    with contextlib.suppress(OSError):
        if path.stat().st_nlink == 1:  # others may have linked it, to keep it
            os.truncate(path, 0)
    path.unlink(missing_ok=True)


def _name(moment: float, stem: str = _STEM) -> str:
    return f"{stem}-{dt.datetime.fromtimestamp(int(moment), dt.UTC).strftime(_TIME)}"


def _moment(name: str, stem: str) -> float | None:
    """Unix seconds; None for what `_name` does not give."""
    with contextlib.suppress(ValueError):
        time = name.removeprefix(f"{stem}-")
        moment = dt.datetime.strptime(time, _TIME).replace(tzinfo=dt.UTC).timestamp()
        return moment if _name(moment, stem) == name else None
    return None


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_TEMPORARY}*"):
        if left.stat().st_mtime < time.time() - _LEFT_S:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=folder) as place:
        yield Path(place) / "easel.sqlite3"


def _copy(database: Path, target: Path) -> None:
    # Who may only read leaves a log beside a file that nobody has open.
    address = f"{database.absolute().as_uri()}?mode=rw"
    with (
        contextlib.closing(sqlite3.connect(address, timeout=_BUSY_S, uri=True)) as source,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, which needs no other beside it


def _bring(made: Path, path: Path) -> None:
    """A folder may be on another disk, where renaming alone would not do."""
    partial = path.with_suffix(_UNFINISHED)
    try:
        shutil.copyfile(made, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _is_whole(file: Path) -> bool:
    """SQLite takes a file without content for a database without tables."""
    try:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            filled = connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone() != (0,)
            return filled and connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    except sqlite3.Error:
        return False


def _brought(copy: Copy, database: Path) -> Restored | None:
    """None for a copy that is not whole: then nothing was done. Raises OSError."""
    with _temporary(database.parent) as brought:
        shutil.copyfile(copy.path, brought)
        if not _is_whole(brought):
            return None
        return Restored(copy, True, _replace(database, brought, copy.taken))


def _replace(database: Path, brought: Path, taken: float) -> Path | None:
    """Put a file in the database's place; returns what was there, under another name."""
    kept = _put_aside(database) if database.exists() else None
    for ending in ("-wal", "-shm"):
        _beside(database, ending).unlink(missing_ok=True)
    os.utime(brought, (taken, taken))
    brought.replace(database)
    return kept


def _put_aside(database: Path) -> Path:
    """With its log, and under the time of its last write: no earlier one is written over."""
    kept = database.with_name(f"{_name(changed_at(database))}.replaced")
    for ending in ("-wal", ""):
        with contextlib.suppress(FileNotFoundError):
            _beside(database, ending).replace(_beside(kept, ending))
    return kept


def _beside(database: Path, ending: str) -> Path:
    return database.with_name(f"{database.name}{ending}")
