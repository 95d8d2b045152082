"""Ids and times as Discord writes them.

Knows the snowflake layout and Discord's epoch; does not know what an id stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000

Clock = Callable[[], float]
"""Returns Unix seconds."""


class Snowflakes:
    """Makes ids that grow strictly and carry the clock's time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """An id that was never given before."""
        stamp = max(0, int(self._clock() * 1000) - EPOCH_MS) << 22
        self._last = max(stamp, self._last + 1)
        return str(self._last)


def seconds(snowflake: str) -> float:
    """The Unix time at which `snowflake` was made, in seconds."""
    return ((int(snowflake) >> 22) + EPOCH_MS) / 1000


def iso(moment: float) -> str:
    """`moment` (Unix seconds) as Discord prints times."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")


def is_snowflake(text: object) -> bool:
    """Whether it looks like an id, as a number or in a string."""
    return isinstance(text, int) or (isinstance(text, str) and text.isdecimal())


class MovableClock:
    """A clock that runs with `source` and can be moved on by hand."""

    def __init__(self, source: Clock) -> None:
        self._source = source
        self._offset = 0.0

    def __call__(self) -> float:
        return self._source() + self._offset

    def advance(self, by: float) -> None:
        """Move `by` seconds ahead."""
        self._offset += by
