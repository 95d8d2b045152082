"""Where files and rows disagree: pictures, and what people sent.

Files are written before their rows and deleted before them; what a bot writes just now is younger
than `before` and left alone. Looks only read.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.doctor.finding import Finding, counted
from bot.storage.disk import PARTIAL, remove_empty

MANY = 100
"""A crash leaves files of a few jobs. More than that are those of another database, or of a newer
one than the copy that was restored."""
_PREFIXES = tuple(f"{number:02x}" for number in range(256))
_HERE = """
SELECT i.job_id, i.idx, i.bytes, j.state FROM images i JOIN jobs j ON j.id = i.job_id
WHERE i.evicted_at IS NULL AND i.job_id >= ? AND i.job_id < ?
"""
_PENDING = """
SELECT id FROM jobs WHERE id >= ?1 AND id < ?2 AND (state IN ('waiting', 'running')
    OR id IN (SELECT job_id FROM deliveries WHERE message_id = 0 AND given_up IS NULL))
"""

Tile = tuple[str, int]


@dataclass
class Found:
    """`gone` and `unfit` are pictures by job and number, `redrawn` those of jobs that are drawn
    still; `lost` are digests; the rest are files."""

    gone: list[Tile] = field(default_factory=list)
    redrawn: list[Tile] = field(default_factory=list)
    unfit: list[Tile] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    orphans: list[Path] = field(default_factory=list)
    leftovers: list[Path] = field(default_factory=list)


def in_files(
    connection: sqlite3.Connection, folder: Path, before: float, now: float, *, all_orphans: bool
) -> Iterator[Finding]:
    """What is wrong with the files below `folder`; of many without a row a mend deletes none
    unless `all_orphans`."""
    found = Found()
    for prefix in _PREFIXES:
        _pictures(connection, folder / "images" / prefix, prefix, before, found)
        _uploads(connection, folder / "blobs" / prefix, prefix, before, found)
    yield from _missing(connection, found, now)
    yield from _strays(found, all_orphans)


def _missing(connection: sqlite3.Connection, found: Found, now: float) -> Iterator[Finding]:
    def evict() -> None:
        pairs = [(now, *tile) for tile in found.gone]
        query = "UPDATE images SET evicted_at = ? WHERE job_id = ? AND idx = ?"
        connection.executemany(query, pairs)

    def forget() -> None:
        query = "DELETE FROM images WHERE job_id = ? AND idx = ?"
        connection.executemany(query, found.redrawn)

    def drop() -> None:
        connection.executemany("DELETE FROM blobs WHERE digest = ?", [(one,) for one in found.lost])

    if found.gone:
        words = counted(len(found.gone), "picture is", "pictures are")
        yield Finding(f"{words} not there", "they count as cleared away", evict)
    if found.redrawn:
        words = counted(len(found.redrawn), "picture", "pictures")
        yield Finding(
            f"{words} of jobs that are drawn still are not there", "they are drawn again", forget
        )
    if found.unfit:
        words = counted(len(found.unfit), "picture has", "pictures have")
        yield Finding(
            f"{words} another length than when written, such as {_named(found.unfit[0])}",
            "take them from a copy of the files, or delete them and let `--mend` see that",
        )
    if found.lost:
        words = counted(len(found.lost), "file that people sent is", "files that people sent are")
        yield Finding(f"{words} not there", "they are forgotten, and people send them again", drop)


def _strays(found: Found, all_orphans: bool) -> Iterator[Finding]:
    if found.orphans:
        words = f"{counted(len(found.orphans), 'file belongs', 'files belong')} to nothing known"
        if len({path.parent for path in found.orphans}) > MANY and not all_orphans:
            yield Finding(
                f"{words}, more than a crash leaves: is the database an older copy?",
                "`--mend --orphans` deletes them all the same",
            )
        else:
            yield _deleting(words, found.orphans)
    if found.leftovers:
        yield _deleting(
            counted(len(found.leftovers), "temporary file was left", "temporary files were left"),
            found.leftovers,
        )


def _deleting(words: str, paths: Iterable[Path]) -> Finding:
    def delete() -> None:
        for path in paths:
            path.unlink(missing_ok=True)
            remove_empty(path.parent)

    return Finding(words, "they are deleted", delete, on_disk=True)


def _pictures(
    connection: sqlite3.Connection, folder: Path, prefix: str, before: float, found: Found
) -> None:
    span = prefix, f"{prefix}g"
    known = {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(_HERE, span)}
    pending = {row[0] for row in connection.execute(_PENDING, span)}
    for path, state in _files(folder):
        job = path.parent.name
        size = state.st_size
        if path.name.endswith(PARTIAL):
            if state.st_mtime < before:
                found.leftovers.append(path)
        elif path.name.startswith("upload."):
            if job not in pending and state.st_mtime < before:
                found.leftovers.append(path)
        elif not size and (job, _number(path)) in known:  # as good as not there
            found.leftovers.append(path)
        elif row := known.pop((job, _number(path)), None):
            if size != row[0]:
                found.unfit.append((job, _number(path)))
        elif job not in pending and state.st_mtime < before:
            found.orphans.append(path)
    for tile, (_, job_state) in known.items():
        unfinished = job_state in ("waiting", "running")
        (found.redrawn if unfinished else found.gone).append(tile)


def _uploads(
    connection: sqlite3.Connection, folder: Path, prefix: str, before: float, found: Found
) -> None:
    query = "SELECT digest FROM blobs WHERE digest >= ? AND digest < ?"
    known = {row[0] for row in connection.execute(query, (prefix, f"{prefix}g"))}
    there = set()
    for path, state in _files(folder):
        if path.name in known:
            there.add(path.name)
        elif state.st_mtime < before:
            unfinished = path.name.endswith(PARTIAL)
            (found.leftovers if unfinished else found.orphans).append(path)
    found.lost += sorted(known - there)


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything below; what goes meanwhile is passed over."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            with contextlib.suppress(FileNotFoundError):
                yield path, path.stat()


def _number(path: Path) -> int:
    """Of a picture's file; 0 for another."""
    return int(path.stem) if path.suffix == ".webp" and path.stem.isdecimal() else 0


def _named(tile: Tile) -> str:
    return f"{tile[0]}/{tile[1]}.webp"
