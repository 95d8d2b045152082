"""How much memory models take, and how much there is for more, in bytes. Imported in a worker
only."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

_GIB = 1 << 30
_WEIGHTS = (".safetensors", ".ckpt", ".gguf", ".bin")
_MEMINFO = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Memory:
    """`free` could be taken now; a drawing should find `spare` of it free."""

    free: int
    total: int

    @property
    def spare(self) -> int:
        return min(max(self.total // 8, _GIB), 8 * _GIB)


def memory(device: torch.device) -> Memory | None:
    """Of a device; None where the system does not tell."""
    match device.type:
        case "cuda":
            free, total = torch.cuda.mem_get_info(device)
            kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
            return Memory(free + kept, total)
        case "mps":
            total = torch.mps.recommended_max_memory()
            return Memory(total - torch.mps.current_allocated_memory(), total)
    return of_system()


def of_system() -> Memory | None:
    """The machine's own, or what a container may have of it."""
    with contextlib.suppress(OSError, LookupError, ValueError):
        whole = _table(_MEMINFO, 1 << 10)
        machine = Memory(whole["MemAvailable:"], whole["MemTotal:"])
        return _of_container(machine) or machine
    return None


def _of_container(machine: Memory) -> Memory | None:
    """Version 2 of control groups; files that were read count as used there, and give way."""
    with contextlib.suppress(OSError, LookupError, ValueError):
        limit = int((_CONTAINER / "memory.max").read_text())
        used = int((_CONTAINER / "memory.current").read_text())
        files = _table(_CONTAINER / "memory.stat")
        used -= files["inactive_file"] + files["active_file"]
        return Memory(min(machine.free, limit - used), min(machine.total, limit))
    return None


def _table(file: Path, unit: int = 1) -> dict[str, int]:
    rows = (line.split() for line in file.read_text(encoding="ascii").splitlines())
    return {row[0]: int(row[1]) * unit for row in rows if len(row) > 1}


def release() -> None:
    """Give back what nothing refers to any more, to the system as well."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
    trim()


def trim() -> None:
    """Give memory of the processor's that is free back to the system: our allocator keeps it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def weight(pipeline: Any, *more: torch.nn.Module) -> int:
    """What the numbers of all parts of a pipeline take where it draws, and of `more`; what parts
    share counts once."""
    there = pipeline._execution_device.type
    parts = [*pipeline.components.values(), *more]
    tensors = (tensor for tensor in _tensors(parts) if tensor.device.type == there)
    held = {tensor.data_ptr(): tensor.nbytes for tensor in tensors}
    return sum(held.values())


def _tensors(parts: Iterable[Any]) -> Iterator[torch.Tensor]:
    for part in parts:
        if isinstance(part, torch.nn.Module):
            yield from part.parameters()
            yield from part.buffers()


def forecast(source: str) -> int:
    """What a model may take that was never loaded: what its files weigh, 0 where they are not on
    this disk."""
    path = Path(source).expanduser()
    files = path.rglob("*") if path.is_dir() else [path]
    try:
        return sum(file.stat().st_size for file in files if file.suffix.lower() in _WEIGHTS)
    except OSError:
        return 0
