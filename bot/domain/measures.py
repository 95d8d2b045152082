"""Numbers that grow while the bot runs: counts by words, and how values are spread.

Whoever counts one pays some tenths of a microsecond; whoever reads them reads all at once. Each has
one writer, a thread or the event loop; a reader on another thread may find the last value of a
spread in one of its numbers and not yet in the other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

OTHER = "other"
MOST = 200
"""Different words, or tuples of them, that are told apart."""

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Of what takes a moment."""
LONG = (0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Of what people wait for."""
COUNTS = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0)

Words = tuple[str, ...]


class Tally:
    """Counts by a tuple of words. With `most` tuples, what is new is counted under OTHER alone, so
    that nobody can fill the memory by words of their own."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._counts: dict[Words, float] = {}

    def add(self, *words: str, by: float = 1) -> None:
        """One more of these, or `by`."""
        counts = self._counts
        if words in counts:
            counts[words] += by
            return
        words = known(counts, words, self._most)
        counts[words] = counts.get(words, 0) + by

    def __iter__(self) -> Iterator[tuple[Words, float]]:
        yield from list(self._counts.items())

    def __getitem__(self, words: str | Words) -> float:
        return self._counts.get((words,) if isinstance(words, str) else words, 0)

    @property
    def total(self) -> float:
        """Of all words."""
        return sum(self._counts.values())


class Spread:
    """How values are spread over `bounds`, which grow: how many are at most each, and above all."""

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)


class Spreads:
    """A spread for each tuple of words, of which no more than `most` are told apart."""

    def __init__(self, bounds: Sequence[float] = SECONDS, most: int = MOST) -> None:
        self._bounds = bounds
        self._most = most
        self._spreads: dict[Words, Spread] = {}

    def add(self, value: float, *words: str) -> None:
        """One more value of these."""
        spread = self._spreads.get(words)
        if spread is None:
            words = known(self._spreads, words, self._most)
            spread = self._spreads.setdefault(words, Spread(self._bounds))
        spread.add(value)

    def __iter__(self) -> Iterator[tuple[Words, Spread]]:
        yield from list(self._spreads.items())

    def __getitem__(self, words: str | Words) -> Spread:
        key = (words,) if isinstance(words, str) else words
        return self._spreads.get(key) or Spread(self._bounds)


def known(counted: dict[Words, float] | dict[Words, Spread], words: Words, most: int) -> Words:
    """What new words are counted under."""
    return words if len(counted) < most else (OTHER,) * len(words)
