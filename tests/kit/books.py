"""The database as an auditor reads it."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from bot.domain.delivery import Kind
from bot.storage.database import Database

PATIENCE_S = 30.0
_REST_S = 0.02


def rows(folder: Path, sql: str, *values: object) -> list[sqlite3.Row]:
    """What the bot's database says."""
    connection = sqlite3.connect(f"file:{folder / 'easel.sqlite3'}?mode=ro", uri=True, timeout=30)
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


async def owed(database: Database) -> list[tuple[str, Kind]]:
    """(job, kind) of everything that is still to be shown, oldest first."""
    found = await database.read(
        lambda connection: connection.execute(
            "SELECT job_id, kind FROM deliveries WHERE message_id = 0 AND given_up IS NULL"
            " ORDER BY id"
        ).fetchall()
    )
    return [(row["job_id"], Kind(row["kind"])) for row in found]


async def rest() -> None:
    """Between two looks: each takes processor time that the bot needs for what is waited for."""
    await asyncio.sleep(_REST_S)


async def settled(database: Database) -> None:
    """Return when nothing is to be shown any more, and it is written down where results are."""
    async with asyncio.timeout(PATIENCE_S):
        while await owed(database):
            await rest()


def states(folder: Path) -> list[str]:
    """The states of all jobs, oldest first."""
    return [row["state"] for row in rows(folder, "SELECT state FROM jobs ORDER BY rowid")]


def spent(folder: Path) -> int:
    """Credits that were captured; fails unless every hold has exactly one end or is open."""
    ledger = rows(folder, "SELECT job_id, kind, amount FROM ledger WHERE kind <> 'grant'")
    costs = {row["id"]: row["cost"] for row in rows(folder, "SELECT id, cost FROM jobs")}
    total = 0
    for job in {row["job_id"] for row in ledger}:
        held = -sum(
            row["amount"] for row in ledger if (row["job_id"], row["kind"]) == (job, "hold")
        )
        given = sum(
            row["amount"] for row in ledger if (row["job_id"], row["kind"]) == (job, "release")
        )
        captured = any((row["job_id"], row["kind"]) == (job, "capture") for row in ledger)
        assert held == costs[job]
        assert (given == held) != captured or (not given and not captured)
        total += held if captured else 0
    return total


def open_holds(folder: Path) -> int:
    """Holds that were neither captured nor released."""
    [row] = rows(
        folder,
        "SELECT COUNT(*) AS n FROM ledger h WHERE kind = 'hold' AND NOT EXISTS (SELECT 1 FROM"
        " ledger e WHERE e.job_id = h.job_id AND e.kind IN ('capture', 'release'))",
    )
    return row["n"]
