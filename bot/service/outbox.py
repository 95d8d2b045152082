"""What is to be shown in channels, as the chat side needs it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterable

from bot.domain.delivery import Delivery, GivenUp, Kind
from bot.domain.job import Job
from bot.domain.people import Asker, Origin
from bot.service.preferences import Habits
from bot.service.rules import may_look, require_right_to_repost
from bot.storage.copies import CopyRepository
from bot.storage.outbox import OutboxRepository
from bot.storage.shown import ShownRepository
from bot.storage.untold import UntoldRepository

log = logging.getLogger(__name__)

# Discord remembers nonces for a few minutes; past this the channel is searched instead.
NONCE_LIVES_S = 120.0


class Outbox:
    """Rows that say what is to be posted and what was posted where. `clock` returns UTC seconds
    since the epoch; every method raises StoreUnavailable."""

    def __init__(
        self,
        outbox: OutboxRepository,
        untold: UntoldRepository,
        copies: CopyRepository,
        shown: ShownRepository,
        habits: Habits,
        clock: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._untold = untold
        self._copies = copies
        self._shown = shown
        self._habits = habits
        self._clock = clock
        self._telling: set[int] = set()

    async def due(self, busy: Collection[int], limit: int) -> list[tuple[Delivery, Job]]:
        """What can be done now, oldest first: one row for each channel that is not `busy`, with
        its job."""
        return await self._outbox.due(self._clock(), busy, limit)

    async def of_job(self, job_id: str, kind: Kind = Kind.RESULT) -> Delivery | None:
        """The row of a job's result, or of another kind; None while it has none."""
        return await self._outbox.of_job(job_id, kind)

    async def owed(self, asker: Asker, origin: Origin) -> list[Delivery]:
        """Results of the asker there that could not be posted so far, oldest first."""
        return await self._outbox.owed(origin.guild, asker.user)

    async def begin(self, delivery: Delivery) -> tuple[Delivery, bool] | None:
        """Say that a POST begins. None when there is nothing to post.

        The flag says that an earlier POST may have arrived and its nonce may be forgotten, so the
        channel is to be searched first; call `renew` if nothing is found there.
        """
        now = self._clock()
        row = await self._outbox.begin(delivery.id, now)
        if row is None:
            return None
        return row, row.sent_before is not None and now - row.sent_before > NONCE_LIVES_S

    async def renew(self, delivery: Delivery) -> str:
        """A fresh nonce for a POST of which no trace was found."""
        return await self._outbox.renew(delivery.id, self._clock())

    async def postpone(self, delivery: Delivery, seconds: float, why: str) -> None:
        """Not before so many seconds again."""
        await self._outbox.postpone(delivery.id, self._clock() + seconds, why)

    async def delivered(
        self, delivery: Delivery, message: int, *, cleared: bool = False
    ) -> Delivery | None:
        """The result is there; returns the row that now takes its progress message away, unless
        that is `cleared` away already."""
        return await self._outbox.delivered(delivery, message, cleared=cleared)

    async def give_up(self, delivery: Delivery, why: GivenUp, detail: str) -> Delivery | None:
        """The result cannot be posted; returns the row whose progress message now says so."""
        log.warning("job %s: result not posted: %s: %s", delivery.job, why, detail)
        return await self._outbox.give_up(delivery.id, why, detail)

    async def give_up_copy(self, copy: Delivery, why: GivenUp, detail: str) -> None:
        """A copy cannot be sent."""
        log.warning("job %s: copy not sent: %s: %s", copy.job, why, detail)
        await self._copies.give_up(copy, why, detail)

    async def shown_by(self, asker: Asker, origin: Origin, message: int) -> Job | None:
        """The job whose result or progress a message shows; None for any other message, and for
        what the asker may not see."""
        job = await self._shown.job(message)
        return job if job and may_look(asker, origin, job) else None

    async def stop_copies(self, copy: Delivery, detail: str) -> None:
        """Direct messages are closed to a copy: no more of them are tried until its owner wants
        them anew, which they are to be told."""
        log.warning("job %s: copy not sent, nor will others be: %s", copy.job, detail)
        self._habits.changed(copy.audience, await self._copies.stop(copy, detail))

    async def deliver_again(self, asker: Asker, job: Job, gone: int) -> None:
        """The result's message `gone` was deleted; it may be posted once more.

        Raises NotAllowed for who may not undo what a moderator did.
        """
        require_right_to_repost(asker, job)
        await self._outbox.deliver_again(job.id, gone)

    async def withdraw(self, job_id: str) -> None:
        """The job's result is not posted: nobody waits for it."""
        await self._outbox.withdraw(job_id)

    async def ended(self, delivery: Delivery, *, told: bool = False) -> None:
        """The job's progress message needs no more care; it may have `told` what could not be
        posted."""
        await self._outbox.ended(delivery, told=told)

    async def untold(self, asker: Asker, origin: Origin) -> dict[int, Kind]:
        """What could not be brought to the asker there without their knowledge: the kind of each
        by its row's id."""
        return await self._untold.of(asker.user, origin.guild)

    @contextlib.asynccontextmanager
    async def telling(self, asker: Asker, origin: Origin) -> AsyncIterator[dict[int, Kind]]:
        """The same, for the block to tell; nothing while another block tells the same person."""
        if asker.user in self._telling:
            yield {}
            return
        self._telling.add(asker.user)
        try:
            yield await self.untold(asker, origin)
        finally:
            self._telling.discard(asker.user)

    async def told(self, rows: Iterable[int]) -> None:
        """They know now."""
        await self._untold.told(rows)

    async def set_notice(self, job_id: str, message: int) -> None:
        """Remember the message that shows the job's progress."""
        await self._outbox.set_notice(job_id, message)

    async def unrecorded(self) -> list[Job]:
        """What an earlier run has drawn and not posted, and of whose progress message the database
        knows nothing."""
        return await self._shown.unrecorded()
