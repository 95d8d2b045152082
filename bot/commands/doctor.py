"""`easel doctor`: what is wrong with the data, a line each, and with `--mend` the remedy."""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.app import database_of
from bot.commands.ledger import opened
from bot.doctor import Finding, damage, in_books, in_files, in_places
from bot.domain.errors import EaselError
from bot.ops.backup import Backups, Trouble
from bot.ops.lock import is_held, lock_folder
from bot.settings import Settings
from bot.storage import prompts

STEM = "before-mend"
KEPT = 2
YOUNG_S = 3600.0
"""What a running bot may still be about to record, or to delete."""


def doctor(settings: Settings, options: argparse.Namespace) -> int:
    """Print a line for each finding; 0 where nothing is wrong (any more), else 1.

    Without `mend` it only reads, also beside a bot that runs. Raises EaselError without a database
    of this version, and SettingsError where a bot runs that would be mended under.
    """
    if not options.mend:
        before = time.time() - (YOUNG_S if is_held(settings.data_dir) else 0)
        with opened(settings) as connection:
            found = list(_look(settings, connection, before, options.orphans))
        for finding in found:
            _say("found ", finding)
        return _verdict(found)
    with lock_folder(settings.data_dir):
        return _mend(settings, options.orphans)


def _look(
    settings: Settings, connection: sqlite3.Connection, before: float, all_orphans: bool
) -> Iterator[Finding]:
    if why := damage(connection):
        yield Finding(
            f"the database is damaged ({why})", "put it aside, and `easel restore` takes a copy"
        )
        return
    now = time.time()
    yield from in_books(connection, now)
    yield from in_files(connection, settings.files_dir, before, now, all_orphans=all_orphans)
    copies = [Path(settings.backup_dir)] if settings.backup_dir else []
    lock = settings.data_dir / "easel.lock"
    yield from in_places([settings.data_dir, *copies], lock, before)


def _mend(settings: Settings, all_orphans: bool) -> int:
    with opened(settings):
        pass  # it is there, and of this version
    left: list[Finding] = []
    with _to_write(database_of(settings)) as connection:
        found = list(_look(settings, connection, time.time(), all_orphans))
        if any(finding.mend for finding in found):
            _copy_before(settings)
        _write(connection, found)
        for finding in found:
            if finding.mend is None:
                left.append(finding)
            elif finding.on_disk:
                finding.mend()
            _say("mended" if finding.mend else "found ", finding)
    return _verdict(left)


def _write(connection: sqlite3.Connection, found: Iterable[Finding]) -> None:
    """All rows, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for finding in found:
            if finding.mend and not finding.on_disk:
                finding.mend()
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _copy_before(settings: Settings) -> None:
    folder = Path(settings.backup_dir) if settings.backup_dir else settings.data_dir
    try:
        path = Backups(folder, STEM, KEPT).make(database_of(settings), time.time())
    except Trouble as error:
        raise EaselError(
            f"Nothing was mended, for the database could not be copied to {folder} first: {error}."
        ) from error
    sys.stdout.write(f"copied {path} is the database as it was.\n")


@contextlib.contextmanager
def _to_write(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        prompts.teach(connection)
        yield connection


def _say(mark: str, finding: Finding) -> None:
    whose = "--mend: " if mark == "found " and finding.mend else ""
    sys.stdout.write(f"{mark} {finding.words}; {whose}{finding.remedy}.\n")


def _verdict(left: list[Finding]) -> int:
    if not left:
        sys.stdout.write("The data are well.\n")
    return int(bool(left))
