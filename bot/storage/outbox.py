"""Results that are to be posted: the table is the queue. One method is one transaction.

A row is written in the transaction that ends its job, and stays as the record of where it went.
"""

from __future__ import annotations

import secrets
import sqlite3

from bot.domain.delivery import Delivery
from bot.storage.database import Database


def new_nonce() -> str:
    """24 characters; Discord takes up to 25."""
    return secrets.token_hex(12)


class OutboxRepository:
    """What is to be posted and what became of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def undelivered(self) -> list[Delivery]:
        """Results that are to be posted, oldest job first."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT o.* FROM outbox o JOIN jobs j ON j.id = o.job_id WHERE o.message_id = 0"
                " AND o.given_up IS NULL ORDER BY j.finished_at"
            ).fetchall()
        )
        return [_delivery(row) for row in rows]

    async def get(self, job: str) -> Delivery | None:
        row = await self._database.read(
            lambda c: c.execute("SELECT * FROM outbox WHERE job_id = ?", (job,)).fetchone()
        )
        return _delivery(row) if row else None

    async def begin_sending(self, job: str, now: float) -> Delivery | None:
        """Note that a POST begins, before it does; returns the row as it was before.

        None when there is nothing to send (any more).
        """

        def run(connection: sqlite3.Connection) -> Delivery | None:
            row = connection.execute(
                "SELECT * FROM outbox WHERE job_id = ? AND message_id = 0 AND given_up IS NULL",
                (job,),
            ).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE outbox SET sending_at = COALESCE(sending_at, ?), tries = tries + 1"
                " WHERE job_id = ?",
                (now, job),
            )
            return _delivery(row)

        return await self._database.transaction(run)

    async def renew_nonce(self, job: str, now: float) -> None:
        """A new POST after the old nonce is forgotten by the other side."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE outbox SET nonce = ?, sending_at = ? WHERE job_id = ? AND message_id = 0",
                (new_nonce(), now, job),
            )
        )

    async def delivered(self, job: str, message: int) -> None:
        """The result is there."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE outbox SET message_id = ? WHERE job_id = ? AND message_id = 0",
                (message, job),
            )
        )

    async def deliver_again(self, job: str, gone: int) -> None:
        """The message `gone` of a result was deleted: post it anew, unless that was done."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE outbox SET message_id = 0, sending_at = NULL, nonce = ?, given_up = NULL"
                " WHERE job_id = ? AND message_id = ?",
                (new_nonce(), job, gone),
            )
        )

    async def take_up(self, job: str) -> None:
        """Somebody asks for a result that was given up: it is to be posted again."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE outbox SET sending_at = NULL, nonce = ?, given_up = NULL"
                " WHERE job_id = ? AND given_up IS NOT NULL",
                (new_nonce(), job),
            )
        )

    async def give_up(self, job: str, why: str) -> None:
        """The result cannot be posted (channel gone, permission lost)."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE outbox SET given_up = ? WHERE job_id = ? AND message_id = 0", (why, job)
            )
        )


def insert(connection: sqlite3.Connection, job: str, channel: int) -> None:
    """The job's result is to be posted; belongs inside the transaction that ends the job."""
    connection.execute(
        "INSERT INTO outbox (job_id, channel_id, nonce) VALUES (?, ?, ?)",
        (job, channel, new_nonce()),
    )


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        job=row["job_id"],
        channel=row["channel_id"],
        nonce=row["nonce"],
        sent_before=row["sending_at"],
        message=row["message_id"],
        tries=row["tries"],
    )
