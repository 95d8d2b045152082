"""How the threads that draw on a processor wait for each other: chosen for each process as it
starts, since libgomp reads it only then.

Threads that spin are the quickest while they have the cores to themselves. Beside somebody who
works, one that has lost its core keeps the others spinning for whole turns of the scheduler: a grid
of the embedded model then took five times as long as with threads that sleep.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
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
_STAT = Path("/proc/stat")


async def waiting(engine: str, options: Mapping[str, Any]) -> Mapping[str, str]:
    """Variables for a process that starts now and draws on the device `engine`.

    Threads of torch spin only where it is to draw on an idle processor. Where OpenVINO draws, with
    threads of its own, torch draws beside the conversion, which works as others do.
    """
    converts = options.get("converted") and importlib.util.find_spec("openvino")
    if engine not in _PROCESSORS or converts:
        return SLEEPING
    return await _seen()


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
