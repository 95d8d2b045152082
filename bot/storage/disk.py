"""Files that a crash leaves whole or not there at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

PARTIAL = ".partial"
"""The ending of a file that is still being written."""


def write_whole(files: Mapping[Path, bytes]) -> None:
    """Each under another name first, which is taken away when the disk refuses.

    Raises OSError; others of them may be there then.
    """
    for path, data in files.items():
        _write(path, data)
    for folder in {path.parent for path in files}:
        sync_folder(folder)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(PARTIAL)
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Names are on disk before anybody relies on them."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_empty(folder: Path) -> None:
    """A folder in which something is left stays."""
    with contextlib.suppress(OSError):
        folder.rmdir()
