"""How long to rest between tries."""

from __future__ import annotations


class Backoff:
    """Seconds that double from `first_s` up to `longest_s`."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._tries = 0

    def next(self) -> float:
        """The rest before the next try."""
        rest = self._first_s * 2 ** min(self._tries, 32)
        self._tries += 1
        return min(self._longest_s, rest)

    def reset(self) -> None:
        """It worked: the next rest is the first again."""
        self._tries = 0
