"""The quota settings that a server's admins decided on."""

from __future__ import annotations

import sqlite3
from typing import Any

from bot.domain.people import Account
from bot.domain.quota import Claim, Period, Quota, QuotaSetting, Scope, effective
from bot.storage.audit import write_audit
from bot.storage.database import Database


class QuotaRepository:
    """Quota settings by guild; every change is written together with its audit entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def quota(self, account: Account, claim: Claim) -> Quota:
        """What holds for a person on a server now."""
        return await self._database.read(lambda c: quota_of(c, account, claim))

    async def settings(self, guild: int) -> dict[tuple[Scope, int], QuotaSetting]:
        """Every setting of a guild by (scope, target id)."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT * FROM quota_settings WHERE guild_id = ? ORDER BY scope, target_id",
                (guild,),
            ).fetchall()
        )
        return {(row["scope"], row["target_id"]): _setting(row) for row in rows}

    async def set_quota(
        self, guild: int, scope: Scope, target: int, setting: QuotaSetting, actor: int, now: float
    ) -> QuotaSetting:
        """Lay `setting` over what was there; returns the result."""

        def run(connection: sqlite3.Connection) -> QuotaSetting:
            row = connection.execute(
                "SELECT * FROM quota_settings WHERE guild_id = ? AND scope = ? AND target_id = ?",
                (guild, scope, target),
            ).fetchone()
            merged = setting.over(_setting(row) if row else QuotaSetting())
            connection.execute(
                "INSERT INTO quota_settings (guild_id, scope, target_id, credits, period, running,"
                " waiting) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " credits = excluded.credits, period = excluded.period,"
                " running = excluded.running, waiting = excluded.waiting",
                (
                    guild, scope, target, merged.credits, merged.period and merged.period.value,
                    merged.running, merged.waiting,
                ),
            )  # fmt: skip
            detail = {"scope": scope, "target": target, **_plain(setting)}
            write_audit(connection, guild, actor, "quota set", detail, now)
            return merged

        return await self._database.transaction(run)

    async def clear_quota(
        self, guild: int, scope: Scope, target: int, actor: int, now: float
    ) -> bool:
        """Forget a setting; False when there was none."""

        def run(connection: sqlite3.Connection) -> bool:
            found = connection.execute(
                "DELETE FROM quota_settings WHERE guild_id = ? AND scope = ? AND target_id = ?",
                (guild, scope, target),
            ).rowcount
            detail = {"scope": scope, "target": target}
            write_audit(connection, guild, actor, "quota reset limits", detail, now)
            return bool(found)

        return await self._database.transaction(run)


def quota_of(connection: sqlite3.Connection, account: Account, claim: Claim) -> Quota:
    """What holds for a person on a server; what is decided by it belongs inside the same
    transaction."""
    rows = connection.execute(
        "SELECT * FROM quota_settings WHERE guild_id = ?1 AND scope = 'server' UNION ALL"
        " SELECT * FROM quota_settings WHERE guild_id = ?1 AND scope = 'role' UNION ALL"
        " SELECT * FROM quota_settings WHERE guild_id = ?1 AND scope = 'user'"
        " AND target_id = ?2",
        (account.guild, account.user),
    ).fetchall()
    settings = {(row["scope"], row["target_id"]): _setting(row) for row in rows}
    return effective(
        claim.fallback,
        settings.get(("server", account.guild), QuotaSetting()),
        [settings[key] for key in settings if key[0] == "role" and key[1] in claim.roles],
        settings.get(("user", account.user), QuotaSetting()),
        claim.caps,
    )


def _setting(row: sqlite3.Row) -> QuotaSetting:
    period = row["period"]
    return QuotaSetting(
        row["credits"], Period(period) if period else None, row["running"], row["waiting"]
    )


def _plain(setting: QuotaSetting) -> dict[str, Any]:
    return {name: value for name, value in setting.__dict__.items() if value is not None}
