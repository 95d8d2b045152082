"""What is wrong in the database: rows that contradict each other, or cannot be read.

Each look only reads; a mend writes, inside the transaction of whoever calls it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence

from bot.doctor.finding import Finding, counted
from bot.domain.action import Kind as Work
from bot.domain.delivery import GivenUp, Kind
from bot.domain.errors import new_reference
from bot.domain.job import DELETED, Failure
from bot.storage import ends, entries, outbox, rows, statements

_UNFINISHED = "('waiting', 'running')"
_HELD = f"""
SELECT DISTINCT j.id, j.state FROM jobs j JOIN ledger h ON h.job_id = j.id AND h.kind = 'hold'
WHERE j.state NOT IN {_UNFINISHED} AND NOT EXISTS (SELECT 1 FROM ledger e WHERE e.job_id = h.job_id
    AND e.bucket_id = h.bucket_id AND e.kind IN ('capture', 'release'))
"""
_UNPOSTED = """
SELECT j.id FROM jobs j JOIN results r ON r.job_id = j.id WHERE j.state = 'succeeded'
AND EXISTS (SELECT 1 FROM images i WHERE i.job_id = j.id AND i.evicted_at IS NULL)
AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.job_id = j.id AND d.kind = 'result')
"""
_UNPOSTABLE = """
SELECT d.id FROM deliveries d JOIN jobs j ON j.id = d.job_id WHERE d.kind IN ('result', 'dm')
AND d.message_id = 0 AND d.given_up IS NULL AND j.state <> 'succeeded'
"""
_KEPT_BYTES = """
SELECT (SELECT bytes FROM kept), (SELECT COALESCE(SUM(bytes), 0) FROM blobs)
+ (SELECT COALESCE(SUM(bytes), 0) FROM images i WHERE evicted_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM images o WHERE o.job_id = i.linked_job AND o.idx = i.linked_idx
        AND o.evicted_at IS NULL))
"""


def damage(connection: sqlite3.Connection) -> str:
    """Why the file itself is damaged; empty where it is whole."""
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == ["ok"] else "; ".join(" ".join(found).split("\n"))


def in_books(connection: sqlite3.Connection, now: float) -> Iterator[Finding]:
    """What is wrong in a database that is whole; `now` is when a mend is done."""
    for look in (_references, _holds, _unreadable, _unposted, _unpostable, _load):
        yield from look(connection, now)
    yield from _balance(connection)


def _references(connection: sqlite3.Connection, _now: float) -> Iterator[Finding]:
    tables: dict[str, int] = {}
    for row in connection.execute("PRAGMA foreign_key_check"):
        tables[row[0]] = tables.get(row[0], 0) + 1
    if tables:
        where = ", ".join(f"{name} {number}" for name, number in sorted(tables.items()))
        words = counted(sum(tables.values()), "row names", "rows name")
        yield Finding(
            f"{words} what is not there ({where})",
            "`easel restore` takes a copy from before",
        )


def _holds(connection: sqlite3.Connection, now: float) -> Iterator[Finding]:
    found = connection.execute(_HELD).fetchall()

    def settle() -> None:
        for job, state in found:
            close = entries.capture if state == "succeeded" else entries.release
            close(connection, job, now)

    if found:
        yield Finding(
            f"{counted(len(found), 'job has', 'jobs have')} ended, and credits are held for"
            f" {'it' if len(found) == 1 else 'them'} still",
            "they are spent where there are pictures and given back where there are none",
            settle,
        )


def _unreadable(connection: sqlite3.Connection, now: float) -> Iterator[Finding]:
    waiting, ended = [], 0
    for job, state, request in connection.execute("SELECT id, state, request FROM jobs"):
        if not _is_lost(request):
            continue
        if state in ("waiting", "running"):
            waiting.append(job)
        elif state == "succeeded":  # of the others nothing is drawn again
            ended += 1

    def give_up() -> None:
        for job in waiting:
            sentence = "Something went wrong while drawing; please try again."
            ends.fail(connection, job, Failure(sentence, new_reference(), code="unreadable"), now)

    if waiting:
        yield Finding(
            f"{counted(len(waiting), 'job that waits', 'jobs that wait')} cannot be read",
            "they fail, free of charge, and who asked is told",
            give_up,
        )
    if ended:
        yield Finding(
            f"{counted(ended, 'job that ended', 'jobs that ended')} cannot be read, so nothing is"
            " drawn from it again",
            "`easel restore` takes a copy from before; their pictures stay",
        )


def _is_lost(written: str) -> bool:
    request = rows.request_of(written)
    why = dict(request.extra).get("unreadable")
    return request.kind is Work.LOST and why != DELETED


def _unposted(connection: sqlite3.Connection, _now: float) -> Iterator[Finding]:
    found = _ids(connection, _UNPOSTED)
    if found:
        yield Finding(
            f"{counted(len(found), 'result was', 'results were')} never put up for posting",
            "the bot posts them after its next start",
            _each(found, lambda job: outbox.insert(connection, job, Kind.RESULT)),
        )


def _unpostable(connection: sqlite3.Connection, _now: float) -> Iterator[Finding]:
    found = _ids(connection, _UNPOSTABLE)

    def withdraw(delivery: str) -> None:
        connection.execute(
            "UPDATE deliveries SET given_up = ? WHERE id = ?",
            (GivenUp.WITHDRAWN.value, delivery),
        )

    if found:
        yield Finding(
            f"{counted(len(found), 'result is', 'results are')} to be posted of jobs without any",
            "they are withdrawn",
            _each(found, withdraw),
        )


def _load(connection: sqlite3.Connection, _now: float) -> Iterator[Finding]:
    told, made = connection.execute(_KEPT_BYTES).fetchone()
    if told != made:
        yield Finding(
            f"pictures are said to weigh {told:,} bytes and weigh {made:,}",
            "the number is set right",
            lambda: connection.execute("UPDATE kept SET bytes = ?", (made,)) and None,
        )


def _balance(connection: sqlite3.Connection) -> Iterator[Finding]:
    found = [each for each in statements.faults(connection) if "are held for it still" not in each]
    if found:
        yield Finding(
            f"the book of credits does not balance in {counted(len(found), 'place', 'places')}",
            "`easel ledger verify` says where; nothing here writes amounts into it",
        )


def _ids(connection: sqlite3.Connection, query: str) -> list[str]:
    return [row[0] for row in connection.execute(query)]


def _each(found: Sequence[str], mend: Callable[[str], object]) -> Callable[[], None]:
    def run() -> None:
        for one in found:
            mend(one)

    return run
