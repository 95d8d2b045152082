"""Names by rank, the least first. Knows nothing of what the ranks mean.

A heap in which what became untrue stays until it comes to the top, or until it is more than half:
then the heap is made anew, so that it is never much larger than what it stands for.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)
Rank = tuple[float, ...]

SPARE = 64
"""Untrue entries that are never worth the work."""


class Ranking(Generic[Name]):
    """Each name has one rank or none. Every operation takes O(log n) in the mean."""

    def __init__(self) -> None:
        self._ranks: dict[Name, Rank] = {}
        self._heap: list[tuple[Rank, int, Name]] = []
        self._tickets = itertools.count()

    def __len__(self) -> int:
        return len(self._ranks)

    def __getitem__(self, name: Name) -> Rank:
        return self._ranks[name]

    def put(self, name: Name, rank: Rank) -> None:
        """Give a name a rank in place of the one that it had."""
        if self._ranks.get(name) != rank:
            self._ranks[name] = rank
            heapq.heappush(self._heap, (rank, next(self._tickets), name))
            self._tidy()

    def drop(self, name: Name) -> None:
        """Take a name out; unknown ones are ignored."""
        if self._ranks.pop(name, None) is not None:
            self._tidy()

    def first(self) -> Name | None:
        """The name with the least rank, of equals who got it first; None without any."""
        while self._heap:
            rank, _, name = self._heap[0]
            if self._ranks.get(name) == rank:
                return name
            heapq.heappop(self._heap)
        return None

    def _tidy(self) -> None:
        if len(self._heap) > 2 * len(self._ranks) + SPARE:
            self._heap = [each for each in self._heap if self._ranks.get(each[2]) == each[0]]
            heapq.heapify(self._heap)


class Rankings(Generic[Name]):
    """A ranking for each of several models; iterates over the models that have one."""

    def __init__(self) -> None:
        self._by_model: dict[str, Ranking[Name]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_model)

    def __contains__(self, model: object) -> bool:
        return model in self._by_model

    def put(self, model: str, name: Name, rank: Rank | None) -> None:
        """Give a name a rank, or none."""
        if rank is not None:
            self._by_model.setdefault(model, Ranking()).put(name, rank)
        elif (ranking := self._by_model.get(model)) is not None:
            ranking.drop(name)
            if not len(ranking):
                del self._by_model[model]

    def first(self, model: str) -> tuple[Rank, Name]:
        """The name with the least rank, and that rank. Raises KeyError for a model without any."""
        ranking = self._by_model[model]
        name = ranking.first()
        if name is None:
            raise KeyError(model)
        return ranking[name], name
