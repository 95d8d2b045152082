"""Single pictures, taken out of their grids.

Nothing is drawn or charged for one. It is shown, though, and perhaps elsewhere than its grid, so
that what holds there for words and pictures holds for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.dispatch.outcome import SENTENCES, Blocked
from bot.domain.action import Press, Tile
from bot.domain.delivery import Delivery
from bot.domain.errors import NotAllowed, NotFound, StoreUnavailable
from bot.domain.job import Job, JobStatus
from bot.domain.language import _
from bot.domain.news import Accepted, Ended, Tell
from bot.domain.people import Asker, Origin
from bot.domain.safety import Withheld
from bot.service.admission import Admission
from bot.service.holding import GOING
from bot.service.plan import Plan
from bot.service.planning import Planner
from bot.service.screening import Screening
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.outbox import OutboxRepository
from bot.storage.pictures import StoredImage


@dataclass(frozen=True)
class Single:
    """A picture taken out of the grid `parent`, and where it was posted before, None where it is to
    be posted now."""

    job: Job
    parent: Job
    already_at: Delivery | None = None


class Singles:
    """One method is one press of a U. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        *,
        jobs: JobRepository,
        planner: Planner,
        outbox: OutboxRepository,
        files: ImageStore,
        admission: Admission,
        screening: Screening,
        clock: Callable[[], float],
        tell: Tell,
    ) -> None:
        self._jobs = jobs
        self._planner = planner
        self._outbox = outbox
        self._files = files
        self._admission = admission
        self._screening = screening
        self._clock = clock
        self._tell = tell

    async def take(self, asker: Asker, origin: Origin, press: Press) -> Single:
        """One picture taken out of its grid: the same finished job whoever presses.

        Raises NotFound, also for one that moderators deleted, NotAllowed for who may not have
        anything drawn there and for a picture that is not shown there, and BlockedWords for one
        that was drawn by such words.
        """
        await self._admission.require_welcome(asker, origin)
        parent = await self._planner.parent(asker, origin, press)
        await self._admission.require_showable(asker, origin, parent.request)
        earlier = await self._jobs.upscale_of(press.tile)
        if earlier is None:
            plan = await self._planner.under(parent, asker, origin, press)
            return Single(await self._extracted(plan, press.tile), parent)
        await self._planner.require_not_taken_down(earlier)
        delivery = await self._outbox.take_up(earlier.id)
        return Single(earlier, parent, delivery if delivery and delivery.message else None)

    async def _extracted(self, plan: Plan, tile: Tile) -> Job:
        now = self._clock()
        image = await self._rated(await self._planner.stored(tile), tile, plan.origin)
        (job,) = plan.jobs(now, JobStatus.SUCCEEDED)
        job = replace(job, finished_at=now, engine=plan.parent.engine if plan.parent else "")
        try:
            one_file = await self._files.link(tile, job.tile(1))
            linked = (image.linked or tile) if one_file else None
            own = replace(image, index=1, linked=linked)
            extracted = await self._jobs.extract(job, own, self._screening.stance)
        except FileNotFoundError:
            raise NotFound(_(GOING)) from None
        except (StoreUnavailable, Withheld) as error:
            await self._files.delete([job.tile(1)])
            if isinstance(error, Withheld):
                raise NotAllowed(_(SENTENCES[Blocked(error.verdict).code])) from None
            raise
        if extracted is None or extracted.id != job.id:
            await self._files.delete([job.tile(1)])
        if extracted is None:  # it was deleted, or cleared away, in between
            raise NotFound(_(GOING))
        if extracted.id == job.id:
            self._tell(Accepted(job))
            self._tell(Ended(job))
        return extracted

    async def _rated(self, image: StoredImage, tile: Tile, origin: Origin) -> StoredImage:
        """With what the check says of a picture that was drawn before there was one."""
        if image.score is not None or not (data := await self._files.read(tile)):
            return image
        return replace(image, score=await self._screening.score(data, origin))
