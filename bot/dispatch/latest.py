"""A cell that holds the newest value: readers may skip values, the last one always arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """One writer, any number of readers on one event loop. After `close` readers get the last
    value once and end."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._version = 0
        self._closed = False
        self._changed = asyncio.Event()

    @property
    def value(self) -> T | None:
        return self._value

    def set(self, value: T) -> None:
        """Replace the value and wake the readers."""
        self._value = value
        self._version += 1
        self._wake()

    def close(self) -> None:
        """No further value comes."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[T]:
        seen = 0
        while True:
            changed = self._changed
            if self._version != seen:
                seen = self._version
                assert self._value is not None
                yield self._value
            elif self._closed:
                return
            else:
                await changed.wait()
