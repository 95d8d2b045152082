"""Deliveries: the table is the queue. One method is one transaction.

A row is written in the transaction that ends its job. That of a result stays as the record of where
it went; that of an end goes when the end is shown.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Collection, Iterable

from bot.domain.delivery import Delivery, GivenUp, Kind
from bot.domain.job import Job
from bot.storage import copies, removals
from bot.storage.database import Database
from bot.storage.rows import job_of

_OPEN = "message_id = 0 AND given_up IS NULL"


def new_nonce() -> str:
    """24 characters; Discord takes up to 25."""
    return secrets.token_hex(12)


class OutboxRepository:
    """What is to be shown in channels, and what became of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(
        self, now: float, busy: Collection[int], limit: int
    ) -> list[tuple[Delivery, Job]]:
        """Rows whose time has come, longest due first: one for each channel that is not `busy`."""
        channels = tuple(busy)  # read on another thread, while the caller's may change
        marks = ", ".join("?" * len(channels))

        def run(connection: sqlite3.Connection) -> list[tuple[Delivery, Job]]:
            rows = connection.execute(
                "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY channel_id ORDER BY"
                f" next_try_at, id) AS place FROM deliveries WHERE {_OPEN} AND next_try_at <= ?"
                f" AND channel_id NOT IN ({marks})) WHERE place = 1 ORDER BY next_try_at, id"
                " LIMIT ?",
                (now, *channels, limit),
            ).fetchall()
            return [(_delivery(row), _job(connection, row["job_id"])) for row in rows]

        return await self._database.read(run)

    async def of_job(self, job_id: str, kind: Kind = Kind.RESULT) -> Delivery | None:
        """The row of that kind; None while there is none."""
        return await self._database.read(lambda c: _of_job(c, job_id, kind))

    async def owed(self, guild: int, user: int) -> list[Delivery]:
        """Results of that person there that could not be posted so far, oldest first."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT d.* FROM jobs j JOIN deliveries d ON d.job_id = j.id WHERE j.guild_id = ?"
                " AND j.user_id = ? AND j.state NOT IN ('waiting', 'running')"
                " AND j.state = 'succeeded' AND d.kind = 'result'"
                " AND d.message_id = 0 AND d.given_up IS NOT ?"
                " AND (d.given_up IS NOT NULL OR d.next_try_at > 0) ORDER BY d.id",
                (guild, user, GivenUp.WITHDRAWN.value),
            ).fetchall()
        )
        return [_delivery(row) for row in rows]

    async def given_up(self, jobs: Iterable[str]) -> int:
        """How many of these jobs have a result that could not be posted."""
        ids = json.dumps(list(jobs))
        return await self._database.read(
            lambda c: c.execute(
                "SELECT COUNT(*) FROM deliveries WHERE job_id IN (SELECT value FROM json_each(?))"
                " AND kind = 'result' AND given_up IS NOT NULL",
                (ids,),
            ).fetchone()[0]
        )

    async def begin(self, delivery: int, now: float) -> Delivery | None:
        """Note that a POST begins, before it does; returns the row as it was before.

        None when there is nothing to send (any more).
        """

        def run(connection: sqlite3.Connection) -> Delivery | None:
            row = connection.execute(
                f"SELECT * FROM deliveries WHERE id = ? AND {_OPEN}", (delivery,)
            ).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE deliveries SET sending_at = COALESCE(sending_at, ?), tries = tries + 1"
                " WHERE id = ?",
                (now, delivery),
            )
            return _delivery(row)

        return await self._database.transaction(run)

    async def renew(self, delivery: int, now: float) -> str:
        """A new nonce for a POST of which no trace was found; returns it."""
        nonce = new_nonce()
        await self._database.transaction(
            lambda c: c.execute(
                f"UPDATE deliveries SET nonce = ?, sending_at = ? WHERE id = ? AND {_OPEN}",
                (nonce, now, delivery),
            )
        )
        return nonce

    async def postpone(self, delivery: int, until: float, why: str) -> None:
        """Not before `until` again."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE deliveries SET next_try_at = ?, last_error = ? WHERE id = ?",
                (until, why, delivery),
            )
        )

    async def delivered(
        self, delivery: Delivery, message: int, *, cleared: bool = False
    ) -> Delivery | None:
        """The result is there, and goes again where it was deleted meanwhile; returns the row that
        now takes its progress message away, unless that is `cleared` away already."""

        def run(connection: sqlite3.Connection) -> Delivery | None:
            late = removals.insert_late(connection, delivery, message)
            if not late:
                connection.execute(
                    "UPDATE deliveries SET message_id = ?, given_up = NULL, untold = 0"
                    " WHERE id = ? AND message_id = 0",
                    (message, delivery.id),
                )
            if delivery.kind is not Kind.RESULT:
                return None
            if not late:
                copies.insert(connection, delivery.job, new_nonce())
            if cleared:
                _forget_notice(connection, delivery.job)
                return None
            return _end_after(connection, delivery.id)

        return await self._database.transaction(run)

    async def give_up(self, delivery: int, why: GivenUp, detail: str) -> Delivery | None:
        """The result cannot be posted; returns the row whose progress message now says so. Until
        it does, or `UntoldRepository.told`, its owner does not know, but of what was deleted."""

        def run(connection: sqlite3.Connection) -> Delivery | None:
            row = connection.execute(
                "UPDATE deliveries SET given_up = ?, last_error = ?, untold ="
                " (SELECT user_id FROM jobs WHERE id = job_id) WHERE id = ? AND message_id = 0"
                " AND given_up IS NOT ? RETURNING job_id",
                (why.value, detail, delivery, GivenUp.WITHDRAWN.value),
            ).fetchone()
            if row is not None and removals.gone(connection, row["job_id"]):
                removals.withdraw(connection, delivery)
            elif row is not None and why is not GivenUp.GONE:
                copies.insert(connection, row["job_id"], new_nonce())
            return _end_after(connection, delivery)

        return await self._database.transaction(run)

    async def deliver_again(self, job_id: str, gone: int) -> None:
        """The message `gone` of a result was deleted: post it anew, unless that was done."""
        await self._database.transaction(lambda c: _afresh(c, job_id, "message_id = ?", gone))

    async def take_up(self, job_id: str) -> Delivery | None:
        """Somebody asks for a result: one that was given up, or waits, is tried now; returns it."""

        def run(connection: sqlite3.Connection) -> Delivery | None:
            _afresh(connection, job_id, "given_up IS NOT ?", None)
            connection.execute(
                f"UPDATE deliveries SET next_try_at = 0 WHERE job_id = ? AND {_OPEN}", (job_id,)
            )
            return _of_job(connection, job_id, Kind.RESULT)

        return await self._database.transaction(run)

    async def withdraw(self, job_id: str) -> None:
        """A result that nobody waits for is not posted."""
        await self._database.transaction(
            lambda c: c.execute(
                f"UPDATE deliveries SET given_up = ? WHERE job_id = ? AND {_OPEN}",
                (GivenUp.WITHDRAWN.value, job_id),
            )
        )

    async def ended(self, delivery: Delivery, *, told: bool = False) -> None:
        """The job's progress message needs no more care; what it showed beside that is shown
        together no more. It may have `told` what could not be posted."""

        def run(connection: sqlite3.Connection) -> None:
            if told:
                connection.execute(
                    "UPDATE deliveries SET untold = 0 WHERE job_id IN"
                    " (SELECT id FROM jobs WHERE id = ?1 OR batch_id = ?1)",
                    (delivery.job,),
                )
            connection.execute("DELETE FROM deliveries WHERE id = ?", (delivery.id,))
            _forget_notice(connection, delivery.job)
            connection.execute(
                "UPDATE jobs SET batch_id = NULL WHERE batch_id = ?", (delivery.job,)
            )

        await self._database.transaction(run)

    async def set_notice(self, job_id: str, message: int) -> None:
        """Remember which message shows the job's progress; one that comes after the job's end is
        brought to it."""

        def run(connection: sqlite3.Connection) -> None:
            row = connection.execute(
                "UPDATE jobs SET notice_id = ? WHERE id = ? RETURNING state", (message, job_id)
            ).fetchone()
            over = row is not None and row["state"] not in ("waiting", "running")
            result = _of_job(connection, job_id, Kind.RESULT)
            if over and (result is None or result.message or result.given_up):
                insert_end(connection, job_id)

        await self._database.transaction(run)


