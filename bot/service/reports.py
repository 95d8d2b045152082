"""Pictures that people report to the moderators of their server, and what these make of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.dispatch.dispatcher import Dispatcher
from bot.domain.errors import NotAllowed, NotFound
from bot.domain.job import Job, JobStatus
from bot.domain.language import N_, _
from bot.domain.people import Asker, Origin
from bot.service.emptying import Emptying
from bot.service.rules import DIRECT, require_impartial, require_review, require_visible
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.reports import Report, ReportRepository

log = logging.getLogger(__name__)

A_DAY = 10
"""Reports of one person."""
ANSWERED = N_("This report was answered before.")


class Reports:
    """`clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        reports: ReportRepository,
        jobs: JobRepository,
        files: ImageStore,
        dispatcher: Dispatcher,
        clock: Callable[[], float],
    ) -> None:
        self._reports = reports
        self._jobs = jobs
        self._emptying = Emptying(jobs, files, dispatcher, clock)
        self._clock = clock

    async def reportable(self, asker: Asker, origin: Origin, job_id: str) -> Job:
        """A result that the asker may report. Raises NotFound for what they do not see there,
        NotAllowed where nobody moderates and for their own, UserError for a second time."""
        job = require_visible(asker, origin, await self._jobs.get(job_id))
        if origin.guild == DIRECT:
            raise NotAllowed(_("Reports go to the moderators of a server; there are none here."))
        if job.user == asker.user:
            raise NotAllowed(_("This is your own; react with ❌ to delete it."))
        if job.status is not JobStatus.SUCCEEDED:
            raise NotFound(_("This job has no pictures; there is nothing to report."))
        await self._reports.require_new(job, asker.user)
        return job

    async def add(self, asker: Asker, origin: Origin, job_id: str, reason: str) -> None:
        """Tell the moderators. Raises what `reportable` does, and UserError for too many."""
        job = await self.reportable(asker, origin, job_id)
        await self._reports.add(job, asker.user, reason.strip(), self._clock(), A_DAY)
        log.info("job %s: reported by %d", job.id, asker.user)

    async def open(self, asker: Asker, origin: Origin) -> list[Report]:
        """What waits for an answer on this server. Raises NotAllowed for who is no moderator."""
        require_review(asker, origin)
        return await self._reports.open(origin.guild)

    async def dismiss(self, asker: Asker, origin: Origin, job_id: str) -> None:
        """It stays. Raises NotAllowed, for their own picture too, and NotFound where it was
        answered."""
        job = await self._reviewed(asker, origin, job_id)
        require_impartial(asker, job.user)
        if not await self._reports.dismiss(job, asker.user, self._clock()):
            raise NotFound(_(ANSWERED))
        log.info("job %s: reports dismissed by %d", job.id, asker.user)

    async def delete(self, asker: Asker, origin: Origin, job_id: str) -> None:
        """Its pictures and messages go, and what was taken out of it or drawn around it; what is
        still being drawn so ends free of charge. Raises as `dismiss` does, and StoreUnavailable."""
        job = await self._reviewed(asker, origin, job_id)
        done = await self._emptying.emptied(
            lambda: self._reports.copies(job),
            lambda gone: self._reports.take_down(job, gone, asker.user, self._clock()),
        )
        if not done:
            raise NotFound(_(ANSWERED))
        log.info("job %s: deleted after reports by %d", job.id, asker.user)

    async def _reviewed(self, asker: Asker, origin: Origin, job_id: str) -> Job:
        require_review(asker, origin)
        job = await self._jobs.get(job_id)
        if job is None or job.origin.guild != origin.guild:
            raise NotFound(_(ANSWERED))
        return job
