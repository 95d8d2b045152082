"""Which models stay in a worker's memory when another one needs their room. Pure: no clock, no
engine.

GreedyDual-Size (Cao and Irani, Cost-aware WWW proxy caching algorithms, 1997): whenever a model is
used, its worth is the seconds that a byte of it takes to load, above the worth of whatever left
last. Who is worth least leaves. Where every byte loads equally fast that is the least recently
used one; a model that takes long to load for its size outlives some that were used later, and not
for ever, for what leaves raises what is worth anything. Nobody is refused: whoever is waited for
gets its room, unless those have it that must stay.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class _Resident:
    size: int
    load_s: float
    worth: float


class Residence:
    """The models in one memory. Sizes are bytes, as measured when they were loaded."""

    def __init__(self) -> None:
        self._residents: dict[str, _Resident] = {}
        self._level = 0.0

    def __contains__(self, model: object) -> bool:
        return model in self._residents

    def __len__(self) -> int:
        return len(self._residents)

    def came(self, model: str, size: int, load_s: float) -> None:
        """It is in memory now; loading it took so many seconds."""
        self._residents.pop(model, None)
        worth = self._level + load_s / max(1, size)
        self._residents[model] = _Resident(size, load_s, worth)

    def used(self, model: str) -> None:
        """It is drawn with."""
        if one := self._residents.get(model):
            self.came(model, one.size, one.load_s)

    def left(self, model: str) -> None:
        """It is in memory no more."""
        if one := self._residents.pop(model, None):
            self._level = max(self._level, one.worth)

    def leaving(self, room: int, staying: Collection[str] = ()) -> list[str]:
        """Who makes `room` bytes of room, those worth least first, and none that is not needed for
        it; everybody that may leave where that does not suffice. `staying` are pinned or in use."""
        able = [
            (one.worth, age, model)
            for age, (model, one) in enumerate(self._residents.items())
            if model not in staying
        ]
        chosen: list[str] = []
        for *_, model in sorted(able):
            if self._size(chosen) >= room:
                break
            chosen.append(model)
        return self._without_spare(chosen, room)

    def _without_spare(self, chosen: list[str], room: int) -> list[str]:
        """Of those, the ones worth most stay that a later, larger one made needless."""
        for model in reversed(chosen[:-1]):
            others = [one for one in chosen if one != model]
            if self._size(others) >= room:
                chosen = others
        return chosen

    def _size(self, models: Collection[str]) -> int:
        return sum(self._residents[model].size for model in models)
