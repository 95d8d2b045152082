"""Whose turn it is to identify.

Discord takes one shard of each bucket every five seconds, and so many starts a day. A bucket is
the rest of a shard's number by `max_concurrency`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

SPACE_S = 5.0
"""Between two of a bucket, from the first one's IDENTIFY on."""


class Pacing:
    """`left` more starts are allowed, and as many as there were at first in `reset_s` seconds.
    `clock` returns monotonic seconds."""

    def __init__(
        self, concurrency: int, left: int, reset_s: float = 86_400.0, total: int = 1000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._concurrency = max(1, concurrency)
        self._left = left
        self._total = max(1, total)
        self._clock = clock
        self._reset_at = clock() + reset_s
        self._asked: dict[int, deque[int]] = {}
        self._given: dict[int, int] = {}
        self._free_at: dict[int, float] = {}

    def ask(self, shard: int) -> None:
        """It wants to identify; to ask twice is to ask once."""
        bucket = shard % self._concurrency
        asked = self._asked.setdefault(bucket, deque())
        if shard not in asked and self._given.get(bucket) != shard:
            asked.append(shard)

    def due(self) -> list[int]:
        """Shards that may identify now; each says so by `identified`, or is forgotten."""
        now = self._clock()
        if now >= self._reset_at:
            self._left, self._reset_at = self._total, now + 86_400.0
        found = []
        for bucket, asked in self._asked.items():
            busy = bucket in self._given or now < self._free_at.get(bucket, 0.0)
            if asked and not busy and self._left > 0:
                self._given[bucket] = asked.popleft()
                self._left -= 1
                found.append(self._given[bucket])
        return found

    def identified(self, shard: int) -> None:
        """It just did: the next of its bucket has to wait."""
        bucket = shard % self._concurrency
        if self._given.get(bucket) == shard:
            del self._given[bucket]
            self._free_at[bucket] = self._clock() + SPACE_S

    def forget(self, shard: int) -> None:
        """Who asked for it is gone, perhaps after it identified."""
        bucket = shard % self._concurrency
        self.identified(shard)
        if shard in self._asked.get(bucket, ()):
            self._asked[bucket].remove(shard)
