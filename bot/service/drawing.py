"""Asking for pictures: new grids, what buttons make of them, cancelling, watching.

Knows nothing about Discord's objects or about torch. Every refusal is a `UserError` whose text is
for the user.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from bot.dispatch.dispatcher import Dispatcher
from bot.domain.action import ALL, Action, Button, Press, Tile, buttons
from bot.domain.errors import NotFound, OutOfCredits
from bot.domain.job import Job, JobStatus, JobUpdate
from bot.domain.people import Asker, Origin
from bot.domain.request import GenerationRequest
from bot.models.catalogue import Catalogue
from bot.service import requests
from bot.service.accounts import Accounts
from bot.service.rules import DIRECT, Rules, require_right_to_cancel, require_visible
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.outbox import OutboxRepository
from bot.storage.pictures import PictureRepository, StoredImage

log = logging.getLogger(__name__)

GONE = "This picture was cleared away to save space; 🔄 draws the prompt again."


class Drawings:
    """The use cases around one job. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        *,
        jobs: JobRepository,
        pictures: PictureRepository,
        outbox: OutboxRepository,
        files: ImageStore,
        dispatcher: Dispatcher,
        accounts: Accounts,
        catalogue: Catalogue,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self._jobs = jobs
        self._pictures = pictures
        self._outbox = outbox
        self._files = files
        self._dispatcher = dispatcher
        self._accounts = accounts
        self._catalogue = catalogue
        self._rules = rules
        self._clock = clock

    async def imagine(self, asker: Asker, origin: Origin, text: str) -> Job:
        """Queue a new grid. Raises InvalidPrompt, OutOfCredits, QueueFull."""
        request = requests.imagine(self._catalogue.default, text)
        return await self._submit(asker, origin, request, parent=None)

    async def act(self, asker: Asker, origin: Origin, action: Action, tile: Tile) -> Job:
        """Press a button under job `tile.job`; `tile.index` is 0 for 🔄.

        Upscale returns a finished job, the same one each time. Raises NotFound, OutOfCredits,
        QueueFull.
        """
        parent = await self._visible(origin, tile.job)
        if parent.status is not JobStatus.SUCCEEDED:
            raise NotFound("This job has no pictures yet; wait until it is done.")
        if action is Action.REROLL:
            return await self._reroll(asker, origin, parent)
        if not 1 <= tile.index <= parent.request.count:
            raise NotFound(f"This job has no picture {tile.index}.")
        if action is Action.UPSCALE:
            return await self._upscale(asker, origin, parent, tile)
        await self._kept(tile)
        request = requests.pressed(self._catalogue.default, parent.request, Press(action, tile))
        return await self._submit(asker, origin, request, parent)

    async def cancel(self, asker: Asker, origin: Origin, job_id: str) -> Job:
        """Stop a waiting or running job and give its credits back.

        Raises NotAllowed for somebody else's job without Manage Messages, NotFound when it is
        over.
        """
        job = await self._visible(origin, job_id)
        require_right_to_cancel(asker, job)
        cancelled = await self._jobs.cancel(job_id, self._clock())
        if cancelled is None:
            raise NotFound("This job is over already, so there is nothing to cancel.")
        log.info("job %s: cancelled by %d", job_id, asker.user)
        await self._dispatcher.cancel(cancelled)
        return cancelled

    async def withdraw(self, job: Job) -> None:
        """Nobody waits for this job, and nothing of it is shown: stop it, free of charge."""
        cancelled = await self._jobs.cancel(job.id, self._clock(), shown=False)
        if cancelled is not None:
            await self._dispatcher.cancel(cancelled)

    async def job(self, job_id: str) -> Job | None:
        """The job as the database has it; None when there is no such job."""
        return await self._jobs.get(job_id)

    async def used(self, job_id: str) -> set[tuple[Action, int]]:
        """Buttons under the job that were pressed with success: (action, tile; 0 for 🔄)."""
        return await self._jobs.used(job_id)

    async def buttons(self, job: Job) -> list[Button]:
        """The buttons under a finished job's pictures; those that led to a job are used."""
        used = await self._jobs.used(job.id)
        card = self._catalogue.default
        able = functools.partial(requests.able, card)
        return buttons(job.id, job.request.count, used, able)

    async def watch(self, job_id: str) -> AsyncIterator[JobUpdate]:
        """Newest states of a job; the last one is final and always arrives."""
        last: JobUpdate | None = None
        async for update in self._dispatcher.watch(job_id):
            last = update
            yield update
        if last is None or not last.job.status.finished:
            job = await self._jobs.get(job_id)
            if job is not None:
                yield JobUpdate(job, fraction=float(job.status.finished))

    def newest(self, job: Job) -> JobUpdate | None:
        """The newest state of an unfinished job without waiting."""
        cell = self._dispatcher.newest(job.id)
        return cell.value if cell else None

    async def resume(self) -> int:
        """Once after a start: unfinished jobs wait again, in order; returns how many."""
        await self._jobs.requeue_running()
        unfinished = await self._jobs.unfinished()
        self._dispatcher.restore(unfinished)
        return len(unfinished)

    async def unfinished(self) -> list[Job]:
        """Waiting and running jobs, oldest first."""
        return await self._jobs.unfinished()

    async def _reroll(self, asker: Asker, origin: Origin, parent: Job) -> Job:
        press = Press(Action.REROLL, parent.tile(ALL))
        request = requests.pressed(self._catalogue.default, parent.request, press)
        if request.source is not None and await self._stored(request.source) is None:
            request = request.afresh()
        return await self._submit(asker, origin, request, parent)

    async def _upscale(self, asker: Asker, origin: Origin, parent: Job, tile: Tile) -> Job:
        earlier = await self._jobs.upscale_of(tile)
        if earlier is None:
            return await self._extract(asker, origin, parent, tile)
        await self._outbox.take_up(earlier.id)
        return earlier

    async def _submit(
        self, asker: Asker, origin: Origin, request: GenerationRequest, parent: Job | None
    ) -> Job:
        quota = await self._accounts.quota_of(origin.guild, asker.user, asker.roles)
        if origin.guild == DIRECT and quota.credits == 0:
            raise OutOfCredits("Drawing in direct messages is switched off; ask on a server.")
        job = Job(
            id=uuid.uuid4().hex,
            origin=origin,
            user=asker.user,
            request=request,
            status=JobStatus.WAITING,
            cost=request.cost,
            created_at=self._clock(),
            parent=parent.id if parent else None,
            running_limit=quota.running,
        )
        await self._jobs.submit(job, quota, self._rules.queue_limit)
        log.info("job %s: %s by %d", job.id, request.action.value, asker.user)
        self._dispatcher.add(job)
        return job

    async def _extract(self, asker: Asker, origin: Origin, parent: Job, tile: Tile) -> Job:
        image = await self._kept(tile)
        now = self._clock()
        job = Job(
            id=uuid.uuid4().hex,
            origin=origin,
            user=asker.user,
            request=parent.request.upscale(tile),
            status=JobStatus.SUCCEEDED,
            cost=0,
            created_at=now,
            finished_at=now,
            parent=parent.id,
        )
        try:
            await self._files.link(tile, job.tile(1))
        except FileNotFoundError:
            raise NotFound(GONE) from None
        extracted = await self._jobs.extract(job, replace(image, index=1))
        if extracted.id != job.id:
            await self._files.delete([job.tile(1)])
        return extracted

    async def _visible(self, origin: Origin, job_id: str) -> Job:
        return require_visible(await self._jobs.get(job_id), origin)

    async def _kept(self, tile: Tile) -> StoredImage:
        image = await self._stored(tile)
        if image is None:
            raise NotFound(GONE)
        return image

    async def _stored(self, tile: Tile) -> StoredImage | None:
        image = (await self._pictures.of_job(tile.job)).get(tile.index)
        return None if image is None or image.evicted else image
