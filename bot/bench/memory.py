"""How much memory this process, or another, holds, in MiB."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

_KIB_PER_MIB = 1024
_PARTS = {"Rss": "rss", "Pss": "pss", "VmHWM": "peak"}


def held() -> dict[str, float]:
    """`rss`, `pss` (shared pages divided by those who share them) and `peak` (highest rss
    since `forget_peak`).

    Only `peak` outside Linux.
    """
    found: dict[str, float] = {}
    with contextlib.suppress(OSError):
        # Not getrusage: its peak begins with that of the process that started this one.
        found |= parse(Path("/proc/self/status").read_text())
        found |= parse(Path("/proc/self/smaps_rollup").read_text())
    if "peak" not in found:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found["peak"] = peak / _KIB_PER_MIB / (1024 if sys.platform == "darwin" else 1)
    return found


def peak_of(process: int) -> float | None:
    """The highest resident size so far of the process with this id; None where none can tell."""
    with contextlib.suppress(OSError):
        return parse(Path(f"/proc/{process}/status").read_text()).get("peak")
    return None


def forget_peak() -> None:
    """Let `peak` begin anew, where Linux lets a process do that (proc(5), clear_refs)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def parse(text: str) -> dict[str, float]:
    """The lines of Linux's `status` and `smaps_rollup` that matter here."""
    rows = (line.split() for line in text.splitlines())
    return {
        _PARTS[row[0].rstrip(":")]: int(row[1]) / _KIB_PER_MIB
        for row in rows
        if row and row[0].rstrip(":") in _PARTS
    }
