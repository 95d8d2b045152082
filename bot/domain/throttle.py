"""How often one person may ask: a bucket of tokens for each, which fills again with time.

Pure: no clock, no words.
"""

from __future__ import annotations

from collections import OrderedDict

MOST = 10_000
"""People who are remembered; of more, those who asked longest ago begin anew."""


class Throttle:
    """`per_minute` tokens come back in a minute, and `burst` of them fit into a bucket; with 0 a
    minute nobody is ever refused."""

    def __init__(self, per_minute: float, burst: float, most: int = MOST) -> None:
        self._most = most
        self._left: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self.become(per_minute, burst)

    def __len__(self) -> int:
        """How many people are remembered."""
        return len(self._left)

    def become(self, per_minute: float, burst: float) -> None:
        """From now on."""
        self._per_s = per_minute / 60
        self._burst = max(1.0, burst)

    def take(self, person: int, now: float, tokens: float = 1.0) -> float:
        """Seconds until this person has so many tokens; 0 where they had them, and gave them.

        `now` is any clock in seconds that never goes back.
        """
        if not self._per_s:
            return 0.0
        left, since = self._left.pop(person, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._per_s)
        wait = max(0.0, (tokens - left) / self._per_s)
        self._left[person] = (left if wait else left - tokens, now)
        while len(self._left) > self._most:
            self._left.popitem(last=False)
        return wait
