"""One forward as a CUDA graph: its kernels are launched once, by one call, from buffers of its own.

That is what small batches wait for otherwise: a processor that launches a thousand kernels. On
other devices the forward is simply made again, from the same buffers. Imported in a worker only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from bot.worker.compiled.calls import Call, cut

_WARMING = 2
"""Forwards before a graph is captured, in which libraries reserve what they need."""

_ROOM = 1 / 3
"""What has to be free of a card: a graph keeps the memory of its forward for itself."""


def has_room(device: torch.device) -> bool:
    """Whether a card has memory for a graph beside what else is drawn."""
    if device.type != "cuda":
        return True
    free, total = torch.cuda.mem_get_info(device)
    cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return free + cached >= _ROOM * total


def new_pool(device: torch.device) -> Any:
    """Memory that graphs may share; None on what has no graphs."""
    return torch.cuda.graph_pool_handle() if device.type == "cuda" else None


class Graph:
    """Of `run` with arguments like `call`'s, which are on its device. `pool` is memory that graphs
    share, because no two of them run at once. Raises what `run` raises, or RuntimeError."""

    def __init__(self, run: Callable[..., Any], call: Call, device: torch.device, pool: Any):
        self._inputs = Call([_own(leaf) for leaf in call.leaves], call.spec)
        args, named = self._inputs.arguments
        self._forward = lambda: run(*args, **named)
        self._graph = None
        if device.type == "cuda":
            self._capture(pool)

    def _capture(self, pool: Any) -> None:
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(_WARMING):
                self._forward()
        torch.cuda.current_stream().wait_stream(beside)
        self._graph = torch.cuda.CUDAGraph()
        # Only this thread's mistakes: others encode pictures, and may touch the card.
        with torch.cuda.graph(self._graph, pool=pool, capture_error_mode="thread_local"):
            self._result = self._forward()

    def __call__(self, call: Call) -> Any:
        """The result for the rows of `call`, which are as many as there are buffers or fewer."""
        for buffer, leaf in zip(self._inputs.leaves, call.leaves, strict=True):
            if isinstance(buffer, torch.Tensor):
                _fill(buffer, leaf, call.has_rows(leaf))
        if self._graph is None:
            self._result = self._forward()
        else:
            self._graph.replay()
        return cut(self._result, call.rows)


def _own(leaf: Any) -> Any:
    return leaf.clone() if isinstance(leaf, torch.Tensor) else leaf


def _fill(buffer: torch.Tensor, leaf: torch.Tensor, rows: bool) -> None:
    """What is left of the buffer keeps older rows: nobody looks at what becomes of them."""
    if rows:
        buffer[: len(leaf)].copy_(leaf)
    else:
        buffer.copy_(leaf)
