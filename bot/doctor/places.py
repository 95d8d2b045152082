"""What is wrong in the folders themselves: what was begun and left, a lock that nobody can take."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from bot.doctor.finding import Finding, counted

_PARTS = (".backup-*", ".easel-check", "easel-*.partial", "before-*.partial")


def in_places(folders: list[Path], lock: Path, before: float) -> Iterator[Finding]:
    """What was left there before a time (seconds since the epoch), and what is the matter with the
    file that is the lock."""
    left = [
        path
        for folder in folders
        for pattern in _PARTS
        for path in sorted(folder.glob(pattern))
        if path.stat().st_mtime < before
    ]

    def delete() -> None:
        for path in left:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    if left:
        words = counted(len(left), "copy was begun", "copies were begun")
        yield Finding(f"{words} and not finished", "what is left is deleted", delete, on_disk=True)
    if why := _unusable(lock):
        yield Finding(
            f"{lock} cannot be opened ({why}), so no bot can start",
            "delete it, or give it to whoever runs the bot; while none runs it holds nothing",
        )


def _unusable(lock: Path) -> str:
    """The system lets go of the lock itself when a process ends, so that only the file can be
    wrong: of another user, say."""
    if not lock.exists():
        return ""
    try:
        lock.open("r+").close()
    except OSError as error:
        return error.strerror or "unknown"
    return ""
