"""Forgetting people who want it, and servers that were left: to the end, whatever comes between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence

from bot.dispatch.dispatcher import Dispatcher
from bot.domain.erasure import Doomed, Erasure
from bot.domain.errors import StoreUnavailable
from bot.domain.people import Asker
from bot.domain.preferences import Preferences
from bot.service.conduct import Conduct
from bot.service.preferences import Habits
from bot.service.rulebook import Rulebook
from bot.storage.blobs import Blobs
from bot.storage.erasures import ErasureRepository, Held
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository

log = logging.getLogger(__name__)

AT_ONCE = 100
"""Jobs of one transaction; others come between."""
AGAIN_S = 30.0
"""After trouble of the store."""


class Erasing:
    """`keep` does what was asked for, and what a crash has left. `clock` returns UTC seconds since
    the epoch."""

    def __init__(
        self,
        *,
        erasures: ErasureRepository,
        jobs: JobRepository,
        files: ImageStore,
        blobs: Blobs,
        dispatcher: Dispatcher,
        habits: Habits,
        rulebook: Rulebook,
        conduct: Conduct,
        clock: Callable[[], float],
    ) -> None:
        self._erasures = erasures
        self._jobs = jobs
        self._files = files
        self._blobs = blobs
        self._dispatcher = dispatcher
        self._habits = habits
        self._rulebook = rulebook
        self._conduct = conduct
        self._clock = clock
        self._woken = asyncio.Event()

    async def held(self, asker: Asker) -> Held:
        """What would be deleted, in numbers."""
        return await self._erasures.held(asker.user)

    async def forget(self, asker: Asker) -> None:
        """Everything of the asker's on all servers goes, and nothing stops that any more: what is
        waiting or being drawn ends free of charge now, the rest follows behind."""
        erasure = Erasure("user", asker.user, self._clock())
        await self.begin(erasure)
        self._habits.changed(asker.user, Preferences())
        await self._stop(await self._erasures.doomed(erasure))

    async def begin(self, erasure: Erasure) -> None:
        """It will be done."""
        await self._erasures.begin(erasure)
        self._conduct.forgotten()
        if erasure.scope == "server":
            self._habits.left(erasure.owner)
            self._rulebook.changed(erasure.owner)
        log.info("everything of %s %d is to be deleted", erasure.scope, erasure.owner)
        self._woken.set()

    async def keep(self) -> None:
        """Whatever is to be done, until cancelled."""
        while True:
            self._woken.clear()
            try:
                for erasure in await self._erasures.pending():
                    await self._erase(erasure)
            except (StoreUnavailable, OSError) as error:
                log.warning("what is to be deleted stays for now: %s", error)
                await asyncio.sleep(AGAIN_S)
            else:
                await self._woken.wait()

    async def _erase(self, erasure: Erasure) -> None:
        doomed = await self._erasures.doomed(erasure)
        await self._stop(doomed)
        alone = await self._erasures.uploads(erasure)
        # Words that others took over are known by those that they came from, so these go last.
        for some in _parts(doomed.reworded):
            await self._erasures.reword(some)
            for job in some:
                await self._files.uploads.delete(job)
        for some in _parts(doomed.jobs):
            await self._empty(erasure, some)
        await self._blobs.forget(erasure, alone)
        await self._erasures.done(erasure)
        log.info(
            "%s %d: %d jobs were emptied and %d reworded",
            erasure.scope, erasure.owner, len(doomed.jobs), len(doomed.reworded),
        )  # fmt: skip

    async def _empty(self, erasure: Erasure, jobs: Sequence[str]) -> None:
        for job in jobs:
            self._files.uploads.forget(job)
        await self._files.delete_jobs(jobs)
        # Messages on a server that the bot is not on are out of its reach, people's own are not.
        await self._erasures.blank(jobs, direct=erasure.scope == "server")
        # What was being taken out of a grid, or drawn, may have come in between.
        await self._files.delete_jobs(jobs)

    async def _stop(self, doomed: Doomed) -> None:
        """What is offered, waiting or being drawn; first it loses the words that its end would
        show."""
        if doomed.offers:
            await self._erasures.withdraw(doomed.offers)
        if not doomed.unfinished:
            return
        await self._erasures.reword(sorted({*doomed.unfinished} & {*doomed.reworded}))
        await self._erasures.hide(sorted({*doomed.unfinished} & {*doomed.jobs}))
        for each in doomed.unfinished:
            cancelled = await self._jobs.cancel(each, self._clock())
            if cancelled is not None:
                await self._dispatcher.cancel(cancelled, "what it shows is to be deleted")


def _parts(jobs: Sequence[str]) -> Iterator[Sequence[str]]:
    return (jobs[at : at + AT_ONCE] for at in range(0, len(jobs), AT_ONCE))
