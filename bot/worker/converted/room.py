"""Whether disk and memory suffice for what is only a convenience: torch draws without it."""

from __future__ import annotations

import shutil
from pathlib import Path

_SPARE_DISK = 1 << 30
_MEMINFO = Path("/proc/meminfo")


class TooSmall(Exception):
    """The text completes a sentence in brackets."""


def require_disk(folder: Path, size: int) -> None:
    """Raises TooSmall where `size` more bytes would leave pictures too little room."""
    if shutil.disk_usage(folder).free < size + _SPARE_DISK:
        raise TooSmall("the disk has too little room")


def require_memory(size: int) -> None:
    """Raises TooSmall where `size` more bytes do not fit; never where the system does not tell."""
    free = _available()
    if free is not None and free < size:
        raise TooSmall("the memory is too small for both")


def _available() -> int | None:
    try:
        text = _MEMINFO.read_text(encoding="ascii")
    except OSError:
        return None
    found = text.partition("MemAvailable:")[2].split()
    return int(found[0]) << 10 if found else None
