"""What is to be posted, and the messages that show progress, as the chat side needs them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.domain.delivery import Delivery
from bot.domain.job import Job
from bot.storage.jobs import JobRepository
from bot.storage.outbox import OutboxRepository

log = logging.getLogger(__name__)

# Discord remembers nonces for a few minutes; past this the channel is searched instead.
NONCE_LIVES_S = 120.0


class Outbox:
    """Rows that say what was posted where. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self, outbox: OutboxRepository, jobs: JobRepository, clock: Callable[[], float]
    ) -> None:
        self._outbox = outbox
        self._jobs = jobs
        self._clock = clock

    async def set_notice(self, job_id: str, message: int) -> None:
        """Remember the message that shows the job's progress; 0 when it needs no more care."""
        await self._jobs.set_notice(job_id, message)

    async def stale_notices(self) -> list[Job]:
        """Ended jobs whose progress message still has to be brought to its end."""
        return await self._jobs.stale_notices()

    async def undelivered(self) -> list[Delivery]:
        """Results that are to be posted, oldest job first."""
        return await self._outbox.undelivered()

    async def delivery(self, job_id: str) -> Delivery | None:
        """The row of a job's result; None while it has none."""
        return await self._outbox.get(job_id)

    async def begin_delivery(self, job_id: str) -> tuple[Delivery, bool] | None:
        """Say that a POST begins. None when there is nothing to post.

        The flag says that an earlier POST may have arrived and its nonce may be forgotten, so the
        channel is to be searched first; call `renew_delivery` if nothing is found there.
        """
        now = self._clock()
        delivery = await self._outbox.begin_sending(job_id, now)
        if delivery is None:
            return None
        begun = delivery.sent_before
        return delivery, begun is not None and now - begun > NONCE_LIVES_S

    async def renew_delivery(self, job_id: str) -> Delivery | None:
        """A fresh nonce for a POST of which no trace was found."""
        await self._outbox.renew_nonce(job_id, self._clock())
        return await self._outbox.get(job_id)

    async def delivered(self, job_id: str, message: int) -> None:
        """The result is there."""
        await self._outbox.delivered(job_id, message)

    async def deliver_again(self, job_id: str, gone: int) -> None:
        """The result's message `gone` was deleted; it may be posted once more."""
        await self._outbox.deliver_again(job_id, gone)

    async def give_up_delivery(self, job_id: str, why: str) -> None:
        """The result cannot be posted (channel gone, permission lost)."""
        log.warning("job %s: result not posted: %s", job_id, why)
        await self._outbox.give_up(job_id, why)
