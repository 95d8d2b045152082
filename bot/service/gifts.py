"""Credits beyond the allowance: grants, offers to roles, the server's pool, gift codes."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace

from bot.domain.errors import NotAllowed, UserError
from bot.domain.language import _, spoken
from bot.domain.people import Account, Asker
from bot.service.rules import DIRECT, Rules, require_admin
from bot.storage.funds import POOL
from bot.storage.gifts import DAY_S, Code, GiftRepository, Offer, Terms
from bot.storage.ledger import LedgerRepository

log = logging.getLogger(__name__)

AMOUNT_MAX = 1_000_000
DAYS_MAX = 3650
USES_MAX = 10_000
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What codes are made of: nothing that looks like something else."""
LENGTH = 16
"""Letters of a code: 80 bits, which nobody guesses."""


class Gifts:
    """Every method of admins raises NotAllowed for who is none, and UserError for what makes no
    sense. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        ledger: LedgerRepository,
        gifts: GiftRepository,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._gifts = gifts
        self._rules = rules
        self._clock = clock

    async def grant(
        self, asker: Asker, guild: int, user: int, amount: int, reason: str,
        days: int | None = None, roles: frozenset[int] = frozenset(),
    ) -> int:  # fmt: skip
        """Give (or with a negative amount take back) lasting credits, for so many days or for good,
        to a user with these roles; returns the change."""
        require_admin(asker, guild)
        until = self._until(amount, days)
        return await self._ledger.grant(
            Account(guild, user), amount, asker.user, reason or "grant", self._clock(),
            expires_at=until, claim=self._rules.claim(guild, roles),
        )  # fmt: skip

    async def offer(
        self, asker: Asker, guild: int, role: int, amount: int, reason: str,
        days: int | None = None,
    ) -> None:  # fmt: skip
        """Everybody with a role has lasting credits from what they do next on: who they are, the
        bot learns only then."""
        require_admin(asker, guild)
        if amount < 0:
            raise UserError(_("What members of a role have can be taken back one by one only."))
        until = self._until(amount, days)
        await self._gifts.offer(
            guild, role, amount, until, asker.user, reason or "grant", self._clock()
        )

    async def pool(self, asker: Asker, guild: int, amount: int, reason: str) -> tuple[int, int]:
        """Put credits into what all members share, or take some out; returns the change, and what
        is in it now."""
        require_admin(asker, guild)
        self._until(amount, None)
        account, now = Account(guild, POOL), self._clock()
        change = await self._ledger.grant(account, amount, asker.user, reason or "pool", now)
        return change, await self._ledger.pool(guild, now)

    async def open(self, asker: Asker, guild: int) -> tuple[list[Offer], list[Code], int]:
        """Offers and codes that can be taken, and what is in the pool."""
        require_admin(asker, guild)
        now = self._clock()
        offers, codes = await self._gifts.offers(guild, now), await self._gifts.codes(guild, now)
        return offers, codes, await self._ledger.pool(guild, now)

    async def end(
        self, asker: Asker, guild: int, *, code: int | None = None, offer: int | None = None
    ) -> None:
        """Nobody uses this code and takes this offer any more; who did keeps what it gave. Where
        one is not there, neither ends."""
        require_admin(asker, guild)
        await self._gifts.end(guild, asker.user, self._clock(), code=code, offer=offer)

    async def make_code(
        self, asker: Asker, guild: int, terms: Terms, ends_in_days: int | None = None
    ) -> tuple[int, str]:
        """A new gift code, its number and the code, which only this answer tells: the database
        keeps its digest."""
        require_admin(asker, guild)
        self._until(terms.amount, terms.days)
        ends_at = self._until(terms.amount, ends_in_days)
        if terms.amount < 0 or not 1 <= terms.uses <= USES_MAX:
            most = spoken().number(USES_MAX)
            raise UserError(_("A code gives credits, and to at most {most} people.", most=most))
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        kept = replace(terms, ends_at=ends_at)
        id = await self._gifts.add(guild, _digest(code), kept, asker.user, self._clock())
        return id, "-".join(code[at : at + 4] for at in range(0, LENGTH, 4))

    async def redeem(self, asker: Asker, guild: int, code: str) -> Terms:
        """Give the asker what a code is worth. Raises UserError for one that is none (any more),
        and for who guesses."""
        self._rules.require_served(guild)
        if guild == DIRECT:
            raise NotAllowed(_("A gift code belongs to a server; use it there."))
        used = await self._gifts.redeem(Account(guild, asker.user), _digest(code), self._clock())
        if isinstance(used, str):
            raise UserError(used)
        return used.terms

    async def housekeeping(self) -> None:
        """Write off credits that have ended; who has them sees it at once, whenever this is. Forget
        who gave wrong codes long ago."""
        await self._gifts.forget_tries(self._clock())
        if ended := await self._ledger.sweep(self._clock()):
            log.info("credits of %d grants have ended", ended)

    def _until(self, amount: int, days: int | None) -> float | None:
        """When credits end. Raises UserError for what makes no sense."""
        if amount == 0:
            raise UserError(_("An amount of 0 changes nothing; give a number above or below it."))
        if abs(amount) > AMOUNT_MAX:
            most = spoken().number(AMOUNT_MAX)
            raise UserError(_("At most {most} credits at once.", most=most))
        if days is None:
            return None
        if amount < 0 or not 1 <= days <= DAYS_MAX:
            most = spoken().number(DAYS_MAX)
            raise UserError(
                _("Credits that are given last 1 to {most} days, or for good.", most=most)
            )
        return self._clock() + days * DAY_S


def _digest(code: str) -> str:
    """Of a code however it was typed: without dashes and spaces, in any case."""
    plain = "".join(each for each in code.upper() if each.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
