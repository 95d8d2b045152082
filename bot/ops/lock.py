"""One bot to a data folder: two would draw and answer everything twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bot.domain.errors import SettingsError

try:
    import fcntl
except ImportError:  # Windows has no flock; there the lock is not taken.
    fcntl = None  # type: ignore[assignment]


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
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise SettingsError(
                    f"Another Easel uses DATA_DIR {folder}; stop it or name another folder."
                ) from None
        yield
