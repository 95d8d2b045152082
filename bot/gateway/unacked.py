"""Events of a session that the core has not said to have taken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

MOST_BYTES = 32 * 1024 * 1024
"""Of one shard. More is left with Discord, which keeps it, too."""


class Unacked:
    """In order, by sequence numbers. `room` is set while there is some."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.room = asyncio.Event()
        self.room.set()
        self._most = most_bytes
        self._bytes = 0
        self._events: deque[tuple[int, str, bytes]] = deque()

    def __len__(self) -> int:
        return len(self._events)

    def add(self, seq: int, name: str, text: bytes) -> None:
        """One more."""
        self._events.append((seq, name, text))
        self._bytes += len(text)
        if self._bytes > self._most:
            self.room.clear()

    def ack(self, seq: int) -> None:
        """The core has taken everything up to this one."""
        while self._events and self._events[0][0] <= seq:
            self._bytes -= len(self._events.popleft()[2])
        if self._bytes <= self._most:
            self.room.set()

    def drop(self, seq: int) -> None:
        """The core has taken this one."""
        self._keep([each for each in self._events if each[0] != seq])

    def keep(self, wanted: Callable[[str], bool]) -> None:
        """Only those of such names are wanted."""
        self._keep([each for each in self._events if wanted(each[1])])

    def _keep(self, events: list[tuple[int, str, bytes]]) -> None:
        self.clear()
        for each in events:
            self.add(*each)

    def clear(self) -> None:
        """Nothing of it is wanted any more."""
        self._events.clear()
        self._bytes = 0
        self.room.set()

    def all(self) -> list[tuple[int, str, bytes]]:
        """(number, name, text) of each, oldest first."""
        return list(self._events)
