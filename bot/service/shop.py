"""Packs and plans that are sold through Discord: what somebody has, and what comes of what they
bought.

A pack is a person's, credits are those of an account. So a pack goes to the server where its buyer
opened the shop within the day before, else to where they next use a command; direct messages count
where drawing there is allowed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.domain.people import Account, Asker
from bot.domain.shop import Assortment, Entitlement, Possession
from bot.service.rules import DIRECT, Rules
from bot.storage.entitlements import (
    EntitlementRepository,
    GivenBack,
    Granted,
    Outcome,
    Owed,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Counter:
    """Everything that `/shop` shows on a server (0: in direct messages); `place` says whether what
    is bought now goes to an account there."""

    guild: int
    assortment: Assortment
    possession: Possession
    place: bool


class Shop:
    """The use cases of buying. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self, entitlements: EntitlementRepository, rules: Rules, clock: Callable[[], float]
    ) -> None:
        self._entitlements = entitlements
        self._rules = rules
        self._clock = clock
        self._waiting: set[int] = set()
        self._taken: dict[int, tuple[Entitlement, bool]] = {}
        self.consumed = entitlements.consumed

    @property
    def assortment(self) -> Assortment:
        """What is sold."""
        return self._rules.assortment

    @property
    def open(self) -> bool:
        """Whether anything is sold at all."""
        return bool(self.assortment.skus)

    async def begin(self) -> None:
        """What the settings sell holds from now on."""
        await self._entitlements.sell(self.assortment.plans)
        self._waiting = await self._entitlements.waiting(self.assortment.packs)

    async def counter(self, asker: Asker, guild: int) -> Counter:
        """What the asker can buy and has; packs that they buy now go there, and those that wait are
        there already."""
        account, now = Account(guild, asker.user), self._clock()
        place = self._counts(guild)
        if place:
            await self._entitlements.visit(account, now)
        possession = await self._entitlements.possession(account, self.assortment, now)
        return Counter(guild, self.assortment, possession, place)

    async def take(self, entitlement: Entitlement, *, listed: bool = False) -> Outcome:
        """Discord told of an entitlement: grant its credits, or take them back, once."""
        sold = entitlement.sku in self.assortment.skus
        if not (sold or entitlement.deleted):
            return None  # another thing that this application sells
        # What is kept of a server that was left goes after a while, and is told anew.
        known = await self._entitlements.known(entitlement.id)
        taken = self._taken.get(entitlement.id) in ((entitlement, listed), (entitlement, True))
        if (taken and known) or not (sold or known):
            return None
        pack = self.assortment.packs.get(entitlement.sku)
        outcome = await self._entitlements.take(entitlement, pack, self._clock(), listed=listed)
        self._taken[entitlement.id] = entitlement, listed
        _note(entitlement, outcome)
        if pack is not None and outcome is None:
            self._waiting.add(entitlement.user)  # once too often costs one look
        return outcome

    async def arrive(
        self, user: int, guild: int, entitlements: Iterable[Entitlement]
    ) -> list[Granted]:
        """Somebody uses a command or a button, and Discord says what they have: what waited for a
        place is granted there."""
        granted = [await self.take(each) for each in entitlements]
        if user in self._waiting and self._counts(guild):
            account, packs = Account(guild, user), self.assortment.packs
            granted += await self._entitlements.settle(account, packs, self._clock())
            self._waiting.discard(user)
        return [each for each in granted if isinstance(each, Granted)]

    async def due(self) -> Owed | None:
        """The next of which Discord is to be told that it was taken in."""
        return await self._entitlements.due(self._clock())

    async def postpone(self, owed: Owed, seconds: float) -> None:
        """Not before so many seconds again."""
        await self._entitlements.postpone(owed, self._clock() + seconds)

    def _counts(self, guild: int) -> bool:
        """Whether credits there can be spent."""
        return guild != DIRECT or self._rules.dm_quota.credits > 0


def _note(entitlement: Entitlement, outcome: Outcome) -> None:
    match outcome:
        case Granted(account=account, pack=pack):
            log.info(
                "entitlement %d: %d credits on %d", entitlement.id, pack.credits, account.guild
            )
        case GivenBack(taken=taken, written_off=written_off):
            log.info(
                "entitlement %d was given back: %d credits taken, %d written off",
                entitlement.id, taken, written_off,
            )  # fmt: skip
