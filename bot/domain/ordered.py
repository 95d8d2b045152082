"""Items in order, in chunks short enough that moving their cells costs nothing.

A list that is kept sorted by `bisect` is as quick as it gets until it is long: then each insertion
moves half of it. Here no call does more than search and move a chunk, and nothing is put off.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Generic, TypeVar

Item = TypeVar("Item", bound=tuple[Any, ...])

CHUNK = 1024
"""Items of a chunk before it is split."""

_LAST = itemgetter(-1)


class Ordered(Generic[Item]):
    """Tuples that can be compared, the least first; equal ones stand beside each other.

    Adding, removing and ranking take O(log n), apart from the cells of one chunk and of the list
    of chunks.
    """

    __slots__ = ("_chunks", "_count", "_size")

    def __init__(self, size: int = CHUNK) -> None:
        self._chunks: list[list[Item]] = []
        self._size = size
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        for chunk in self._chunks:
            yield from chunk

    def first(self) -> Item:
        """The least. Raises IndexError without any."""
        return self._chunks[0][0]

    def add(self, item: Item) -> None:
        """Insert an item where it belongs."""
        chunks = self._chunks
        self._count += 1
        if not chunks:
            chunks.append([item])
            return
        number = min(self._number(item), len(chunks) - 1) if len(chunks) > 1 else 0
        chunk = chunks[number]
        insort(chunk, item)
        if len(chunk) > self._size:
            half = len(chunk) // 2
            chunks.insert(number + 1, chunk[half:])
            del chunk[half:]

    def remove(self, item: Item) -> None:
        """Take an item out. Raises ValueError when it is not there."""
        chunks = self._chunks
        if chunks and chunks[0][0] is item:
            number = place = 0
        else:
            number, place = self._found(item)
        chunk = chunks[number]
        del chunk[place]
        self._count -= 1
        if len(chunk) <= self._size // 4:
            self._join(number)

    def rank(self, item: Item) -> int:
        """How many are less than an item, there or not."""
        number = self._number(item)
        if number == len(self._chunks):
            return self._count
        return sum(map(len, self._chunks[:number])) + bisect_left(self._chunks[number], item)

    def _number(self, item: Item) -> int:
        """Of the first chunk that ends with no less than an item; one too many if there is none."""
        return bisect_left(self._chunks, item, key=_LAST)

    def _found(self, item: Item) -> tuple[int, int]:
        """The number of an item's chunk, and its place there."""
        number = self._number(item)
        if number < len(self._chunks):
            chunk = self._chunks[number]
            place = bisect_left(chunk, item)
            if chunk[place] == item:
                return number, place
        raise ValueError(f"{item} is not there")

    def _join(self, number: int) -> None:
        """A chunk became short: it joins a neighbour unless both would be split again soon."""
        chunks = self._chunks
        if not chunks[number]:
            del chunks[number]
            return
        for left in range(max(number - 1, 0), min(number + 1, len(chunks) - 1)):
            if len(chunks[left]) + len(chunks[left + 1]) <= self._size // 2:
                chunks[left] += chunks.pop(left + 1)
                return
