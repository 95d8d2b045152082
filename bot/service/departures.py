"""Servers that the bot was removed from: what they leave behind is deleted after a while.

That Discord cannot reach a server for now is no departure; who knows the difference is the caller.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from bot.service.erasing import Erasing
from bot.storage.departures import DepartureRepository

log = logging.getLogger(__name__)


class Departures:
    """`keep_s` is how long things stay after a departure, 0 for ever. `clock` returns UTC seconds
    since the epoch."""

    def __init__(
        self,
        departures: DepartureRepository,
        erasing: Erasing,
        keep_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._departures = departures
        self._erasing = erasing
        self._keep_s = keep_s
        self._clock = clock
        self._seen = False
        # Who comes or goes while the servers are looked through is written down after that.
        self._turn = asyncio.Lock()

    async def left(self, guild: int) -> None:
        """The bot was removed from a server."""
        log.info("the bot was removed from server %d", guild)
        async with self._turn:
            await self._departures.left(guild, self._clock())

    async def back(self, guild: int) -> None:
        """It is there (again): nothing is lost that is there still."""
        async with self._turn:
            await self._departures.back(guild)

    async def reconcile(self, present: Collection[int]) -> None:
        """The bot is on these servers, reachable or not: what happened while it was away."""
        async with self._turn:
            new = await self._departures.reconcile(present, self._clock())
        if new > 0:
            log.info("the bot is not on %d servers any more of which something is kept", new)
        self._seen = True
        await self.housekeeping()

    async def housekeeping(self) -> None:
        """What was left for long enough is deleted; nothing before it is known where the bot is."""
        if not self._seen or not self._keep_s:
            return
        for erasure in await self._departures.before(self._clock() - self._keep_s):
            await self._erasing.begin(erasure)
