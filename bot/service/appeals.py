"""People who want a refusal looked at again, and the moderators who do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from bot.domain.desk import Appeal, Refused
from bot.domain.errors import NotAllowed, NotFound, UserError
from bot.domain.grounds import Told
from bot.domain.job import Job
from bot.domain.language import N_, _
from bot.domain.people import Asker, Origin
from bot.service.conduct import Conduct
from bot.service.rules import DIRECT, require_admin, require_impartial, require_review
from bot.storage.appeals import AppealRepository
from bot.storage.desk import DeskRepository
from bot.storage.jobs import JobRepository

log = logging.getLogger(__name__)

A_DAY = 3
"""Appeals of one person."""
UNKNOWN = N_("There is nothing (any more) to appeal against here; try it again, and appeal then.")
ANSWERED = N_("This appeal was answered before.")
_BEFORE = {
    "approved": N_("You appealed against this before; the moderators approved it."),
    "denied": N_("You appealed against this before; the moderators denied it."),
    None: N_("You appealed against this before, and are told of it."),
}
"""By the answer."""


class Appeals:
    """`clock` returns UTC seconds since the epoch; every method raises StoreUnavailable."""

    def __init__(
        self, appeals: AppealRepository, desks: DeskRepository, jobs: JobRepository,
        conduct: Conduct, clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._appeals = appeals
        self._desks = desks
        self._jobs = jobs
        self._conduct = conduct
        self._clock = clock
        self.tell_again = appeals.tell_again

    async def offered(self, jobs: Sequence[Job]) -> str:
        """The id by which the owner of a job, or of several that one message shows, may appeal
        against that their pictures were stopped; empty where nothing was, or nobody would hear
        it."""
        stopped = [job for job in jobs if _stopped(job)]
        if not stopped or not await self._desks.hears(stopped[0].origin.guild):
            return ""
        # A message forgets what it showed once it has ended; a job alone is known by its id.
        if len(jobs) == 1:
            return stopped[0].id
        return await self._offer(stopped, jobs[0].id, jobs[0].origin.locale)

    async def appealable(self, asker: Asker, origin: Origin, id: str) -> Appeal:
        """What the asker may appeal against. Raises NotFound, NotAllowed for somebody else's, and
        UserError for what they appealed against before."""
        appeal = await self._appeals.get(id) or await self._of_picture(asker, origin, id)
        if appeal is None or appeal.guild != origin.guild:
            raise NotFound(_(UNKNOWN))
        if appeal.user != asker.user:
            raise NotAllowed(_("Only who was refused can appeal against it."))
        if appeal.said is not None:
            raise UserError(_(_BEFORE[appeal.answer]))
        return appeal

    async def make(self, asker: Asker, origin: Origin, id: str, said: str) -> None:
        """Ask the moderators. Raises as `appealable` does, and UserError for too many."""
        appeal = await self.appealable(asker, origin, id)
        if not said.strip():
            raise UserError(_("Say in some words why it should be allowed."))
        await self._appeals.make(appeal.id, said.strip(), self._clock(), A_DAY)
        log.info("%d appeals against %s on server %d", asker.user, appeal.kind, appeal.guild)

    async def answer(self, asker: Asker, origin: Origin, id: str, approved: bool) -> Appeal:
        """What was refused is allowed, once, or lifted; or it stays refused. Raises NotAllowed for
        who is no moderator, or no admin where an admin banned, and for one's own; NotFound where it
        was answered."""
        require_review(asker, origin)
        appeal = await self._appeals.get(id)
        if appeal is None or appeal.guild != origin.guild or appeal.said is None:
            raise NotFound(_(ANSWERED))
        require_impartial(asker, appeal.user)
        if appeal.kind == "ban":
            require_admin(asker, origin.guild)
        if not await self._appeals.answer(appeal, approved, asker.user, self._clock()):
            raise NotFound(_(ANSWERED))
        self._conduct.forgotten()
        log.info("appeal %s: answered by %d", id, asker.user)
        return appeal

    async def untold(self, asker: Asker, origin: Origin) -> Sequence[Appeal]:
        """Answers that the asker does not know so far; whoever takes them tells, or says
        `tell_again`."""
        return await self._appeals.untold(asker.user, origin.guild)

    async def letter(self) -> Appeal | None:
        """An answer that is to be sent by direct message."""
        return await self._appeals.letter(self._clock())

    async def lettered(self, appeal: Appeal, again_in: float | None = None) -> None:
        """It was sent, or cannot be; or it is tried again in so many seconds."""
        again = None if again_in is None else self._clock() + again_in
        await self._appeals.lettered(appeal, again)

    async def _of_picture(self, asker: Asker, origin: Origin, id: str) -> Appeal | None:
        job = await self._jobs.get(id)
        if job is None or job.user != asker.user or not _stopped(job):
            return None
        return await self._appeals.get(await self._offer([job], id, origin.locale))

    async def _offer(self, stopped: Sequence[Job], id: str, locale: str) -> str:
        failure = stopped[0].failure
        assert failure is not None
        ground = Told(failure.sentence, failure.reference)
        texts = tuple(dict.fromkeys(str(job.request.prompt) for job in stopped))
        jobs = tuple(job.id for job in stopped)
        refused = Refused(stopped[0].account, ground, texts, locale, jobs)
        return await self._appeals.offer(refused, self._clock(), id)


def _stopped(job: Job) -> bool:
    known = job.failure is not None and job.failure.code == "blocked"
    return known and job.origin.guild != DIRECT
