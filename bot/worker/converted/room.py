"""Whether disk and memory suffice for what is only a convenience: torch draws without it."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.worker import capacity

_SPARE_DISK = 1 << 30


class TooSmall(Exception):
    """The text completes a sentence in brackets."""


def require_disk(folder: Path, size: int) -> None:
    """Raises TooSmall where `size` more bytes would leave pictures too little room."""
    if shutil.disk_usage(folder).free < size + _SPARE_DISK:
        raise TooSmall("the disk has too little room")


def require_memory(size: int) -> None:
    """Raises TooSmall where `size` more bytes do not fit; never where the system does not tell."""
    memory = capacity.of_system()
    if memory is not None and memory.free < size:
        raise TooSmall("the memory is too small for both")
