"""How quickly shards may identify.

Knows Discord's rule of buckets; does not know sessions.
"""

from __future__ import annotations


class Starts:
    """Of the shards whose numbers leave the same rest by `concurrency`, one every `seconds`."""

    def __init__(self, concurrency: int = 1, seconds: float = 0.0) -> None:
        self._concurrency = concurrency
        self._seconds = seconds
        self._last: dict[int, float] = {}

    def take(self, shard: int, now: float) -> bool:
        """Whether this one may identify at this moment, in monotonic seconds."""
        bucket = shard % self._concurrency
        if now - self._last.get(bucket, float("-inf")) < self._seconds:
            return False
        self._last[bucket] = now
        return True
