"""News of the world: who wants to hear of a change subscribes here.

Knows nothing about what changed; listeners are called at once, in order, on the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class News:
    """One event: Discord's name for it, what it concerns, and where it happened.

    `subject` is a StoredMessage, an Interaction, a Channel or a plain payload, by name. A guild is
    `joined` or, after an outage, there again.
    """

    name: str
    subject: object
    channel_id: str | None = None
    guild_id: str | None = None
    user_id: str | None = None
    emoji: str | None = None
    joined: bool = False


class Bus:
    """Passes news to listeners and wakes everybody who waits for any change."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[News], None]] = []
        self._waiters: list[asyncio.Future[None]] = []

    def subscribe(self, listener: Callable[[News], None]) -> None:
        """Call `listener` for all news from now on."""
        self._listeners.append(listener)

    def publish(self, news: News) -> None:
        """Tell the listeners, then wake everybody who waits."""
        for listener in list(self._listeners):
            listener(news)
        self.touch()

    def touch(self) -> None:
        """Wake those who wait, with no news for the listeners."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, predicate: Callable[[], T], timeout: float) -> T:
        """The first truthy value of `predicate`, tried again after every change.

        Raises TimeoutError after `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            while not (value := predicate()):
                waiter = asyncio.get_running_loop().create_future()
                self._waiters.append(waiter)
                await waiter
        return value
