"""What processes hold, read from outside by their ids; on Linux alone."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

_ERRANDS = b"bot.worker.errands"
_TRACKER = b"resource_tracker"


def resident(process: int) -> float:
    """MiB in memory; 0 of a process that has just ended."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / (1 << 20)


def threads(process: int) -> int:
    return len(os.listdir(f"/proc/{process}/task"))


def handles(process: int) -> int:
    """Open files, sockets and pipes."""
    return len(os.listdir(f"/proc/{process}/fd"))


def workers(process: int) -> list[int]:
    """The processes that draw for a bot: its children but those that run errands for it."""
    return [each for each in _children(process) if not _is_other(each)]


def _children(process: int) -> Iterator[int]:
    for thread in Path(f"/proc/{process}/task").iterdir():
        try:
            yield from map(int, (thread / "children").read_text().split())
        except OSError:  # the thread has just ended
            continue


def _is_other(process: int) -> bool:
    try:
        line = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return True
    return _ERRANDS in line or _TRACKER in line


def size(path: Path) -> int:
    """Bytes of a file; 0 while it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def own() -> float:
    """`resident` of this process."""
    return resident(os.getpid())
