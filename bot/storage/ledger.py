"""The book of credits as a repository: what accounts have, and what is given to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.credits import Balance, Bucket
from bot.domain.people import Account
from bot.domain.quota import Claim, Decision, Quota
from bot.domain.tariff import Tariff
from bot.storage import entries, funds, quotas, tariffs
from bot.storage.audit import write_audit
from bot.storage.database import Database


@dataclass(frozen=True)
class Holdings:
    """What an account has, by which decision, and each source of it: buckets with their sources,
    those last that are not written yet. `tariff` is what things cost there."""

    balance: Balance
    decision: Decision
    tariff: Tariff
    sources: tuple[tuple[str, Bucket], ...]
    started_at: float


class LedgerRepository:
    """Balances and grants of accounts. One method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def balance(
        self, account: Account, quota: Quota, now: float, roles: Iterable[int] = ()
    ) -> Balance:
        """What the account has under this quota."""
        return await self._database.read(
            lambda c: funds.of(c, account, quota, frozenset(roles), now).balance
        )

    async def holdings(self, account: Account, claim: Claim, now: float) -> Holdings:
        """What the account has, and why."""

        def run(connection: sqlite3.Connection) -> Holdings:
            decision = quotas.decided(connection, account, claim, now)
            found = funds.of(connection, account, decision.quota, claim.roles, now)
            names = _sources(connection, account) if found.buckets else {}
            written = [(names[each.id], each) for each in found.buckets]
            due = [(each.source, Bucket(0, each.amount, each.expires_at)) for each in found.dues]
            tariff = tariffs.of(connection, account.guild)
            sources = (*written, *due)
            return Holdings(found.balance, decision, tariff, sources, found.started_at)

        return await self._database.read(run)

    async def grant(
        self,
        account: Account,
        amount: int,
        actor: int,
        reason: str,
        now: float,
        *,
        source: str = "grant",
        expires_at: float | None = None,
        claim: Claim | None = None,
    ) -> int:
        """Add credits that stay, until `expires_at` if given; a negative amount takes back at most
        what is there, and what is due by the `claim` of who has the account.

        Returns the change that was made; it is written to the audit trail too.
        """

        def run(connection: sqlite3.Connection) -> int:
            if amount > 0:
                entries.grant(
                    connection, account, amount, actor, reason, now, source=source,
                    expires_at=expires_at,
                )  # fmt: skip
                change = amount
            else:
                if claim is not None:
                    _settle(connection, account, claim, now)
                change = _take_back(connection, account, -amount, actor, reason, now)
            detail = {"user": account.user, "asked": amount, "changed": change, "reason": reason}
            if expires_at is not None:
                detail["until"] = expires_at
            deed = "quota pool" if account.user == funds.POOL else "quota grant"
            write_audit(connection, account.guild, actor, deed, detail, now)
            return change

        return await self._database.transaction(run)

    async def pool(self, guild: int, now: float) -> int:
        """Credits in a server's pool."""
        account = Account(guild, funds.POOL)
        return await self._database.read(
            lambda c: funds.of(c, account, Quota(0), (), now).balance.lasting
        )

    async def forgive(
        self, account: Account, quota: Quota, actor: int, now: float, roles: Iterable[int] = ()
    ) -> Balance:
        """Forget what was used of the allowance until now, with an audit entry.

        A job that is under way and released later gives nothing back twice.
        """
        held = frozenset(roles)

        def run(connection: sqlite3.Connection) -> Balance:
            before = funds.of(connection, account, quota, held, now).balance
            connection.execute(
                "UPDATE buckets SET forgiven_at = ? WHERE guild_id = ? AND user_id = ?"
                " AND kind = 'allowance' AND forgiven_at IS NULL",
                (now, account.guild, account.user),
            )
            balance = funds.of(connection, account, quota, held, now).balance
            changed = balance.allowance_left - before.allowance_left
            detail = {"user": account.user, "changed": changed}
            write_audit(connection, account.guild, actor, "quota reset credits", detail, now)
            return balance

        return await self._database.transaction(run)

    async def sweep(self, now: float) -> int:
        """Write off credits that have ended, of whoever; returns of how many buckets."""
        total = 0
        while some := await self._database.transaction(lambda c: funds.sweep(c, now)):
            total += some
        return total


def _sources(connection: sqlite3.Connection, account: Account) -> dict[int, str]:
    """Where the credits of buckets come from, the pool's among them, by their ids."""
    rows = connection.execute(
        "SELECT id, source FROM buckets WHERE guild_id = ? AND user_id IN (?, ?)"
        " AND kind = 'lasting' AND balance > 0",
        (account.guild, account.user, funds.POOL),
    )
    return dict(rows.fetchall())


def _settle(connection: sqlite3.Connection, account: Account, claim: Claim, now: float) -> None:
    """Write what is due, if anything is."""
    quota = quotas.quota_of(connection, account, claim, now)
    found = funds.of(connection, account, quota, claim.roles, now)
    if found.dues:
        funds.settle(connection, account, found, now)


def _take_back(
    connection: sqlite3.Connection, account: Account, amount: int, actor: int, reason: str,
    now: float,
) -> int:  # fmt: skip
    """At most what is there; returns the change."""
    change = 0
    for each in funds.of(connection, account, Quota(0, pool=False), (), now).buckets:
        part = min(each.left, amount + change)
        if part:
            entries.write(connection, each.id, "grant", -part, None, actor, reason, now)
        change -= part
    return change
