"""What became of a server's jobs and credits over some days, in numbers.

Days are UTC days, counted from the epoch. A waiting time is known by its kind, which begins at
`bound(kind)` seconds; kinds can be added up over days, and a percentile of them is off by a tenth.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Self

DAY_S = 86_400
PERIODS = (7, 30, 90, 365)
"""Days that an overview covers."""
_FIRST_S, _OCTAVE = 0.125, 4
"""Where the second kind begins, and how many there are until waiting takes twice as long."""


def bound(kind: int) -> float:
    """Seconds from which on a waiting time is of this kind or a later one."""
    return _FIRST_S * 2 ** ((kind - 1) / _OCTAVE) if kind else 0.0


def percentile(kinds: Mapping[int, int], share: float) -> float | None:
    """Seconds below which this `share` of waiting times lies, of which so many are of each kind;
    None of none."""
    rank, before = share * sum(kinds.values()), 0
    for kind in sorted(kinds):
        count = kinds[kind]
        if count and before + count >= rank:
            low, high = bound(kind), bound(kind + 1)
            return low + (high - low) * max(0.0, rank - before) / count
        before += count
    return None


@dataclass(frozen=True)
class Span:
    """So many `days` up to and with `last`."""

    last: int
    days: int

    @classmethod
    def until(cls, now: float, days: int) -> Self:
        """The last so many days, with the one that is not over yet. `now` in UTC seconds."""
        return cls(int(now // DAY_S), days)

    @property
    def first(self) -> int:
        return self.last - self.days + 1

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1))

    def dates(self) -> list[datetime.date]:
        """Its days in a calendar."""
        begun = datetime.date(1970, 1, 1)
        return [begun + datetime.timedelta(days=day) for day in self]


class Tally(NamedTuple):
    """How often something happened on one `day`; `topic` and `name` say what, as the table of
    tallies does."""

    topic: str
    day: int
    name: str
    total: int


@dataclass(frozen=True)
class Spender:
    """Somebody and the credits, which are `grids`, that they spent."""

    user: int
    grids: int


@dataclass(frozen=True)
class Overview:
    """The numbers of a server. `tallies` are those of the span; of spenders the first are known.
    `waiting` and `running` jobs are those of now."""

    span: Span
    tallies: tuple[Tally, ...] = ()
    spenders: tuple[Spender, ...] = ()
    waiting: int = 0
    running: int = 0
    _by_topic: dict[str, list[Tally]] = field(default_factory=dict, init=False, compare=False)

    def __post_init__(self) -> None:
        for each in self.tallies:
            self._by_topic.setdefault(each.topic, []).append(each)

    def daily(self, topic: str, name: str) -> list[int]:
        """How often on each day."""
        totals = [0] * self.span.days
        for each in self._by_topic.get(topic, ()):
            if each.name == name:
                totals[each.day - self.span.first] += each.total
        return totals

    def total(self, topic: str, name: str) -> int:
        """How often in all."""
        return sum(self.daily(topic, name))

    def named(self, topic: str) -> Counter[str]:
        """How often in all, by name."""
        counted: Counter[str] = Counter()
        for each in self._by_topic.get(topic, ()):
            counted[each.name] += each.total
        return counted

    def waits(self) -> list[Counter[int]]:
        """How many were drawn on each day after a waiting time of each kind."""
        found: list[Counter[int]] = [Counter() for _ in self.span]
        for each in self._by_topic.get("waited", ()):
            found[each.day - self.span.first][int(each.name)] = each.total
        return found

    def wait(self, share: float) -> float | None:
        """The percentile of the whole span, in seconds; None where nothing was drawn."""
        return percentile(self._waited, share)

    @cached_property
    def _waited(self) -> Counter[int]:
        return Counter({int(kind): count for kind, count in self.named("waited").items()})

    @property
    def empty(self) -> bool:
        """Whether nothing at all happened."""
        return not self.tallies


@dataclass(frozen=True)
class ServerUse:
    """What one server had drawn over some days: `jobs` that were drawn, for so many `credits`."""

    guild: int
    jobs: int
    credits: int
