"""Which shapes of a network's call are worth a CUDA graph, and which a compilation: decided by how
often they are asked for.

Knows numbers and keys; not tensors.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")

BUCKETS = (1, 2, 4, 6, 8, 12, 16, 24, 32)
"""Rows of a forward; others are filled up to the next. At most a third of them are in vain."""
_REMEMBERED = 256


@dataclass(frozen=True)
class Policy:
    """How often a shape has to be asked for. `graphs` of one network are in memory at once, and
    `compiled` shapes of it are made; 0 is none."""

    graph_after: int
    compile_after: int
    graphs: int
    compiled: int


DENOISER = Policy(graph_after=6, compile_after=16, graphs=8, compiled=8)
"""A grid asks some twenty times for the same."""
DECODER = Policy(graph_after=0, compile_after=2, graphs=0, compiled=3)
"""It is called once for a picture, and waits for the card anyway."""


def bucket_of(rows: int) -> int | None:
    """With how many rows a forward of `rows` is made; None where that is too many for a shape of
    its own."""
    return next((bucket for bucket in BUCKETS if bucket >= rows), None)


class Demand:
    """Counts how often each shape was asked for; the least recently asked is forgotten first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[Hashable, int] = OrderedDict()

    def ask(self, key: Hashable) -> int:
        """Once more; says how often that is."""
        count = self._counts.pop(key, 0) + 1
        self._counts[key] = count
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
        return count


class Recent(Generic[Value]):
    """At most `limit` values; the least recently used leaves."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def find(self, key: Hashable) -> Value | None:
        """The value of a key, used by this."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def make(self, key: Hashable, made: Callable[[], Value]) -> Value:
        """Keep what `made` gives, after making room for it."""
        while len(self._values) >= self._limit:
            self._values.popitem(last=False)
        value = self._values[key] = made()
        return value

    def discard(self, key: Hashable) -> None:
        """Let go of a value, if it is there."""
        self._values.pop(key, None)

    def clear(self) -> None:
        """Let go of all."""
        self._values.clear()

    def __len__(self) -> int:
        return len(self._values)
