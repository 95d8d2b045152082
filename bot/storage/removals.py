"""Messages of ours that are to be deleted, or to show their job without its words: the table is the
queue, and a row goes with its message."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from bot.domain.delivery import Delivery, GivenUp, Kind
from bot.storage import tracing
from bot.storage.database import Database
from bot.storage.rows import job_of


@dataclass(frozen=True)
class Removal:
    """A message in a `channel`, or in the direct messages of a `person`; the other is 0. It is to
    show `job` as that is now; None deletes it."""

    id: int
    message: int
    channel: int
    person: int
    job: str | None
    tries: int


class RemovalRepository:
    """Rows of `removals`. One method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: float) -> Removal | None:
        """The one that has been due for longest."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT * FROM removals WHERE next_try_at <= ? ORDER BY next_try_at, id LIMIT 1",
                (now,),
            ).fetchone()
        )
        return row and Removal(
            row["id"], row["message_id"], row["channel_id"], row["person_id"], row["job_id"],
            row["tries"],
        )  # fmt: skip

    async def postpone(self, removal: Removal, until: float) -> None:
        """Not before `until` again."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE removals SET next_try_at = ?, tries = tries + 1 WHERE id = ?",
                (until, removal.id),
            )
        )

    async def done(self, removal: Removal) -> None:
        """It is gone, or can never be; unless it is to be dealt with otherwise by now."""
        await self._database.transaction(
            lambda c: c.execute(
                "DELETE FROM removals WHERE id = ? AND job_id IS ?", (removal.id, removal.job)
            )
        )


def insert(
    connection: sqlite3.Connection, message: int, channel: int, person: int, job: str | None = None
) -> None:
    """Belongs inside a transaction; what is to be deleted is not shown anew any more."""
    if message and (channel or person):
        connection.execute(
            "INSERT INTO removals (message_id, channel_id, person_id, job_id) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (message_id) DO UPDATE SET job_id = NULL WHERE excluded.job_id IS NULL",
            (message, 0 if person else channel, person, job),
        )


def insert_all(
    connection: sqlite3.Connection, row: sqlite3.Row, *, anew: bool = False, direct: bool = False
) -> None:
    """Every message that shows a job, by its row, or those in `direct` messages. Those of pictures
    alone are deleted in any case; others may be to show it `anew`."""
    job, hidden = row["id"], job_of(row).hidden
    for each in connection.execute("SELECT * FROM deliveries WHERE job_id = ?", (job,)).fetchall():
        person = row["user_id"] if each["kind"] == Kind.DM.value or hidden else 0
        channel = 0 if direct else each["channel_id"]
        insert(connection, each["message_id"], channel, person, job if anew else None)
    if not anew and not direct:
        insert(connection, row["notice_id"], row["channel_id"], 0)
    for each in connection.execute("SELECT * FROM letters WHERE job_id = ?", (job,)).fetchall():
        insert(connection, each["message_id"], 0, each["user_id"])
    connection.execute("DELETE FROM letters WHERE job_id = ?", (job,))


def gone(connection: sqlite3.Connection, job: str) -> bool:
    """Whether a drawn job is no result any more, since its owner deleted it, or moderators did."""
    kept = connection.execute("SELECT 1 FROM results WHERE job_id = ?", (job,)).fetchone()
    return kept is None or tracing.taken_down(connection, job)


def insert_late(connection: sqlite3.Connection, delivery: Delivery, message: int) -> bool:
    """Something was posted that was deleted meanwhile, with its row or without: it goes as well,
    and does not come again. False where it stays."""
    known = connection.execute("SELECT 1 FROM deliveries WHERE id = ?", (delivery.id,)).fetchone()
    if known and not gone(connection, delivery.job):
        return False
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (delivery.job,)).fetchone()
    withdraw(connection, delivery.id)
    alone = delivery.kind is Kind.DM or job_of(row).hidden
    insert(connection, message, delivery.channel, row["user_id"] if alone else 0)
    return True


def withdraw(connection: sqlite3.Connection, delivery: int) -> None:
    """What was not posted never is, of which nobody is told."""
    connection.execute(
        "UPDATE deliveries SET given_up = ?, untold = 0 WHERE id = ? AND message_id = 0",
        (GivenUp.WITHDRAWN.value, delivery),
    )
