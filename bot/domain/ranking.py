"""Names by rank, the least first. Knows nothing of what the ranks mean."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from bot.domain.ordered import Ordered

Name = TypeVar("Name", bound=Hashable)
Rank = tuple[float, ...]


class Ranking(Generic[Name]):
    """Each name has one rank or none. Every operation takes O(log n), each time."""

    __slots__ = ("_entries", "_order", "_tickets")

    def __init__(self) -> None:
        self._entries: dict[Name, tuple[Rank, int, Name]] = {}
        self._order: Ordered[tuple[Rank, int, Name]] = Ordered()
        self._tickets = itertools.count()

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, name: Name) -> Rank:
        return self._entries[name][0]

    def put(self, name: Name, rank: Rank) -> None:
        """Give a name a rank in place of the one that it had."""
        known = self._entries.get(name)
        if known is not None:
            if known[0] == rank:
                return
            self._order.remove(known)
        entry = self._entries[name] = rank, next(self._tickets), name
        self._order.add(entry)

    def drop(self, name: Name) -> None:
        """Take a name out; unknown ones are ignored."""
        known = self._entries.pop(name, None)
        if known is not None:
            self._order.remove(known)

    def first(self) -> Name | None:
        """The name with the least rank, of equals who got it first; None without any."""
        return self._order.first()[2] if self._order else None


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
