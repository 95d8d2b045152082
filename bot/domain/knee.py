"""How large a step pays: learned from how long steps take. Pure: no clock, no engine.

A step of more pictures takes longer, yet for long less than in proportion: the processor launches
the same kernels, memory is read once. From some size on, the knee, it is all proportion; beyond it
company only makes everybody wait. Where that is depends on model, size of pictures and device, so
it is found by trying: as long as doubling a step was worth it, twice as much is tried.
"""

from __future__ import annotations

import math
from collections import deque

WORTH = 1.15
"""Doubling a step pays when so many times as much is drawn in a second …"""
WORTH_QUICK = 1.05
"""… or so many, where the larger step is `QUICK_S` at most: nobody notices that it is slower."""
QUICK_S = 0.15
FREE = 1.1
"""What takes so many times as long is hardly slower."""
LARGEST = 16
"""A step is never larger than so many times the one begun with."""
KEPT = 8
"""Steps remembered of each size; the quickest counts, for others were slowed by neighbours."""
TRIES = 3
"""So many steps of a size are made before it is found not to pay: the first may have to warm up."""
RECALL = 1000
"""After so many steps what was found not to pay is tried once more."""


class Knee:
    """Of one model and size of pictures. Steps are told by the sum of their costs, in any unit;
    `start` is the cost that always pays before anything is known. `most` is the cost up to which a
    step pays."""

    def __init__(self, start: float) -> None:
        self._start = start
        self._rates: dict[int, deque[float]] = {}
        self._ceiling = LARGEST * start
        self._steps = 0
        self.most = start

    def stepped(self, cost: float, seconds: float) -> bool:
        """A step took so long; whether `most` is another one now."""
        if seconds <= 0:
            return False
        self._rates.setdefault(self._size(cost), deque(maxlen=KEPT)).append(cost / seconds)
        self._steps += 1
        if self._steps % RECALL == 0:
            for size in [size for size in self._rates if size > self._size(self.most)]:
                del self._rates[size]
        return self._learn()

    def failed(self, cost: float) -> bool:
        """The memory did not suffice for a step; whether `most` is another one now."""
        self._ceiling = min(self._ceiling, cost / 2)
        return self._learn()

    def free(self, cost: float) -> float:
        """Up to which cost a step takes hardly longer than one of `cost`."""
        own = self._size(cost)
        if own not in self._rates:
            return cost
        longest = FREE * self._seconds(own)
        alike = [size for size in self._rates if size > own and self._seconds(size) <= longest]
        return min(self.most, max(map(self._cost, alike), default=cost))

    def _learn(self) -> bool:
        before, self.most = self.most, min(self._ceiling, self._found())
        return self.most != before

    def _found(self) -> float:
        if not self._rates:
            return self._start
        size, *larger = sorted(self._rates)
        for other in larger:
            if not self._worth(size, other):
                tried = len(self._rates[other]) >= TRIES
                return self._cost(size if tried else other)
            size = other
        return max(self._cost(size + 1), self._start)

    def _worth(self, size: int, other: int) -> bool:
        least = WORTH_QUICK if self._seconds(other) <= QUICK_S else WORTH
        return self._rate(other) >= self._rate(size) * least ** (other - size)

    def _rate(self, size: int) -> float:
        return max(self._rates[size])

    def _seconds(self, size: int) -> float:
        return self._cost(size) / self._rate(size)

    def _size(self, cost: float) -> int:
        """How often `start` is doubled, to the nearest whole number."""
        return round(math.log2(cost / self._start))

    def _cost(self, size: int) -> float:
        return self._start * 2.0**size
