"""Who may not draw on a server: banned by an admin, or timed out for refused prompts."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from bot.domain.errors import UserError
from bot.domain.language import _, spoken
from bot.domain.moderation import Ban, Refusals, TimeoutRule
from bot.domain.people import Account
from bot.storage.audit import write_audit
from bot.storage.database import Database
from bot.storage.overview import count_refusal

BANS_MAX = 1000
"""Of one server."""


class Standing(NamedTuple):
    """What keeps somebody from drawing, or did: a ban, and when a time-out ends (UTC seconds, 0 for
    none)."""

    ban: Ban | None
    timeout_ends: float

    def at(self, now: float) -> Standing:
        """What of it holds at a moment."""
        ban = self.ban if self.ban and self.ban.holds(now) else None
        return Standing(ban, self.timeout_ends if self.timeout_ends > now else 0.0)


class BanRepository:
    """Rows of `bans` and `refusals`. One method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(self, account: Account) -> Standing:
        """What is kept of somebody on a server, whether it is over or not."""
        return await self._database.read(
            lambda c: Standing(_ban(c, account), _refusals(c, account).ends_at)
        )

    async def banned(self, guild: int, now: float) -> list[Ban]:
        """Whose bans hold, the newest first."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT * FROM bans WHERE guild_id = ? ORDER BY created_at DESC", (guild,)
            ).fetchall()
        )
        return [ban for ban in map(_ban_of, rows) if ban.holds(now)]

    async def ban(self, guild: int, ban: Ban) -> None:
        """Keep a ban instead of an earlier one. Raises UserError for more than `BANS_MAX`."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM bans WHERE guild_id = ? AND (user_id = ? OR ends_at <= ?)",
                (guild, ban.user, ban.since),
            )
            held = "SELECT COUNT(*) FROM bans WHERE guild_id = ?"
            if connection.execute(held, (guild,)).fetchone()[0] >= BANS_MAX:
                raise UserError(
                    _(
                        "This server has {count} bans, which is all it may have.",
                        count=spoken().number(BANS_MAX),
                    )
                )
            connection.execute(
                "INSERT INTO bans (guild_id, user_id, reason, actor_id, created_at, ends_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (guild, ban.user, ban.reason, ban.actor, ban.since, ban.ends_at),
            )
            detail = {"user": ban.user, "reason": ban.reason, "ends_at": ban.ends_at}
            write_audit(connection, guild, ban.actor, "ban", detail, ban.since)

        await self._database.transaction(run)

    async def unban(self, account: Account, actor: int, now: float) -> bool:
        """End a ban and a time-out; False where there was neither."""

        def run(connection: sqlite3.Connection) -> bool:
            key = (account.guild, account.user)
            before = _refusals(connection, account)
            ban = _ban(connection, account)
            connection.execute("DELETE FROM bans WHERE guild_id = ? AND user_id = ?", key)
            connection.execute("DELETE FROM refusals WHERE guild_id = ? AND user_id = ?", key)
            held = bool(ban and ban.holds(now)) or before.ends_at > now
            if held:
                detail = {"user": account.user}
                write_audit(connection, account.guild, actor, "unban", detail, now)
            return held

        return await self._database.transaction(run)

    async def refused(self, account: Account, rule: TimeoutRule, now: float) -> float:
        """Count a refused prompt; when the time-out ends that it led to, 0 for none."""

        def run(connection: sqlite3.Connection) -> float:
            count_refusal(connection, account.guild, "word", now)
            if not rule.refusals:
                return 0.0
            before = _refusals(connection, account)
            after = before.one_more(now, rule)
            connection.execute(
                "INSERT INTO refusals (guild_id, user_id, moments, ends_at, timeouts)"
                " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET moments = ?3,"
                " ends_at = ?4, timeouts = ?5",
                (
                    account.guild, account.user, json.dumps(after.moments), after.ends_at,
                    after.timeouts,
                ),
            )  # fmt: skip
            return after.ends_at if after.ends_at > now else 0.0

        return await self._database.transaction(run)


def _ban(connection: sqlite3.Connection, account: Account) -> Ban | None:
    row = connection.execute(
        "SELECT * FROM bans WHERE guild_id = ? AND user_id = ?", (account.guild, account.user)
    ).fetchone()
    return row and _ban_of(row)


def _ban_of(row: sqlite3.Row) -> Ban:
    return Ban(row["user_id"], row["reason"], row["actor_id"], row["created_at"], row["ends_at"])


def _refusals(connection: sqlite3.Connection, account: Account) -> Refusals:
    row = connection.execute(
        "SELECT * FROM refusals WHERE guild_id = ? AND user_id = ?", (account.guild, account.user)
    ).fetchone()
    if row is None:
        return Refusals()
    return Refusals(tuple(json.loads(row["moments"])), row["ends_at"], row["timeouts"])
