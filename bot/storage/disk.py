"""Files that a crash leaves whole or not there at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

PARTIAL = ".partial"
"""The ending of a file that is still being written."""


def write_whole(files: Mapping[Path, bytes]) -> None:
    """Each under another name first, which is taken away when the disk refuses.

    All are written before the first is waited for, which takes the disk less time. Raises OSError;
    others of them may be there then.
    """
    partials = {path: path.with_suffix(PARTIAL) for path in files}
    try:
        with contextlib.ExitStack() as stack:
            opened = [stack.enter_context(_opened(partial)) for partial in partials.values()]
            for file, data in zip(opened, files.values(), strict=True):
                file.write(data)
                file.flush()
            for file in opened:
                os.fsync(file.fileno())
        for path, partial in partials.items():
            partial.replace(path)
    except BaseException:
        for partial in partials.values():
            partial.unlink(missing_ok=True)
        raise
    for folder in {path.parent for path in files}:
        sync_folder(folder)


def rename_whole(made: Path, path: Path) -> None:
    """A file that somebody else wrote gets its name when it is on disk. Raises OSError."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.replace(path)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")


def sync_folder(folder: Path) -> None:
    """Names are on disk before anybody relies on them."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some disks of other machines do so without being asked
            raise
    finally:
        os.close(handle)


def remove_empty(folder: Path) -> None:
    """A folder in which something is left stays."""
    with contextlib.suppress(OSError):
        folder.rmdir()
