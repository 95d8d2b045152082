"""How much is owed and held, for whoever watches the bot run. Reads alone, beside the writer."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

from bot.domain.delivery import Kind
from bot.domain.snapshots import Owed, Stored
from bot.storage.database import Database

AT_ONCE = 100_000
"""Entries that are read before somebody else's report has its turn."""


class MeasureRepository:
    """Reads what was added to the book since it last did: entries are never changed. The first time
    that is all of it, which takes some seconds for a million; who gives up on that goes on the next
    time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._credits: Counter[str] = Counter()
        self._last = 0

    async def read(self, now: float) -> Stored:
        """Everything, on one state of the database. Raises StoreUnavailable."""

        def run(connection: sqlite3.Connection) -> Stored | None:
            return self._stored(connection, now) if self._go_on(connection) else None

        while True:
            found = await self._database.report(run)
            if found is not None:
                return found

    def _stored(self, connection: sqlite3.Connection, now: float) -> Stored:
        owed = dict.fromkeys(Kind, Owed()) | _owed(connection, now)
        book = self._credits
        held = book["held"] - book["captured"] - book["released"]
        return Stored(owed, dict(book), held, _bytes(connection, self._database.path))

    def _go_on(self, connection: sqlite3.Connection) -> bool:
        """Add up some more entries; whether these were the last."""
        (end,) = connection.execute("SELECT COALESCE(MAX(id), 0) FROM ledger").fetchone()
        some = self._last, min(end, self._last + AT_ONCE)
        found = dict(connection.execute(_ENTRIES, some).fetchall())
        (found["captured"],) = connection.execute(_CAPTURED, some).fetchone()
        self._credits.update(found)
        self._last = some[1]
        return self._last == end


def _owed(connection: sqlite3.Connection, now: float) -> dict[Kind, Owed]:
    rows = connection.execute(
        "SELECT d.kind, COUNT(*), MIN(j.finished_at) FROM deliveries d JOIN jobs j"
        " ON j.id = d.job_id WHERE d.message_id = 0 AND d.given_up IS NULL GROUP BY d.kind"
    )
    return {Kind(kind): Owed(count, max(0.0, now - (since or now))) for kind, count, since in rows}


def _bytes(connection: sqlite3.Connection, path: Path) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    log = path.with_name(f"{path.name}-wal")
    return pages * size + (log.stat().st_size if log.exists() else 0)


_ENTRIES = """
SELECT CASE kind WHEN 'hold' THEN 'held' WHEN 'release' THEN 'released' WHEN 'expire' THEN 'expired'
    WHEN 'capture' THEN 'captured' ELSE CASE WHEN amount < 0 THEN 'taken_back' ELSE 'granted' END
    END AS deed, SUM(ABS(amount))
FROM ledger WHERE id > ? AND id <= ? GROUP BY deed
"""
# A capture is 0 itself: it is of what was held.
_CAPTURED = """
SELECT COALESCE(-SUM(h.amount), 0) FROM ledger e JOIN ledger h ON h.job_id = e.job_id
    AND h.bucket_id = e.bucket_id AND h.kind = 'hold'
WHERE e.id > ? AND e.id <= ? AND e.kind = 'capture'
"""
