"""Admins who want all of somebody's pictures on their server to be gone: to the end, whatever comes
between."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from bot.domain.errors import NotFound, StoreUnavailable
from bot.domain.job import Job
from bot.domain.language import _
from bot.domain.people import Account, Asker, Origin
from bot.service.emptying import Emptying
from bot.service.rules import require_admin
from bot.storage.purges import Count, Purge, PurgeRepository, Wish

__all__ = ["Count", "Purge", "Purging"]
log = logging.getLogger(__name__)

DAY_S = 86_400.0
AT_ONCE = 50
"""Jobs that are read together."""
AGAIN_S = 30.0
"""After trouble of the store, unless more is asked for before."""


class Purging:
    """`keep` does what was asked for, and what a crash has left. `clock` returns UTC seconds since
    the epoch."""

    def __init__(
        self, purges: PurgeRepository, emptying: Emptying, clock: Callable[[], float]
    ) -> None:
        self._purges = purges
        self._emptying = emptying
        self._clock = clock
        self._woken = asyncio.Event()
        self._ended: dict[int, asyncio.Event] = {}
        """Those whose end somebody waits for, who tells it."""
        self._telling: set[int] = set()

    async def count(self, asker: Asker, guild: int, user: int, days: int) -> Count:
        """What would go of the last `days`, of all time for 0. Raises NotAllowed for who is no
        admin, and NotFound where nothing is there."""
        count = await self._purges.count(self._wish(asker, guild, user, days))
        if not any(count):
            raise NotFound(_("There are no pictures of this member here, or none of those days."))
        return count

    async def begin(self, asker: Asker, guild: int, user: int, days: int) -> Purge:
        """It will go, with what shows the same pixels and all messages; what is under way ends free
        of charge. Raises as `count` does."""
        wish = self._wish(asker, guild, user, days)
        purge = await self._purges.begin(wish, await self.count(asker, guild, user, days))
        log.info("pictures of %d on server %d: to be deleted for %d", user, guild, asker.user)
        self._woken.set()
        return purge

    @contextlib.asynccontextmanager
    async def ending(self, purge: Purge) -> AsyncIterator[asyncio.Event]:
        """Set once it is done, for the block to tell who asked; nobody else does meanwhile."""
        ended = self._ended.setdefault(purge.id, asyncio.Event())
        try:
            with contextlib.suppress(StoreUnavailable):
                if purge.id not in {each.id for each in await self._purges.pending()}:
                    ended.set()
            yield ended
        finally:
            self._ended.pop(purge.id, None)

    @contextlib.asynccontextmanager
    async def telling(self, asker: Asker, origin: Origin) -> AsyncIterator[list[Purge]]:
        """Those that are done without that the asker knows it, for the block to tell; nothing while
        another block tells the same person."""
        if asker.user in self._telling:
            yield []
            return
        self._telling.add(asker.user)
        try:
            found = await self._purges.untold(asker.user, origin.guild)
            yield [each for each in found if each.id not in self._ended]
        finally:
            self._telling.discard(asker.user)

    async def told(self, *purges: Purge) -> None:
        """Who asked knows that they are done."""
        await self._purges.told(purges)

    async def keep(self) -> None:
        """Whatever is to be done, until cancelled."""
        while True:
            self._woken.clear()
            if await self._all():
                await self._woken.wait()
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await self._woken.wait()

    async def _all(self) -> bool:
        """Whether nothing is left."""
        try:
            return all([await self._purge(each) for each in await self._purges.pending()])
        except StoreUnavailable as error:
            log.warning("pictures that are to be deleted stay for now: %s", error)
            return False

    async def _purge(self, purge: Purge) -> bool:
        """Whether all of it is gone: one job's files that cannot be deleted hold up no other."""
        left: set[str] = set()
        while jobs := await self._purges.jobs(purge.wish, left, AT_ONCE):
            left |= {job.id for job in jobs if not await self._gone(job)}
        if left:
            return False
        await self._purges.done(purge, self._clock())
        account = purge.wish.account
        log.info("pictures of %d on server %d: deleted", account.user, account.guild)
        if purge.id in self._ended:
            self._ended[purge.id].set()
        return True

    async def _gone(self, job: Job) -> bool:
        try:
            await self._emptying.emptied(
                lambda: self._purges.copies(job),
                lambda gone: self._purges.take_down(job, gone, self._clock()),
            )
        except StoreUnavailable as error:
            if error.code != "io":
                raise
            log.warning("its pictures stay for now: %s", error)
            return False
        return True

    def _wish(self, asker: Asker, guild: int, user: int, days: int) -> Wish:
        require_admin(asker, guild)
        now = self._clock()
        since = now - days * DAY_S if days else 0.0
        return Wish(Account(guild, user), asker.user, days, since, now)
