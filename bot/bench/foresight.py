"""What no order can do better, though it knew who comes when: a bound for any policy. Pure.

A machine that does one thing at a time, and may stop and go on for nothing, can keep to given due
times if and only if, between any coming and any due time, no more has to be done than there is time
for. Here everything is due soon after it came, and what is let be late is due when the longest wait
is over. The fewest that have to be late are searched for; where the search takes too long, fewer
than they may be are proven, so the answer is a bound in any case.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Work = tuple[float, float]
"""(when it comes, how long it takes)."""

TRIES = 1000
"""Sets of late ones that are tried for each time without a pause, in each size."""
_NOTHING = 1e-6
"""Seconds that are none, but rounding."""


def in_order(works: Sequence[Work]) -> list[float]:
    """How long each waits until it is done by first come, first served."""
    now, waits = 0.0, []
    for comes, takes in sorted(works):
        now = max(now, comes) + takes
        waits.append(now - comes)
    return waits


def fewest_late(works: Sequence[Work], soon: float, longest: float) -> int:
    """How many at least are not done `soon` after they came, while none waits for longer than
    `longest`."""
    return sum(_Search(each, soon, longest).fewest() for each in unpaused(works))


def least(works: Sequence[Work], share: float, longest: float, within: float = 0.25) -> float:
    """How long the share waits at least, while none waits for longer than `longest`; at most
    `within` less than is proven."""
    may = len(works) - math.ceil(share * len(works))
    low, high = 0.0, longest
    while high - low > within:
        soon = (low + high) / 2
        if fewest_late(works, soon, longest) > may:
            low = soon
        else:
            high = soon
    return low


def unpaused(works: Sequence[Work]) -> Iterator[list[Work]]:
    """Works from one moment at which nothing is left to do to the next."""
    now, found = 0.0, list[Work]()
    for comes, takes in sorted(works):
        if found and comes >= now:
            yield found
            found = []
        found.append((comes, takes))
        now = max(now, comes) + takes
    if found:
        yield found


class _TooLongError(Exception):
    """The search was given up."""


@dataclass(frozen=True)
class _Crowd:
    """Those that have to be done within a time, which is too short by `excess`, until `due`."""

    excess: float
    due: float
    members: Sequence[int]


class _Search:
    """Which of some works are let be late. Sets hold their numbers."""

    def __init__(self, works: Sequence[Work], soon: float, longest: float) -> None:
        self._works, self._soon, self._longest = works, soon, longest
        self._latest_first = sorted(range(len(works)), key=lambda one: -works[one][0])
        self._tries = 0

    def fewest(self) -> int:
        """How many have to be, as far as it was proven."""
        for count in range(len(self._works)):
            self._tries = TRIES
            try:
                if self._possible(count, frozenset(), frozenset()):
                    return count
            except _TooLongError:
                return count
        return len(self._works)

    def _possible(self, more: int, late: frozenset[int], kept: frozenset[int]) -> bool:
        """Whether it suffices to let so many `more` be late, none of which is `kept`."""
        self._tries -= 1
        if self._tries < 0:
            raise _TooLongError
        able = [
            (crowd, self._able(crowd, late | kept))
            for crowd in self._crowds(late)
            if crowd.excess > _NOTHING
        ]
        if any(self._takes(some[:more]) < crowd.excess - _NOTHING for crowd, some in able):
            return False
        if not able:
            return True
        _, fewest = min(able, key=lambda each: (len(each[1]), each[0].due))
        return any(
            self._possible(more - 1, late | {one}, kept.union(fewest[:number]))
            for number, one in enumerate(fewest)
        )

    def _able(self, crowd: _Crowd, settled: frozenset[int]) -> list[int]:
        """Those of a crowd who relieve it if they are late, the largest first."""
        until = crowd.due - self._longest
        some = (one for one in crowd.members if one not in settled and self._works[one][0] > until)
        return sorted(some, key=lambda one: -self._works[one][1])

    def _takes(self, some: Iterable[int]) -> float:
        return sum(self._works[one][1] for one in some)

    def _crowds(self, late: frozenset[int]) -> Iterator[_Crowd]:
        """For each due time the worst one."""
        dues = [
            comes + (self._longest if one in late else self._soon)
            for one, (comes, _) in enumerate(self._works)
        ]
        return (self._crowd(due, dues) for due in set(dues))

    def _crowd(self, due: float, dues: Sequence[float]) -> _Crowd:
        members = [one for one in self._latest_first if dues[one] <= due]
        work, excess, count = 0.0, 0.0, 0
        for number, one in enumerate(members, start=1):
            work += self._works[one][1]
            over = work - (due - self._works[one][0])
            if over > excess:
                excess, count = over, number
        return _Crowd(excess, due, members[:count])
