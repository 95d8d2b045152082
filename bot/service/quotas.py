"""What a server's admins do: limits, grants, refills, reading who drew how much.

Every method raises NotAllowed for who is no admin and UserError for what makes no sense, and leaves
an entry in the audit trail otherwise.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from bot.domain.credits import Balance
from bot.domain.errors import NotFound, UserError
from bot.domain.language import _
from bot.domain.overview import Span, Spender
from bot.domain.people import Account, Asker
from bot.domain.period import Period
from bot.domain.quota import Caps, Quota, QuotaSetting, Scope
from bot.service.accounts import Accounts
from bot.service.rules import Rules, require_admin
from bot.storage.audit import LOOKS, AuditEntry, AuditRepository
from bot.storage.ledger import Holdings, LedgerRepository
from bot.storage.overview import OverviewRepository
from bot.storage.quotas import Book, QuotaRepository
from bot.storage.statements import COLUMNS, StatementRepository, written

SHOWN = 10
"""Of those who drew most."""


@dataclass(frozen=True)
class QuotaView:
    """Everything that `/quota show` shows of a guild."""

    fallback: Quota
    caps: Caps
    book: Book


@dataclass(frozen=True)
class Whom:
    """Whom an admin named; neither a role nor a user is the whole server, as is @everyone."""

    role: int | None = None
    user: int | None = None

    def on(self, guild: int) -> tuple[Scope, int]:
        """Scope and target of a setting. Raises UserError where both are named."""
        if self.role is not None and self.user is not None:
            raise UserError(_("Give a `role` or a `user`, not both."))
        if self.user is not None:
            return "user", self.user
        # Discord gives @everyone the id of its server.
        return ("server", guild) if self.role in (None, guild) else ("role", self.role)


class Quotas:
    """The use cases of admins. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        *,
        ledger: LedgerRepository,
        overviews: OverviewRepository,
        statements: StatementRepository,
        quotas: QuotaRepository,
        audit: AuditRepository,
        accounts: Accounts,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._overviews = overviews
        self._statements = statements
        self._quotas = quotas
        self._audit = audit
        self._accounts = accounts
        self._rules = rules
        self._clock = clock

    async def set(
        self, asker: Asker, guild: int, whom: Whom, setting: QuotaSetting
    ) -> tuple[QuotaSetting, QuotaSetting]:
        """Set limits for the server, a role or a user; credits come back every day by default.

        Returns what is set now, and what holds of it under the operator's caps.
        """
        require_admin(asker, guild)
        scope, target = whom.on(guild)
        if setting.period is not None and setting.credits is None:
            raise UserError(_("A `period` needs `credits` to go with it; give both."))
        if setting.empty:
            raise UserError(_("Give at least one of `credits`, `running` or `waiting`."))
        if setting.credits is not None and setting.period is None:
            setting = replace(setting, period=Period.DAY)
        merged = await self._quotas.set_quota(
            guild, scope, target, setting, asker.user, self._clock()
        )
        return merged, self._rules.caps.bound(merged)

    async def clear(self, asker: Asker, guild: int, whom: Whom) -> bool:
        """Forget own limits; False when there were none."""
        require_admin(asker, guild)
        scope, target = whom.on(guild)
        return await self._quotas.clear_quota(guild, scope, target, asker.user, self._clock())

    async def refill(
        self, asker: Asker, guild: int, whom: Whom, roles: frozenset[int]
    ) -> tuple[Balance, Quota]:
        """Forget what a user with these roles drew in this period: the full allowance is back."""
        require_admin(asker, guild)
        scope, user = whom.on(guild)
        if scope != "user":
            raise UserError(_("Credits belong to a member; give `user` to refill them."))
        quota = await self._accounts.quota_of(guild, user, roles)
        account, now = Account(guild, user), self._clock()
        return await self._ledger.forgive(account, quota, asker.user, now, roles), quota

    async def settings(self, asker: Asker, guild: int) -> QuotaView:
        """Every limit an admin set on this server, and who has which plan."""
        require_admin(asker, guild)
        await self._audit.write(guild, asker.user, "quota show", {}, self._clock())
        rules, book = self._rules, await self._quotas.book(guild)
        return QuotaView(rules.caps.bound(rules.quota), rules.caps, book)

    async def holdings_of(
        self, asker: Asker, guild: int, user: int, roles: frozenset[int]
    ) -> Holdings:
        """What another member has, and why."""
        require_admin(asker, guild)
        await self._audit.write(guild, asker.user, "quota show", {"user": user}, self._clock())
        return await self._accounts.holdings(guild, user, roles)

    async def export(self, asker: Asker, guild: int, user: int | None = None) -> bytes:
        """Every entry of the book, of one member's where one is named, as CSV with a header. Raises
        NotFound where there is none."""
        require_admin(asker, guild)
        await self._audit.write(guild, asker.user, "quota export", {"user": user}, self._clock())
        rows = await self._statements.export(guild, user)
        if not rows:
            raise NotFound(_("Nothing was written into the book so far."))
        return await asyncio.to_thread(_csv, rows)

    async def usage(self, asker: Asker, guild: int, days: int) -> list[Spender]:
        """Who drew most grids in the last `days` days."""
        require_admin(asker, guild)
        now = self._clock()
        await self._audit.write(guild, asker.user, "quota usage", {"days": days}, now)
        return await self._overviews.spenders(guild, Span.until(now, days), SHOWN)

    async def changes(self, asker: Asker, guild: int) -> list[AuditEntry]:
        """What admins changed on this server, newest first; who only looked is left out."""
        require_admin(asker, guild)
        await self._audit.write(guild, asker.user, "quota log", {}, self._clock())
        return await self._audit.newest(guild, without=LOOKS)


def _csv(rows: Iterable[tuple[object, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(map(written, rows))
    return out.getvalue().encode()
