"""A channel in which a server's moderators are told what waits for them, and may answer it."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.desk import Appeal, Card, Settled
from bot.domain.people import Asker
from bot.service.rules import require_admin
from bot.storage.appeals import AppealRepository
from bot.storage.desk import DeskRepository
from bot.storage.reports import Report, ReportRepository


class Desk:
    """`clock` returns UTC seconds since the epoch; every method raises StoreUnavailable."""

    def __init__(
        self, desks: DeskRepository, reports: ReportRepository, appeals: AppealRepository,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._desks = desks
        self._reports = reports
        self._appeals = appeals
        self._clock = clock
        self.shown, self.done, self.lose = desks.shown, desks.done, desks.lose

    async def set(self, asker: Asker, guild: int, channel: int) -> None:
        """Have what waits posted there from now on, 0 nowhere. Raises NotAllowed."""
        require_admin(asker, guild)
        await self._desks.set(guild, channel, asker.user, self._clock())

    async def due(self) -> Card | None:
        """What is to be posted or edited next."""
        return await self._desks.due(self._clock())

    async def content(self, card: Card) -> Report | Appeal | Settled | None:
        """What it says now; None where nothing is left of it."""
        if card.kind == "appeal":
            appeal = await self._appeals.get(card.subject)
            waits = appeal is not None and appeal.answer is None
            return appeal if waits else await self._desks.settled(card)
        return await self._reports.of_job(card.subject) or await self._desks.settled(card)

    async def begin(self, card: Card) -> None:
        """Say that a POST begins."""
        await self._desks.begin(card, self._clock())

    async def postpone(self, card: Card, seconds: float, *, arrived: bool) -> None:
        """Not before so many seconds again; `arrived` says whether it may be there all the same."""
        await self._desks.postpone(card, self._clock() + seconds, arrived=arrived)
