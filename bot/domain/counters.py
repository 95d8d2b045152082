"""Virtual counters: how much was served to each of those who share something.

After VTC (Sheng et al., Fairness in Serving Large Language Models, OSDI 2024): the floor is the
least counter of those who wait, or that of the last of them while nobody does; it never falls. Who
begins to wait with less is lifted to it, so that nobody saves up claims while away.

Who left with no more than the floor would come back at it, and is forgotten. Who left with more is
remembered until the floor has passed them, but only the heaviest `KEPT` of them: coming back gains
nothing, unless `KEPT` others left who had been served still more.

What somebody has had since they came is attained service, of which nothing is forgotten before they
leave, and nothing remembered after it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable

from bot.domain.ranking import Ranking

KEPT = 1000
"""How many are remembered of those who left with more than the floor."""


class Counters:
    """Served work by name, and whose turn was when. Every operation takes O(log n)."""

    def __init__(self) -> None:
        self._served: dict[Hashable, float] = {}
        self._turns: dict[Hashable, int] = {}
        self._attained: dict[Hashable, float] = {}
        self._waiting: dict[Hashable, int] = {}
        self._least: Ranking[Hashable] = Ranking()
        self._left: Ranking[Hashable] = Ranking()
        self._floor = 0.0

    def __len__(self) -> int:
        """How many are remembered, here or not."""
        return len(self._served)

    def __getitem__(self, name: Hashable) -> float:
        """Work served to somebody who is here."""
        return self._served[name]

    def turn(self, name: Hashable) -> int:
        """When somebody was last served, as a growing number; 0 for never."""
        return self._turns.get(name, 0)

    def attained(self, name: Hashable) -> float:
        """Work served to somebody since they came, without what was given back."""
        return self._attained.get(name, 0.0)

    def here(self, name: Hashable) -> bool:
        """Whether somebody came and did not leave since."""
        return name in self._attained

    @property
    def waiting(self) -> int:
        """How many wait in some line."""
        return len(self._waiting)

    def ahead(self, name: Hashable, mean: float, begins: tuple[float, int]) -> int:
        """How many pieces of service, of that mean work, begin for somebody before one of another
        for whom `begins` is (their counter by then, their last turn)."""
        count = (begins[0] - self._served[name]) / mean
        whole = math.ceil(count)
        if count == whole and self.turn(name) < begins[1]:
            whole += 1
        return max(whole, 0)

    def wait(self, name: Hashable, work: float = 0.0) -> None:
        """Somebody, known or not, waits in one line more; then `charge` the work, so that the
        floor does not take from them what is given back."""
        self._waiting[name] = self._waiting.get(name, 0) + 1
        if self._waiting[name] == 1:
            self._left.drop(name)
            self._served[name] = max(self._served.get(name, 0.0), self._floor)
        self.charge(name, work)

    def rest(self, name: Hashable) -> None:
        """Somebody waits in one line less."""
        self.charge(name, 0.0, rests=True)

    def charge(
        self, name: Hashable, work: float, turn: int | None = None, *, rests: bool = False
    ) -> None:
        """Count work for somebody who is here; negative work gives back. Who `rests` waits in one
        line less."""
        self._served[name] += work
        # What was taken and given back has to leave nothing, of fractions either.
        self._attained[name] = max(0.0, round(self.attained(name) + work, 6))
        if turn is not None:
            self._turns[name] = turn
        if name not in self._waiting:
            return
        self._waiting[name] -= rests
        if self._waiting[name]:
            self._least.put(name, (self._served[name],))
        else:
            del self._waiting[name]
            self._least.drop(name)
        self._raise(name)

    def leave(self, name: Hashable) -> None:
        """Somebody who was here and waits for nothing is not here any more."""
        self._attained.pop(name, None)
        if name in self._turns:
            self._left.put(name, (self._served[name],))
            self._forget()
        else:
            # Never served, thus never above the floor.
            del self._served[name]

    def copy(self) -> Counters:
        """The same counters and turns, to be played with where nobody comes any more."""
        twin = Counters()
        twin._served = dict(self._served)
        twin._turns = dict(self._turns)
        twin._attained = dict(self._attained)
        twin._waiting = dict(self._waiting)
        return twin

    def _raise(self, last: Hashable) -> None:
        """The floor follows the least of those who wait, or the last who did."""
        first = self._least.first()
        self._floor = max(self._floor, self._served[last if first is None else first])
        self._forget()

    def _forget(self) -> None:
        """Drop who left with no more than the floor, and the least of too many."""
        while (name := self._left.first()) is not None:
            if self._served[name] > self._floor and len(self._left) <= KEPT:
                return
            self._left.drop(name)
            del self._served[name], self._turns[name]
