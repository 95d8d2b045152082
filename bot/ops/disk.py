"""How much room is left on the disks that a bot writes to, and what is said of it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

log = logging.getLogger(__name__)

GIB = 1 << 30
AGAIN = 1.1
"""So many floors have to be free before it counts as enough again."""


def free_bytes(folder: Path) -> int:
    """Of the disk that a folder is on, for who may not fill it to the last. Raises OSError."""
    return shutil.disk_usage(folder).free


class Floor:
    """`low` is set while one of the folders has less than `floor_bytes` of room; 0 is no floor."""

    def __init__(
        self,
        folders: Iterable[Path],
        floor_bytes: float,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self._folders = tuple(dict.fromkeys(folders))
        self._free = free
        self.floor_bytes = floor_bytes
        self.low = False

    def look(self) -> str:
        """See how much there is; returns what there is to say of it in a few words. A folder that
        cannot be asked counts as having room: who writes there finds out."""
        least, where = min((self._room(folder), str(folder)) for folder in self._folders)
        before, wanted = self.low, self.floor_bytes * (AGAIN if self.low else 1)
        self.low = least < wanted
        words = f"{least / GIB:.2f} GiB free in {where}"
        if self.low and not before:
            log.error(
                "%s, less than DISK_FLOOR_GB: no new jobs are taken until there is more", words
            )
        if before and not self.low:
            log.info("%s: new jobs are taken again", words)
        return f"low: {words}" if self.low else words

    def _room(self, folder: Path) -> float:
        try:
            return self._free(folder)
        except OSError:
            return float("inf")
