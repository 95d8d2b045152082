"""The book of credits for whoever checks it: statements, exports, and whether it balances."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.people import Account
from bot.domain.usual import HIDDEN
from bot.storage.database import Database

COLUMNS = (
    "entry", "at", "server", "user", "kind", "amount", "source", "bucket", "job", "actor", "reason",
)  # fmt: skip
"""Of an export; `at` is UTC seconds. User 0 is the server's pool."""


@dataclass(frozen=True)
class Entry:
    """One line of a statement: whole credits, and from what `source` they are; empty is the
    allowance. `held` is one whose job is under way."""

    at: float
    kind: str
    amount: int
    source: str
    job: str
    actor: int
    reason: str
    pool: bool
    held: bool


class StatementRepository:
    """Only reads, and holds nobody up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, account: Account, limit: int) -> list[Entry]:
        """What changed of an account, and what it drew from the pool, newest first; a job whose
        pictures were paid is one line, and one that gave its credits back is none."""
        return await self._database.report(lambda c: statement(c, account, limit))

    async def export(self, guild: int, user: int | None = None) -> list[tuple[object, ...]]:
        """Every entry of a server's accounts, or of one person's there and what the pool paid for
        them, oldest first, as `COLUMNS`; of jobs that are their owners' alone the id's last
        letters."""

        def run(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
            return list(exported(connection, guild, user, whole=False))

        return await self._database.report(run)


def statement(connection: sqlite3.Connection, account: Account, limit: int) -> list[Entry]:
    """See `StatementRepository.of`."""
    rows = connection.execute(
        _STATEMENT, {"guild": account.guild, "user": account.user, "limit": limit}
    )
    return [
        Entry(
            row["at"],
            row["kind"],
            row["amount"],
            row["source"],
            row["job"] or "",
            row["actor"],
            row["reason"],
            bool(row["pool"]),
            bool(row["held"]),
        )
        for row in rows
    ]


_STATEMENT = """
SELECT l.created_at AS at, l.kind, l.amount, b.source, l.job_id AS job, l.actor_id AS actor,
    l.reason, b.user_id <> :user AS pool, l.kind = 'hold' AND e.id IS NULL AS held
FROM ledger l JOIN buckets b ON b.id = l.bucket_id
LEFT JOIN ledger e ON e.job_id = l.job_id AND e.bucket_id = l.bucket_id
    AND e.kind IN ('capture', 'release')
WHERE (b.guild_id = :guild AND b.user_id = :user
    OR l.kind = 'hold' AND l.actor_id = :user AND b.guild_id = :guild AND b.user_id = 0)
    AND l.amount <> 0 AND l.kind <> 'release' AND (l.kind <> 'hold' OR e.kind IS NOT 'release')
ORDER BY l.id DESC LIMIT :limit
"""


# Who knows all of an id could try it where the job is hidden.
_JOB = f"""
CASE WHEN json_valid(j.request) AND NOT COALESCE(json_extract(j.request, '$.extra.{HIDDEN}'), 0)
    THEN l.job_id ELSE substr(l.job_id, -8) END
"""


def exported(
    connection: sqlite3.Connection, guild: int | None = None, user: int | None = None,
    *, whole: bool = True,
) -> Iterator[tuple[object, ...]]:  # fmt: skip
    """Entries as `COLUMNS`, oldest first, of all servers where none is named, of a user also what
    the pool paid for them; with `whole` ids also of jobs that are their owners' alone."""
    job = "l.job_id" if whole else _JOB
    rows = connection.execute(
        "SELECT l.id, l.created_at, b.guild_id, b.user_id, l.kind, l.amount,"
        f" CASE b.kind WHEN 'allowance' THEN 'allowance' ELSE b.source END, b.id, {job},"
        " l.actor_id, l.reason FROM ledger l JOIN buckets b ON b.id = l.bucket_id"
        " LEFT JOIN jobs j ON j.id = l.job_id"
        " WHERE (?1 IS NULL OR b.guild_id = ?1) AND (?2 IS NULL OR b.user_id = ?2"
        " OR b.user_id = 0 AND l.actor_id = ?2 AND l.job_id IS NOT NULL) ORDER BY l.id",
        (guild, user),
    )
    return (tuple(row) for row in rows)


def written(entry: tuple[object, ...]) -> list[object]:
    """An entry of an export as a CSV has it: its time as ISO 8601 in UTC, and what a spreadsheet
    would take for a formula as text."""
    id, at, *rest = entry
    return [id, moment(at), *map(_cell, rest)]


def moment(at: object) -> str:
    """UTC seconds as ISO 8601."""
    return dt.datetime.fromtimestamp(float(str(at)), dt.UTC).isoformat(timespec="seconds")


def _cell(value: object) -> object:
    risky = isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{value}" if risky else value


def faults(connection: sqlite3.Connection, limit: int = 20) -> list[str]:
    """What does not balance, a sentence each; at most `limit` of each kind. Empty where every
    credit that was given is spent, gone by its date, held or there."""
    return [
        sentence.format(*row)
        for sentence, query in _CHECKS
        for row in connection.execute(f"{query} LIMIT {limit}")
    ]


_ENDED = "('succeeded', 'failed', 'cancelled')"
_CHECKS = (
    (
        "Bucket {} holds {}, and its entries make {}.",
        "SELECT b.id, b.balance, COALESCE(SUM(l.amount), 0) AS made FROM buckets b"
        " LEFT JOIN ledger l ON l.bucket_id = b.id GROUP BY b.id HAVING made <> b.balance",
    ),
    (
        "Entry {} belongs to bucket {}, which is not there.",
        "SELECT id, bucket_id FROM ledger WHERE bucket_id NOT IN (SELECT id FROM buckets)",
    ),
    (
        "Bucket {} is overdrawn: {}.",
        "SELECT id, balance FROM buckets WHERE kind = 'lasting' AND balance < 0",
    ),
    (
        "Job {} is {}, and {} credits are held for it still.",
        "SELECT j.id, j.state, -SUM(h.amount) FROM jobs j JOIN ledger h ON h.job_id = j.id"
        f" AND h.kind = 'hold' WHERE j.state IN {_ENDED} AND NOT EXISTS (SELECT 1 FROM ledger e"
        " WHERE e.job_id = h.job_id AND e.bucket_id = h.bucket_id"
        " AND e.kind IN ('capture', 'release')) GROUP BY j.id",
    ),
    (
        "Job {} is {}, and its credits were settled by: {}.",
        "SELECT j.id, j.state, e.kind FROM jobs j JOIN ledger e ON e.job_id = j.id WHERE"
        " e.kind = 'capture' AND j.state <> 'succeeded' OR e.kind = 'release'"
        " AND j.state NOT IN ('failed', 'cancelled')",
    ),
    (
        "Job {} costs {}, and {} were held for it.",
        "SELECT j.id, j.cost, COALESCE(-SUM(h.amount), 0) AS held FROM jobs j LEFT JOIN ledger h"
        " ON h.job_id = j.id AND h.kind = 'hold' GROUP BY j.id HAVING held <> j.cost",
    ),
    (
        "Job {} gave back {} of {} credits from bucket {}.",
        "SELECT r.job_id, r.amount, -h.amount, r.bucket_id FROM ledger r JOIN ledger h"
        " ON h.job_id = r.job_id AND h.bucket_id = r.bucket_id AND h.kind = 'hold'"
        " WHERE r.kind = 'release' AND r.amount <> -h.amount",
    ),
)
