"""One bot to a data folder: two would draw and answer everything twice."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from bot.domain.errors import SettingsError


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold the folder; the system lets go when the process ends, however it ends.

    Raises SettingsError when the folder cannot be written or another bot holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "easel.lock").open("w")
    except OSError as error:
        raise SettingsError(
            f"DATA_DIR {folder} cannot be written ({error.strerror}); name a folder that can."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(
                f"Another Easel uses DATA_DIR {folder}; stop it or name another folder."
            ) from None
        except OSError as error:
            raise SettingsError(
                f"DATA_DIR {folder} cannot be locked ({error.strerror}); name a folder on a disk "
                "of this machine."
            ) from error
        yield


def is_held(folder: Path) -> bool:
    """Whether a bot holds the folder just now."""
    with contextlib.suppress(OSError), (folder / "easel.lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
