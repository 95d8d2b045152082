"""Jobs that were asked for together: watched as one, cancelled as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from bot.dispatch.dispatcher import Dispatcher
from bot.domain.batch import BatchUpdate
from bot.domain.job import Job, JobUpdate
from bot.domain.people import Asker, Origin
from bot.service.rules import require_right_to_cancel, require_visible
from bot.storage.jobs import JobRepository
from bot.storage.outbox import OutboxRepository


class Batches:
    """Batches are named by the first of their jobs. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        jobs: JobRepository,
        outbox: OutboxRepository,
        dispatcher: Dispatcher,
        clock: Callable[[], float],
    ) -> None:
        self._jobs = jobs
        self._outbox = outbox
        self._dispatcher = dispatcher
        self._clock = clock

    async def state(self, first: str) -> BatchUpdate | None:
        """How all of them are now; None once the message that shows them has ended."""
        jobs = await self._jobs.of_batch(first)
        if not jobs:
            return None
        unposted = await self._outbox.given_up(job.id for job in jobs)
        return BatchUpdate(tuple(map(self._newest, jobs)), unposted)

    async def watch(self, first: str) -> AsyncIterator[BatchUpdate]:
        """Newest states of all; the last one is final and always arrives."""
        update = await self.state(first)
        if update is None:
            return
        yield update
        async for known in self._dispatcher.board.together.watch(first):
            update = update.brought_up(known)
            yield update
        if not update.finished and (last := await self.state(first)):
            yield last

    async def cancel(self, asker: Asker, origin: Origin, first: str) -> BatchUpdate | None:
        """Stop all that are waiting or being drawn and give their credits back; how all are then,
        None where none was left to be stopped.

        Raises NotFound, and NotAllowed for somebody else's without Manage Messages.
        """
        job = require_visible(asker, origin, await self._jobs.get(first))
        require_right_to_cancel(asker, job)
        before = await self.state(first)
        cancelled = await self._jobs.cancel_batch(first, self._clock())
        why = f"by {asker.user}"
        await asyncio.gather(*(self._dispatcher.cancel(each, why) for each in cancelled))
        if before is None or not cancelled:
            return None
        return before.brought_up({each.id: JobUpdate(each) for each in cancelled})

    async def first(self, job: Job) -> Job:
        """The job whose message shows this one."""
        if job.shown_by == job.id:
            return job
        return await self._jobs.get(job.shown_by) or job

    async def last(self, job: Job) -> bool:
        """Whether nothing is left to be drawn of what was asked for with this job."""
        if job.batch is None:
            return True
        return all(each.status.finished for each in await self._jobs.of_batch(job.batch))

    def _newest(self, job: Job) -> JobUpdate:
        cell = None if job.status.finished else self._dispatcher.board.newest(job.id)
        return cell.value if cell and cell.value else JobUpdate(job)
