"""Asking for pictures: new grids, what buttons make of them, cancelling, watching.

Knows nothing about Discord's objects or about torch. Every refusal is a `UserError` whose text is
for the user.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from bot.dispatch.dispatcher import Dispatcher
from bot.dispatch.outcome import TAKEN_AWAY
from bot.domain.action import Press
from bot.domain.buttons import Button, buttons, remedies
from bot.domain.errors import NotAllowed, OutOfCredits, Unable, new_reference
from bot.domain.job import Failure, Job, JobStatus, JobUpdate
from bot.domain.news import Accepted, Ended, Tell
from bot.domain.people import Asker, Origin
from bot.service import remixing, requests
from bot.service.admission import Admission
from bot.service.plan import Plan
from bot.service.planning import NOTHING, Planner
from bot.service.proposals import Proposals
from bot.service.references import Attached
from bot.service.rules import Rules, require_right_to_cancel, require_visible
from bot.service.terms import Terms
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What came of a typed prompt: a `job` that is queued, or None and the id of a `proposal`."""

    plan: Plan
    job: Job | None
    proposal: str = ""


@dataclass(frozen=True)
class Stopped:
    """A job that was to be cancelled, as it is now. `now` is False when it was over already."""

    job: Job
    now: bool


class Drawings:
    """The use cases around one job. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        *,
        jobs: JobRepository,
        planner: Planner,
        proposals: Proposals,
        files: ImageStore,
        terms: Terms,
        dispatcher: Dispatcher,
        rules: Rules,
        admission: Admission,
        clock: Callable[[], float],
        tell: Tell,
    ) -> None:
        self._terms = terms
        self._jobs = jobs
        self._planner = planner
        self._proposals = proposals
        self._files = files
        self._dispatcher = dispatcher
        self._board = dispatcher.board
        self._rules = rules
        self._admission = admission
        self._clock = clock
        self._tell = tell

    async def plan(
        self, asker: Asker, origin: Origin, asked: str | Press, model: str | None = None,
        attached: Attached = NOTHING,
    ) -> Plan:  # fmt: skip
        """What a typed prompt or a pressed button comes to; nothing is stored. Raises what
        `Planner.plan` and `Terms.applied` do."""
        plan = await self._planner.plan(asker, origin, asked, model, attached)
        return await self._terms.applied(plan)

    async def submit(self, plan: Plan, proposal: str = "") -> list[Job]:
        """Queue everything that is planned, or nothing, as the answer to a `proposal` if one is
        named. Raises OutOfCredits, QueueFull, NotFound for one that was answered before, and what
        `Admission.admit` does."""
        claim = await self._admission.admit(plan)
        began, planned = time.perf_counter(), plan.jobs(self._clock(), JobStatus.WAITING)
        jobs = await self._jobs.submit(planned, claim, self._rules.queue_limit, proposal)
        await self._require_still_tolerated(plan, jobs)
        for job in jobs:
            self._tell(Accepted(job, time.perf_counter() - began))
            self._dispatcher.add(self._board.open(job))
        return jobs

    async def _require_still_tolerated(self, plan: Plan, jobs: list[Job]) -> None:
        """A ban or a block that came while these were being stored did not find them."""
        try:
            await self._admission.require_tolerated(plan.asker, plan.origin)
        except NotAllowed:
            for job in jobs:
                await self._jobs.cancel(job.id, self._clock(), shown=False)
            raise

    async def imagine(
        self, asker: Asker, origin: Origin, asked: str | Press, attached: Attached = NOTHING
    ) -> Asked:
        """One grid of a text, or of a press with one, is queued at the price of one; of more
        nothing is stored but a proposal. Raises what `plan` and `submit` do."""
        return await self.take(await self._planner.plan(asker, origin, asked, None, attached))

    async def take(self, planned: Plan) -> Asked:
        """Queue one grid at the price of one; of more store nothing but a proposal. Raises what
        `Terms.applied` and `submit` do."""
        plan = await self._terms.applied(planned)
        try:
            return await self._taken(plan)
        except OutOfCredits:  # another of theirs was quicker, and the terms may be others now
            again = await self._terms.applied(planned)
            if again == plan:
                raise
            return await self._taken(again)

    async def _taken(self, plan: Plan) -> Asked:
        if plan.large:
            return Asked(plan, None, await self._proposals.propose(plan))
        (job,) = await self.submit(plan)
        return Asked(plan, job)

    async def accept(self, asker: Asker, origin: Origin, id: str) -> list[Job]:
        """Queue all of a proposal, or nothing. Raises what `Proposals.open` and `submit` do, and
        NotFound or NotAllowed where its model, or what it is drawn from, is gone or closed by
        now, or who accepts may not draw so any more."""
        proposal = await self._proposals.open(asker, origin, id)
        for request in proposal.requests:
            self._planner.require_drawable(asker, origin, request)
        parent = None
        if proposal.parent:
            parent = require_visible(asker, origin, await self.job(proposal.parent))
        # It is posted where it was asked for, under the rules of where it is agreed to.
        there = replace(
            proposal.origin, parent_channel=origin.parent_channel,
            age_restricted=origin.age_restricted, locale=origin.locale,
        )  # fmt: skip
        plan = Plan(
            asker, there, proposal.requests, proposal.prices, parent=parent, waived=proposal.waived
        )
        await self._terms.require_still(plan)
        return await self.submit(plan, proposal.id)

    async def ask(
        self, asker: Asker, origin: Origin, asked: str | Press, model: str | None = None,
        attached: Attached = NOTHING,
    ) -> tuple[Plan, Job]:  # fmt: skip
        """Plan and submit one grid, for who knows its price. Raises as they do."""
        plan = await self.plan(asker, origin, asked, model, attached)
        (job,) = await self.submit(plan)
        return plan, job

    async def offered(self, asker: Asker, origin: Origin, press: Press) -> tuple[Job, str]:
        """The job under which something was pressed, and its prompt as the asker may change it.
        Raises NotFound."""
        parent = await self._planner.parent(asker, origin, press)
        return parent, str(remixing.offered(parent, asker))

    async def cancel(self, asker: Asker, origin: Origin, job_id: str) -> Stopped:
        """Stop a waiting or running job and give its credits back.

        Raises NotFound, and NotAllowed for somebody else's job without Manage Messages.
        """
        job = require_visible(asker, origin, await self._jobs.get(job_id))
        require_right_to_cancel(asker, job)
        cancelled = await self._jobs.cancel(job_id, self._clock())
        if cancelled is None:
            return Stopped(await self._jobs.get(job_id) or job, now=False)
        await self._dispatcher.cancel(cancelled, f"by {asker.user}")
        return Stopped(cancelled, now=True)

    async def forsake(self, model: str, name: str) -> None:
        """Nothing draws with this model any more: what waits for it fails, free of charge."""
        for id in self._dispatcher.waiting_for(model):
            failure = Failure(TAKEN_AWAY, new_reference(), code="model_missing")
            failed = await self._jobs.refuse(id, failure, self._clock())
            if failed is not None:
                await self._dispatcher.cancel(failed, f"the model {name} was taken away")

    async def withdraw(self, job: Job) -> bool:
        """Nobody waits for this job, and nothing is shown: stop it, free. False if it was over."""
        cancelled = await self._jobs.cancel(job.id, self._clock(), shown=False)
        if cancelled is not None:
            await self._dispatcher.cancel(cancelled, "nobody waits for it")
        return cancelled is not None

    async def job(self, job_id: str) -> Job | None:
        """The job as the database has it; None when there is no such job."""
        return await self._jobs.get(job_id)

    async def buttons(self, job: Job, pressed: bool = True) -> list[Button]:
        """The buttons under a finished job's pictures, or its failure; those that led to a job are
        used, unless nobody can have `pressed` one yet."""
        if job.failure and not job.failure.smaller:
            return []
        used = await self._jobs.used(job.id) if pressed else frozenset()
        if job.failure and job.failure.smaller:
            return remedies(job.id, job.failure.smaller, used)
        able = functools.partial(requests.offered, self._planner.card_of(job), job.request)
        return buttons(job.id, job.request.count, used, able)

    async def watch(self, job_id: str) -> AsyncIterator[JobUpdate]:
        """Newest states of a job; the last one is final and always arrives."""
        last: JobUpdate | None = None
        async for update in self._board.watch(job_id):
            last = update
            yield update
        if last is None or not last.job.status.finished:
            job = await self._jobs.get(job_id)
            if job is not None:
                yield JobUpdate(job, fraction=float(job.status.finished))

    def newest(self, job: Job) -> JobUpdate | None:
        """The newest state of an unfinished job without waiting."""
        cell = self._board.newest(job.id)
        return cell.value if cell else None

    async def resume(self) -> int:
        """Once after a start: unfinished jobs wait again, in order; returns how many.

        What cannot be read any more, or drawn by any model that is served, fails free of charge.
        """
        await self._jobs.requeue_running()
        unfinished = await self._jobs.unfinished()
        resumed = [job for each in unfinished if (job := await self._resumed(each))]
        for job in resumed:
            self._tell(Accepted(job, again=True))
        await self._dispatcher.restore(map(self._board.open, resumed))
        return len(resumed)

    async def unfinished(self) -> list[Job]:
        """Waiting and running jobs, oldest first."""
        return await self._jobs.unfinished()

    async def _resumed(self, job: Job) -> Job | None:
        try:
            request = self._planner.resumed(job.request)
        except Unable as cannot:
            failure = Failure(str(cannot), new_reference(), code="unreadable")
            why = dict(job.request.extra).get("unreadable", cannot)
            failed = await self._jobs.refuse(job.id, failure, self._clock())
            self._tell(Ended(failed or job, why=str(why)))
            return None
        if request is job.request:
            return job
        log.info("job %s: %s is gone, so %s draws it", job.id, job.request.model, request.model)
        moved = replace(job, request=request)
        await self._jobs.retarget(moved)
        await self._files.delete(job.tile(number) for number in range(1, job.request.count + 1))
        return moved
