"""The audit trail: which admin did what, and when."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.storage.database import Database

LOOKS = (
    "quota show", "quota usage", "quota log", "quota export", "safety show", "admin overview",
    "admin jobs",
)  # fmt: skip
"""Deeds that change nothing."""


@dataclass(frozen=True)
class AuditEntry:
    """One deed of an admin; `at` is UTC seconds, `detail` plain data."""

    actor: int
    deed: str
    detail: dict[str, Any]
    at: float


class AuditRepository:
    """Deeds that nothing else is written with, and all of them for reading."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(
        self, guild: int, actor: int, deed: str, detail: dict[str, Any], now: float
    ) -> None:
        """Write down what an admin did where nothing else is written in the same step."""
        await self._database.transaction(lambda c: write_audit(c, guild, actor, deed, detail, now))

    async def newest(
        self, guild: int, limit: int = 20, without: Sequence[str] = (), first: int = 0
    ) -> list[AuditEntry]:
        """Newest first, but for the deeds that are named, from the one numbered `first` (from 0)
        on."""
        marks = ", ".join("?" * len(without))
        rows = await self._database.report(
            lambda c: c.execute(
                f"SELECT * FROM audit WHERE guild_id = ? AND deed NOT IN ({marks})"
                " ORDER BY id DESC LIMIT ? OFFSET ?",
                (guild, *without, limit, first),
            ).fetchall()
        )
        return [
            AuditEntry(row["actor_id"], row["deed"], json.loads(row["detail"]), row["created_at"])
            for row in rows
        ]


def write_audit(
    connection: sqlite3.Connection,
    guild: int,
    actor: int,
    deed: str,
    detail: dict[str, Any],
    now: float,
) -> None:
    """Write an audit entry; belongs inside the transaction of the deed."""
    connection.execute(
        "INSERT INTO audit (guild_id, actor_id, deed, detail, created_at) VALUES (?, ?, ?, ?, ?)",
        (guild, actor, deed, json.dumps(detail, ensure_ascii=False), now),
    )
