"""Virtual counters: how much was served to each of those who share something.

After VTC (arXiv 2401.00588): who comes is lifted to the least-served of those present, so that
nobody saves up claims while away; who left is remembered only as long as that could matter.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Hashable


class Counters:
    """Served work by name, and whose turn was when. Every operation takes O(log n)."""

    def __init__(self) -> None:
        self._served: dict[Hashable, float] = {}
        self._turns: dict[Hashable, int] = {}
        self._present: set[Hashable] = set()
        # Heaps keep what became untrue until it comes to the top.
        self._least: list[tuple[float, int, Hashable]] = []
        self._left: list[tuple[float, int, Hashable]] = []
        self._ticket = itertools.count()

    def __len__(self) -> int:
        """How many are remembered, present or not."""
        return len(self._served)

    def __contains__(self, name: Hashable) -> bool:
        """Whether somebody is present."""
        return name in self._present

    def __getitem__(self, name: Hashable) -> float:
        """Work served to somebody present."""
        return self._served[name]

    @property
    def present(self) -> int:
        return len(self._present)

    def turn(self, name: Hashable) -> int:
        """When somebody was last served, as a growing number; 0 for never."""
        return self._turns.get(name, 0)

    def arrive(self, name: Hashable, credit: float = 0.0) -> None:
        """Somebody who was absent is present; `credit` is work that was counted and not done."""
        served = self._served.get(name, 0.0) - credit
        self._present.add(name)
        self._set(name, max(served, self.least()))

    def charge(self, name: Hashable, work: float, turn: int | None = None) -> None:
        """Count work for somebody present; negative work gives back."""
        if turn is not None:
            self._turns[name] = turn
        self._set(name, self._served[name] + work)
        self._forget()

    def leave(self, name: Hashable) -> None:
        """Somebody is absent from now on."""
        self._present.discard(name)
        heapq.heappush(self._left, (self._served[name], next(self._ticket), name))
        self._forget()

    def least(self) -> float:
        """The smallest counter among those present; 0 without any."""
        while self._least:
            served, _, name = self._least[0]
            if name in self._present and self._served[name] == served:
                return served
            heapq.heappop(self._least)
        return 0.0

    def copy(self) -> Counters:
        """The same state, to be played with."""
        twin = Counters()
        twin._served = dict(self._served)
        twin._turns = dict(self._turns)
        twin._present = set(self._present)
        twin._least = list(self._least)
        twin._left = list(self._left)
        twin._ticket = itertools.count(next(self._ticket))
        return twin

    def _set(self, name: Hashable, served: float) -> None:
        self._served[name] = served
        heapq.heappush(self._least, (served, next(self._ticket), name))

    def _forget(self) -> None:
        """Drop who left with no more than those present have: coming back makes no difference."""
        if not self._present:
            for each in (self._served, self._turns, self._least, self._left):
                each.clear()
            return
        least = self.least()
        while self._left and self._left[0][0] <= least:
            served, _, name = heapq.heappop(self._left)
            if name not in self._present and self._served.get(name) == served:
                del self._served[name]
                self._turns.pop(name, None)
