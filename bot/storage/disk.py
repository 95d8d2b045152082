"""Files that a crash leaves whole or not there at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Mapping
from pathlib import Path

from bot.domain.errors import StoreUnavailable

PARTIAL = ".partial"
"""The ending of a file that is still being written."""
_CODES = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
}
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def write_whole(files: Mapping[Path, bytes]) -> None:
    """Each under another name first, which is taken away when the disk refuses.

    All are written before the first is waited for, which takes the disk less time. Raises OSError;
    others of them may be there then.
    """
    # Plain calls and names: with pathlib and buffered files the same takes twice the processor.
    names = {f"{path}{PARTIAL}": path for path in files}
    handles: list[int] = []
    try:
        try:
            for name, data in zip(names, files.values(), strict=True):
                handles.append(_opened(name))
                _write(handles[-1], data)
                _begin_to_sync(handles[-1])
            for handle in handles:
                os.fsync(handle)
        finally:
            for handle in handles:
                os.close(handle)
        for name, path in names.items():
            os.replace(name, path)
    except BaseException:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
        raise
    for folder in {os.path.dirname(name) for name in names}:
        sync_folder(folder)


def rename_whole(made: Path, path: Path) -> None:
    """A file that somebody else wrote gets its name when it is on disk. Raises OSError."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    made.replace(path)


def try_out(folder: Path) -> None:
    """Write a page there, have it on disk, and take it away. Raises StoreUnavailable where that
    cannot be done just now."""
    path = folder / "easel.probe"
    try:
        handle = _opened(str(path))
        try:
            _write(handle, bytes(4096))
            os.fsync(handle)
        finally:
            os.close(handle)
            path.unlink()
    except OSError as error:
        code = _CODES.get(error.errno or 0, "io")
        raise StoreUnavailable(code, f"{folder}: {error.strerror}") from error


def _opened(name: str) -> int:
    try:
        return os.open(name, _NEW, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(name), exist_ok=True)
        return os.open(name, _NEW, 0o666)


def _write(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:  # the system may take a part
        left = left[os.write(handle, left) :]


def _begin_to_sync(handle: int) -> None:
    """So that one wait for the disk's journal is enough for all that are written together: as a
    side effect Linux begins to write what is not to be kept in memory."""
    with contextlib.suppress(AttributeError, OSError):  # not on every system
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: Path | str) -> None:
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
