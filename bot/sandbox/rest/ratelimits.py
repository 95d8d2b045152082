"""Discord's rate limits, as far as they are known.

Knows buckets and headers; time is the machine's monotonic clock, never the world's, because
clients really sleep.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

_GLOBAL = ("global", 50, 1.0)
_OLD_EDITS = ("old-edits", 3, 6.0)
"""Edits of messages older than an hour, in one channel."""


@dataclass(frozen=True)
class Verdict:
    """What to answer: headers for any answer, and whether the request must be refused."""

    headers: dict[str, str]
    refused: bool = False
    retry_after: float = 0.0
    everywhere: bool = False


@dataclass
class _Window:
    begins: float
    used: int = 0


class RateLimits:
    """Counts requests in fixed windows; `scale` stretches the windows, 0 turns limits off."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._windows: dict[tuple[str, str], _Window] = {}

    def take(self, bucket: tuple[str, str, int, float] | None, bot: bool) -> Verdict:
        """Count one request. `bucket` is (name, major parameter, limit, seconds)."""
        if not self.scale:
            return Verdict({})
        if bot:
            name, limit, span = _GLOBAL
            left, wait = self._spend((name, ""), limit, span * self.scale)
            if left < 0:
                return self._refuse(limit, name, wait, everywhere=True)
        if bucket is None:
            return Verdict({})
        name, major, limit, span = bucket
        left, wait = self._spend((name, major), limit, span * self.scale)
        if left < 0:
            return self._refuse(limit, name, wait)
        return Verdict(_headers(limit, left, wait, name))

    def wait_for_old_edit(self, channel_id: str) -> float:
        """Count an edit of a message older than an hour; seconds to wait, 0 when it may pass."""
        name, limit, span = _OLD_EDITS
        if not self.scale:
            return 0.0
        left, wait = self._spend((name, channel_id), limit, span * self.scale)
        return max(0.001, round(wait, 3)) if left < 0 else 0.0

    def _spend(self, key: tuple[str, str], limit: int, span: float) -> tuple[int, float]:
        """(requests left, negative when over; seconds until the window ends)."""
        now = time.monotonic()
        window = self._windows.get(key)
        if window is None or now >= window.begins + span:
            window = self._windows[key] = _Window(now)
            if len(self._windows) > 10_000:
                self._forget(now)
        wait = window.begins + span - now
        if window.used >= limit:
            return -1, wait
        window.used += 1
        return limit - window.used, wait

    def _forget(self, now: float) -> None:
        longest = 6.0 * self.scale
        old = [key for key, each in self._windows.items() if now >= each.begins + longest]
        for key in old:
            del self._windows[key]

    def _refuse(self, limit: int, name: str, wait: float, everywhere: bool = False) -> Verdict:
        wait = max(0.001, round(wait, 3))
        headers = _headers(limit, 0, wait, name)
        headers["X-RateLimit-Scope"] = "global" if everywhere else "user"
        headers["Retry-After"] = str(max(1, round(wait)))
        if everywhere:
            headers = {"X-RateLimit-Global": "true", "Retry-After": headers["Retry-After"]}
        return Verdict(headers, True, wait, everywhere)


def _headers(limit: int, left: int, wait: float, name: str) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
        "X-RateLimit-Reset-After": f"{wait:.3f}",
        "X-RateLimit-Bucket": f"sandbox-{name}",
    }