def _afresh(connection: sqlite3.Connection, job_id: str, condition: str, value: int | None) -> None:
    connection.execute(
        "UPDATE deliveries SET message_id = 0, sending_at = NULL, nonce = ?, given_up = NULL,"
        f" untold = 0, next_try_at = 0 WHERE job_id = ? AND kind = 'result' AND {condition}",
        (new_nonce(), job_id, value),
    )


def _forget_notice(connection: sqlite3.Connection, job_id: str) -> None:
    connection.execute("UPDATE jobs SET notice_id = 0 WHERE id = ?", (job_id,))


def insert(connection: sqlite3.Connection, job_id: str, kind: Kind) -> None:
    """Something is to be shown where the job was asked for, within the transaction that ends it."""
    connection.execute(
        "INSERT INTO deliveries (job_id, kind, channel_id, nonce)"
        " SELECT id, ?, channel_id, ? FROM jobs WHERE id = ? ON CONFLICT DO NOTHING",
        (kind.value, new_nonce(), job_id),
    )


def insert_end(connection: sqlite3.Connection, job_id: str) -> Delivery | None:
    """The message that shows the job is to be brought to its end; one that shows others, too, once
    all of them have ended and what was drawn is dealt with. Returns the row for that."""
    shown_by = connection.execute(
        "SELECT COALESCE(batch_id, id) AS id FROM jobs WHERE id = ?", (job_id,)
    ).fetchone()["id"]
    left = connection.execute(
        "SELECT 1 FROM jobs j LEFT JOIN deliveries d ON d.job_id = j.id AND d.kind = 'result'"
        " WHERE j.batch_id = ? AND (j.state IN ('waiting', 'running')"
        " OR d.message_id = 0 AND d.given_up IS NULL) LIMIT 1",
        (shown_by,),
    ).fetchone()
    if left:
        return None
    insert(connection, shown_by, Kind.END)
    return _of_job(connection, shown_by, Kind.END)


