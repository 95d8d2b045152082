"""What a refusal may lead to beside itself: an appeal, and what one lets pass. For the gate."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.desk import Appeal, Refused
from bot.domain.grounds import Ground
from bot.domain.people import Account, Asker, Origin
from bot.service.rules import DIRECT
from bot.storage.appeals import AppealRepository
from bot.storage.desk import DeskRepository


class Clemency:
    """`clock` returns UTC seconds since the epoch."""

    def __init__(
        self, appeals: AppealRepository, desks: DeskRepository, clock: Callable[[], float]
    ) -> None:
        self._appeals = appeals
        self._desks = desks
        self._clock = clock

    async def offer(
        self, asker: Asker, origin: Origin, ground: Ground, texts: tuple[str, ...] = ()
    ) -> str:
        """The id by which somebody may appeal against this; empty where nobody would hear it."""
        if origin.guild == DIRECT or not await self._desks.hears(origin.guild):
            return ""
        account = Account(origin.guild, asker.user)
        refused = Refused(account, ground, texts, origin.locale)
        return await self._appeals.offer(refused, self._clock())

    async def permits(self, account: Account) -> list[Appeal]:
        """Prompts of somebody that pass once, whatever their words."""
        return await self._appeals.permits(account, self._clock())
