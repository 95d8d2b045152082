"""How the threads that draw on a processor wait for each other: chosen for each process as it
starts, since libgomp reads it only then. Where the machine is another for long, idle or shared, a
process that rests is replaced by the next.

Threads that spin are the quickest while they have the cores to themselves. Beside somebody who
works, one that has lost its core keeps the others spinning for whole turns of the scheduler: a grid
of the embedded model then took five times as long as with threads that sleep.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SPINNING = {"GOMP_SPINCOUNT": "10000"}
"""For some ten microseconds, which bridges two operators, and no longer."""
SLEEPING = {"OMP_WAIT_POLICY": "passive"}
_PROCESSORS = ("auto", "cpu")
"""Devices that may turn out to be the processor."""
_SPARE = 0.25
"""Of a core: what an idle machine does by the way."""
_LOOK_S = 0.1
LOOKS = 10
"""In a row, before a process counts as started for another machine …"""
EVERY_S = 30.0
"""… at which it is looked so often: starting anew costs a while, and a build may soon be over."""
_STAT = Path("/proc/stat")


async def waiting(engine: str, options: Mapping[str, Any]) -> Mapping[str, str]:
    """Variables for a process that starts now and draws on the device `engine`.

    Threads of torch spin only where it is to draw on an idle processor.
    """
    return await _seen() if may_spin(engine, options) else SLEEPING


def may_spin(engine: str, options: Mapping[str, Any]) -> bool:
    """False on a card; and where OpenVINO draws, with threads of its own, since torch draws beside
    the conversion then, which works as others do."""
    converts = options.get("converted") and importlib.util.find_spec("openvino")
    return engine in _PROCESSORS and not converts


class Habit:
    """Of a process whose threads wait as `waits` says: whether the machine is still the one that it
    was started for. What it does itself is niced."""

    def __init__(self, waits: Mapping[str, str]) -> None:
        self._waits = waits
        self._before = _idle(), time.monotonic()
        self._others = 0

    def look(self) -> bool:
        """True where it was another machine at each of the last `LOOKS` looks."""
        (free, then), (more, now) = self._before, (_idle(), time.monotonic())
        self._before = more, now
        if free is None or more is None:
            return False
        wanted = chosen((more - free) / (now - then), len(os.sched_getaffinity(0)))
        self._others = self._others + 1 if wanted != self._waits else 0
        return self._others >= LOOKS


async def _seen() -> Mapping[str, str]:
    """After a short look at what others do."""
    before = _idle()
    if before is None:
        return SLEEPING
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.sleep(_LOOK_S)
    after = _idle()
    if after is None:
        return SLEEPING
    return chosen((after - before) / (loop.time() - began), len(os.sched_getaffinity(0)))


def chosen(idle: float, cores: int) -> Mapping[str, str]:
    """On average `idle` of the `cores` that are to draw have nothing to do."""
    return SPINNING if idle > cores - _SPARE else SLEEPING


def _idle() -> float | None:
    """Seconds for which the cores of this process had nothing better to do, added up; None where
    the system does not tell."""
    try:
        lines = _STAT.read_text(encoding="ascii").splitlines()
        rows = {name: list(map(int, row)) for name, *row in map(str.split, lines)}
        own = [rows[f"cpu{core}"] for core in os.sched_getaffinity(0)]
        # What is niced gives way, and who waits for a disk needs no core.
        return sum(row[1] + row[3] + row[4] for row in own) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, LookupError):
        return None
