"""What a server's admins see of it and do with what is under way.

Every method that takes an asker raises NotAllowed for who is no admin, and leaves an entry in the
audit trail otherwise.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.dispatch.dispatcher import Dispatcher
from bot.domain.errors import NotFound, UserError
from bot.domain.job import Job
from bot.domain.language import _
from bot.domain.overview import PERIODS, Overview, Span
from bot.domain.people import Asker
from bot.models.catalogue import Catalogue
from bot.service.errand import Errands
from bot.service.levers import Levers
from bot.service.rules import require_admin
from bot.storage.audit import AuditRepository
from bot.storage.jobs import JobRepository
from bot.storage.overview import OverviewRepository
from bot.storage.switches import Deed

PATIENCE_S = 60.0
AT_ONCE = 8
"""Jobs of a page."""


@dataclass(frozen=True)
class Unfinished:
    """Some of a server's waiting and running jobs, oldest first, from the one numbered `first`
    (from 0); there are `count` in all."""

    jobs: Sequence[Job]
    first: int
    count: int


class Overviews:
    """The use cases of admins. `clock` returns UTC seconds since the epoch; in `folder` the process
    that draws charts keeps what it finds out about fonts."""

    def __init__(
        self,
        *,
        overviews: OverviewRepository,
        jobs: JobRepository,
        audit: AuditRepository,
        levers: Levers,
        dispatcher: Dispatcher,
        catalogue: Catalogue,
        errands: Errands,
        folder: Path,
        clock: Callable[[], float],
    ) -> None:
        self._overviews = overviews
        self._jobs = jobs
        self._audit = audit
        self._levers = levers
        self._dispatcher = dispatcher
        self._catalogue = catalogue
        self._errands = errands
        self._folder = folder
        self._clock = clock
        self._turn = asyncio.Lock()

    async def overview(self, asker: Asker, guild: int, days: int) -> Overview:
        """The numbers of the last days, today's among them."""
        require_admin(asker, guild)
        if days not in PERIODS:
            *some, last = map(str, PERIODS)
            raise UserError(
                _("An overview covers {some} or {last} days.", some=", ".join(some), last=last)
            )
        now = self._clock()
        await self._audit.write(guild, asker.user, "admin overview", {"days": days}, now)
        return await self._overviews.read(guild, Span.until(now, days))

    async def charts(self, orders: Sequence[Mapping[str, Any]]) -> list[bytes]:
        """The PNGs of what `bot.worker.chart` is ordered to draw, for one after another. Raises
        StoreUnavailable."""
        order = {"charts": orders, "cache": str(self._folder)}
        async with self._turn:
            told = await self._errands.run("bot.worker.chart", order, PATIENCE_S)
        return [base64.b64decode(each) for each in told["pictures"]]

    def model_name(self, model: str) -> str:
        """A model as people know it."""
        card = self._catalogue.card(model)
        return card.name if card else Path(model).name

    async def pause(self, asker: Asker, guild: int, on: bool) -> int:
        """Let what this server asks for wait, or go on. Returns how many jobs wait; raises
        UserError where it is so."""
        require_admin(asker, guild)
        deed = Deed(asker.user, guild, "admin pause" if on else "admin resume")
        if not await self._levers.pause(guild, on, deed, self._clock()):
            if on:
                raise UserError(_("Drawing is paused here already; `/admin resume` goes on."))
            raise UserError(_("Drawing is not paused here; `/admin pause` would do that."))
        return len(self._dispatcher.aside.of(guild))

    def paused(self, guild: int) -> bool:
        """Whether a server's drawings wait."""
        return self._levers.paused(guild)

    async def unfinished(self, asker: Asker, guild: int, first: int = 0) -> Unfinished:
        """A page of what waits or is drawn, or the last one if there are fewer."""
        require_admin(asker, guild)
        await self._audit.write(guild, asker.user, "admin jobs", {}, self._clock())
        jobs, count = await self._overviews.unfinished(guild, AT_ONCE, first)
        if not jobs and count:
            first = (count - 1) // AT_ONCE * AT_ONCE
            jobs, count = await self._overviews.unfinished(guild, AT_ONCE, first)
        return Unfinished(jobs, first if count else 0, count)

    async def cancel(self, asker: Asker, guild: int, job_id: str) -> Job | None:
        """Stop somebody's job, free of charge; None where it had ended. Raises NotFound for another
        server's, and for what its owner alone may see."""
        require_admin(asker, guild)
        job = await self._jobs.get(job_id)
        if job is None or job.origin.guild != guild or job.hidden:
            raise NotFound(_("I do not know this job here; it may be another server's."))
        cancelled = await self._jobs.cancel(job_id, self._clock())
        if cancelled is None:
            return None
        detail = {"user": job.user, "job": job_id}
        await self._audit.write(guild, asker.user, "admin cancel", detail, self._clock())
        await self._dispatcher.cancel(cancelled, f"by {asker.user}")
        return cancelled
