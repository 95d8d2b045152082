"""Animating one progress message: which of the newest values is shown, and when."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from bot.chat.notice import Notice
from bot.domain.batch import Progress

# Places in line for which a waiting message is refreshed at every second pause; the message of the
# 160th is refreshed a tenth as often, so that a crowd that waits does not hold up those who are
# drawn. A place changes more slowly than a picture grows.
_NEAR = 8
_WAITING = 2
_RARELY_S = 30.0


def rest(pause: float, update: Progress) -> float:
    """Seconds between the edit before and the one that shows `update`."""
    if update.position is None:
        return pause
    return max(_WAITING * pause, min(_RARELY_S, pause * update.position / _NEAR))


class Animation:
    """Edits one notice with the newest value, at most once every `pause` seconds."""

    def __init__(self, notice: Notice, pause: float) -> None:
        self._notice = notice
        self._pause = pause
        self._newest: Progress | None = None
        self._shown: Progress | None = None
        self._over = False
        self._changed = asyncio.Event()

    async def follow(self, updates: AsyncIterator[Progress]) -> None:
        """Take every value up to the last, which is for others to show."""
        async for update in updates:
            if update.finished:
                break
            before, self._newest = self._newest, update
            if before is self._shown or before is None or self._rest(update) < self._rest(before):
                self._changed.set()
        self._over = True
        self._changed.set()

    async def run(self) -> None:
        """Edit until the last value has come, or no edit is of use any more."""
        last = asyncio.get_running_loop().time()
        while True:
            await self._changed.wait()
            await self._until_due(last)
            self._changed.clear()
            if self._over or self._newest is None:
                return
            self._shown = self._newest
            if not await self._notice.show(self._shown):
                return
            last = asyncio.get_running_loop().time()

    async def _until_due(self, last: float) -> None:
        """The newest value may become another meanwhile, and with it the time."""
        while not self._over and self._newest is not None:
            left = last + self._rest(self._newest) - asyncio.get_running_loop().time()
            if left <= 0:
                return
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._changed.wait()

    def _rest(self, update: Progress) -> float:
        return max(rest(self._pause, update), self._notice.least_pause)
