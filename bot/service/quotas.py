"""What a server's admins do: limits, grants, refills, reading who drew how much.

Every method raises NotAllowed for who is no admin, and leaves an entry in the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.domain.people import Account, Asker
from bot.domain.quota import Balance, Caps, Period, Quota, QuotaSetting, Scope
from bot.service.accounts import Accounts
from bot.service.rules import Rules, require_admin
from bot.storage.audit import AuditEntry, AuditRepository
from bot.storage.ledger import LedgerRepository, Usage
from bot.storage.quotas import QuotaRepository

DAY_S = 86_400


@dataclass(frozen=True)
class QuotaView:
    """Everything that `/quota show` shows of a guild."""

    fallback: Quota
    caps: Caps
    settings: Mapping[tuple[Scope, int], QuotaSetting]


class Quotas:
    """The use cases of admins. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        *,
        ledger: LedgerRepository,
        quotas: QuotaRepository,
        audit: AuditRepository,
        accounts: Accounts,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._quotas = quotas
        self._audit = audit
        self._accounts = accounts
        self._rules = rules
        self._clock = clock

    async def set(
        self, asker: Asker, guild: int, scope: Scope, target: int, setting: QuotaSetting
    ) -> tuple[QuotaSetting, QuotaSetting]:
        """Set limits for the server, a role or a user.

        Returns what is set now, and what holds of it under the operator's caps.
        """
        require_admin(asker, guild)
        if setting.credits is not None and setting.period is None:
            setting = replace(setting, period=Period.DAY)
        if scope == "server":
            target = guild
        merged = await self._quotas.set_quota(
            guild, scope, target, setting, asker.user, self._clock()
        )
        return merged, self._rules.caps.bound(merged)

    async def clear(self, asker: Asker, guild: int, scope: Scope, target: int) -> bool:
        """Forget own limits; False when there were none."""
        require_admin(asker, guild)
        return await self._quotas.clear_quota(guild, scope, target, asker.user, self._clock())

    async def grant(self, asker: Asker, guild: int, user: int, amount: int, reason: str) -> int:
        """Give (or with a negative amount take back) lasting credits; returns the change."""
        require_admin(asker, guild)
        return await self._ledger.grant(
            Account(guild, user), amount, asker.user, reason or "grant", self._clock()
        )

    async def refill(
        self, asker: Asker, guild: int, user: int, roles: frozenset[int]
    ) -> tuple[Balance, Quota]:
        """Forget what a user drew in this period: the full allowance is back."""
        require_admin(asker, guild)
        quota = await self._accounts.quota_of(guild, user, roles)
        account, now = Account(guild, user), self._clock()
        return await self._ledger.forgive(account, quota, asker.user, now), quota

    async def settings(self, asker: Asker, guild: int) -> QuotaView:
        """Every limit an admin set on this server."""
        require_admin(asker, guild)
        await self._audit.write(guild, asker.user, "quota show", {}, self._clock())
        rules, settings = self._rules, await self._quotas.settings(guild)
        return QuotaView(rules.caps.bound(rules.quota), rules.caps, settings)

    async def balance_of(
        self, asker: Asker, guild: int, user: int, roles: frozenset[int]
    ) -> tuple[Balance, Quota]:
        """Another member's balance and limits."""
        require_admin(asker, guild)
        now = self._clock()
        await self._audit.write(guild, asker.user, "quota show", {"user": user}, now)
        quota = await self._accounts.quota_of(guild, user, roles)
        return await self._ledger.balance(Account(guild, user), quota, now), quota

    async def usage(self, asker: Asker, guild: int, days: int) -> list[Usage]:
        """Who drew most grids in the last `days` days."""
        require_admin(asker, guild)
        now = self._clock()
        await self._audit.write(guild, asker.user, "quota usage", {"days": days}, now)
        return await self._ledger.usage(guild, now - days * DAY_S)

    async def audit_trail(self, asker: Asker, guild: int) -> list[AuditEntry]:
        """The newest deeds of admins on this server."""
        require_admin(asker, guild)
        return await self._audit.newest(guild)
