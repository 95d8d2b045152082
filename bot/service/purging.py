"""Admins who want all of somebody's pictures on their server to be gone."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.domain.errors import NotFound
from bot.domain.language import _
from bot.domain.people import Account, Asker
from bot.service.emptying import Emptying
from bot.service.rules import require_admin
from bot.storage.purges import Count, PurgeRepository

log = logging.getLogger(__name__)

DAY_S = 86_400.0
AT_ONCE = 50
"""Jobs that are read together."""


class Purging:
    """`clock` returns UTC seconds since the epoch. Every method raises NotAllowed for who is no
    admin, and NotFound where nothing is there."""

    def __init__(
        self, purges: PurgeRepository, emptying: Emptying, clock: Callable[[], float]
    ) -> None:
        self._purges = purges
        self._emptying = emptying
        self._clock = clock

    async def count(self, asker: Asker, guild: int, user: int, days: int) -> Count:
        """What would go of the last `days`, of all time for 0."""
        require_admin(asker, guild)
        count = await self._purges.count(Account(guild, user), self._since(days))
        if not any(count):
            raise NotFound(_("There are no pictures of this member here, or none of those days."))
        return count

    async def purge(self, asker: Asker, guild: int, user: int, days: int) -> Count:
        """Delete it, with what shows the same pixels and all messages; what is under way ends free
        of charge. Raises StoreUnavailable as well: then the rest stays, and may be asked for anew.
        """
        count = await self.count(asker, guild, user, days)
        account, since = Account(guild, user), self._since(days)
        await self._purges.note(account, days, count, asker.user, self._clock())
        log.info("pictures of %d on server %d: deleted by %d", user, guild, asker.user)
        while jobs := await self._purges.jobs(account, since, AT_ONCE):
            for job in jobs:
                gone = await self._emptying.emptied(lambda job=job: self._purges.copies(job))
                await self._purges.take_down(job, gone, self._clock())
        return count

    def _since(self, days: int) -> float:
        return self._clock() - days * DAY_S if days else 0.0
