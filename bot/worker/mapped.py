"""Weights that lie in their file still, made the worker's own.

safetensors maps a file into memory instead of reading it, and what needs no other format stays
there. Who copies another file over such a one changes the numbers of a model that draws, and, since
it is cut to nothing first, has the system end the worker. Imported in a worker only.
"""

from __future__ import annotations

import bisect
import contextlib
import ctypes
import mmap
import sys
from collections.abc import Mapping
from pathlib import Path

import torch

_MAPS = Path("/proc/self/maps")


def owned(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same numbers, whatever becomes of the file."""
    return {name: _owned(tensor) for name, tensor in tensors.items()}


def own(network: torch.nn.Module) -> None:
    """Have its numbers whatever becomes of the file, one tensor after the other: no more of it
    stays in memory twice."""
    files = _Files()
    with torch.no_grad():
        for each in (*network.parameters(), *network.buffers()):
            mapped = each.data
            each.data = own_data = _owned(mapped)
            if own_data is not mapped:
                files.let_go(mapped)


def _owned(tensor: torch.Tensor) -> torch.Tensor:
    """What is not of torch's own memory cannot be resized; on a device all is."""
    if tensor.device.type != "cpu" or tensor.untyped_storage().resizable():
        return tensor
    return tensor.clone()


class _Files:
    """What of this process's memory was mapped from files, where the system tells."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []
        with contextlib.suppress(OSError):
            for line in _MAPS.read_text(encoding="utf-8", errors="replace").splitlines():
                place, _, _, _, inode, *_ = line.split()
                if inode != "0":
                    begin, _, end = place.partition("-")
                    self._ranges.append((int(begin, 16), int(end, 16)))

    def let_go(self, tensor: torch.Tensor) -> None:
        """Its whole pages are read again if somebody asks for them; nothing where it is of no
        file."""
        begin = -(-tensor.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
        end = (tensor.data_ptr() + tensor.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
        if sys.platform == "linux" and begin < end and self._hold(begin, end):
            advise = ctypes.CDLL(None).madvise
            advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
            advise(begin, end - begin, mmap.MADV_DONTNEED)

    def _hold(self, begin: int, end: int) -> bool:
        found = bisect.bisect_right(self._ranges, (begin, sys.maxsize)) - 1
        return found >= 0 and end <= self._ranges[found][1]
