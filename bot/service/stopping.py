"""Ending jobs that nobody wants drawn any more but those who asked for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.dispatch.dispatcher import Dispatcher
from bot.domain.job import Job
from bot.domain.people import Account
from bot.storage.jobs import JobRepository


class Stopping:
    """`clock` returns UTC seconds since the epoch; `why` is for the log."""

    def __init__(
        self, jobs: JobRepository, dispatcher: Dispatcher, clock: Callable[[], float]
    ) -> None:  # fmt: skip
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._clock = clock

    async def stop(self, jobs: Iterable[Job], why: str) -> int:
        """Cancel those that wait or are being drawn, free of charge; returns how many."""
        count = 0
        for job in jobs:
            cancelled = await self._jobs.cancel(job.id, self._clock())
            if cancelled is not None:
                await self._dispatcher.cancel(cancelled, why)
                count += 1
        return count

    async def of_account(self, account: Account, why: str) -> int:
        """All of one account."""
        return await self.stop(await self._jobs.of_account(account), why)

    async def of_server(self, guild: int, why: str) -> int:
        """All of one server."""
        unfinished = await self._jobs.unfinished()
        return await self.stop((job for job in unfinished if job.origin.guild == guild), why)