def _end_after(connection: sqlite3.Connection, delivery: int) -> Delivery | None:
    """The result is dealt with, so its progress message may go, if one is known; that of a batch
    may have to tell of other jobs, too."""
    row = connection.execute(
        "SELECT j.id FROM deliveries d JOIN jobs j ON j.id = d.job_id WHERE d.id = ?"
        " AND (j.notice_id <> 0 OR j.batch_id IS NOT NULL)",
        (delivery,),
    ).fetchone()
    return insert_end(connection, row["id"]) if row else None


def _of_job(connection: sqlite3.Connection, job_id: str, kind: Kind) -> Delivery | None:
    row = connection.execute(
        "SELECT * FROM deliveries WHERE job_id = ? AND kind = ?", (job_id, kind.value)
    ).fetchone()
    return _delivery(row) if row else None


def _job(connection: sqlite3.Connection, job_id: str) -> Job:
    return job_of(connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone())


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        id=row["id"],
        job=row["job_id"],
        kind=Kind(row["kind"]),
        channel=row["channel_id"],
        nonce=row["nonce"],
        audience=row["audience"],
        sent_before=row["sending_at"],
        message=row["message_id"],
        tries=row["tries"],
        given_up=None if row["given_up"] is None else GivenUp(row["given_up"]),
    )
