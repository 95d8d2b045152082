"""What servers want to be done about unsafe pictures, and what that means for a job."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

from bot.domain.safety import Reaction, SafetyPolicy, SafetySetting, Stance, Verdict
from bot.storage import appeals
from bot.storage.audit import write_audit
from bot.storage.database import Database


class SafetyRepository:
    """Rows of `safety_settings`; every change is written together with its audit entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def setting(self, guild: int) -> SafetySetting:
        """What a server's admins decided; empty where they did not."""
        return await self._database.read(lambda c: _setting_of(c, guild))

    async def set(
        self, guild: int, setting: SafetySetting, actor: int, now: float
    ) -> SafetySetting:  # fmt: skip
        """Lay `setting` over what was there; returns the result."""

        def run(connection: sqlite3.Connection) -> SafetySetting:
            merged = setting.over(_setting_of(connection, guild))
            connection.execute(
                "INSERT INTO safety_settings (guild_id, reaction, threshold, spares_adults)"
                " VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET reaction = excluded.reaction,"
                " threshold = excluded.threshold, spares_adults = excluded.spares_adults",
                (guild, merged.reaction, merged.threshold, merged.spares_adults),
            )
            write_audit(connection, guild, actor, "safety set", _plain(setting), now)
            return merged

        return await self._database.transaction(run)

    async def clear(self, guild: int, actor: int, now: float) -> bool:
        """Forget what was decided; False when nothing was."""

        def run(connection: sqlite3.Connection) -> bool:
            found = connection.execute(
                "DELETE FROM safety_settings WHERE guild_id = ?", (guild,)
            ).rowcount
            write_audit(connection, guild, actor, "safety reset", {}, now)
            return bool(found)

        return await self._database.transaction(run)


def policy_for(connection: sqlite3.Connection, job: str, stance: Stance) -> SafetyPolicy:
    """What holds now where a job was asked for."""
    guild, limited = connection.execute(
        "SELECT guild_id, age_limited FROM jobs WHERE id = ?", (job,)
    ).fetchone()
    policy = stance.effective(_setting_of(connection, guild)).at(bool(limited))
    spared = policy.blocks and appeals.spared(connection, job)
    return replace(policy, reaction=Reaction.SPOILER) if spared else policy


def judged(connection: sqlite3.Connection, job: str, stance: Stance) -> Verdict:
    """On the pictures of a job that are recorded, and the files that they were made from as far as
    these were looked at; belongs inside the transaction of its end."""
    policy = policy_for(connection, job, stance) if stance.cares else SafetyPolicy()
    if not policy.looks:
        return Verdict.FINE
    scores = connection.execute(
        "SELECT score FROM images WHERE job_id = ?1 UNION ALL SELECT b.score FROM job_inputs i"
        " JOIN blobs b ON b.digest = i.digest WHERE i.job_id = ?1 AND i.tile_job IS NULL"
        " AND b.score IS NOT NULL",
        (job,),
    ).fetchall()
    return policy.verdict(score for (score,) in scores)


def _setting_of(connection: sqlite3.Connection, guild: int) -> SafetySetting:
    row = connection.execute(
        "SELECT * FROM safety_settings WHERE guild_id = ?", (guild,)
    ).fetchone()
    if row is None:
        return SafetySetting()
    reaction, adults = row["reaction"], row["spares_adults"]
    return SafetySetting(
        reaction and Reaction(reaction), row["threshold"], None if adults is None else bool(adults)
    )


def _plain(setting: SafetySetting) -> dict[str, Any]:
    return {name: value for name, value in vars(setting).items() if value is not None}
