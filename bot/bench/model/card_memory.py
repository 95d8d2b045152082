"""How much memory of the NVIDIA cards is in use, by `nvidia-smi`: nothing here loads CUDA.

What counts is by how much it grew, on the card where it grew most: nobody else should use them
meanwhile. It holds whatever the driver and torch keep, as it is that which has to fit.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

_QUERY = ("--query-gpu=memory.used", "--format=csv,noheader,nounits")


def used() -> Sequence[float]:
    """MiB in use on each card, in the driver's order; nothing where there is none to ask."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        said = subprocess.run(
            [tool, *_QUERY], capture_output=True, text=True, timeout=20, check=True
        )
        return [float(line) for line in said.stdout.split()]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


class CardMemory:
    """The most that was seen in use since this was made, beyond what was in use then."""

    def __init__(self) -> None:
        self._before = used()
        self._most = 0.0

    def look(self) -> None:
        """Read it again."""
        grown = (now - then for now, then in zip(used(), self._before, strict=False))
        self._most = max([self._most, *grown])

    @property
    def peak_mib(self) -> float | None:
        """None where there is no such card."""
        return self._most if self._before else None
