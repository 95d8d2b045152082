"""Copies of results in direct messages, for who wants them. A row is written with the record of
what became of the result; its channel is the person's id, so that it waits for no server."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from bot.domain.delivery import Delivery, GivenUp
from bot.domain.preferences import Preferences
from bot.storage import preferences
from bot.storage.database import Database
from bot.storage.rows import job_of


class CopyRepository:
    """What becomes of a copy that cannot be sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def give_up(self, copy: Delivery, why: GivenUp, detail: str) -> None:
        """This one is not sent; the result is elsewhere."""
        await self._database.transaction(lambda c: _give_up(c, copy, why, detail))

    async def stop(self, copy: Delivery, detail: str) -> Preferences:
        """Its owner takes no direct messages: no copy is sent until they want them anew, which they
        are to be told. Returns their preferences."""

        def run(connection: sqlite3.Connection) -> Preferences:
            _give_up(connection, copy, GivenUp.REFUSED, detail)
            own = preferences.read(connection, "user", copy.audience)
            if not own.auto_dm:
                return own
            connection.execute(
                "UPDATE deliveries SET given_up = ?, last_error = ? WHERE channel_id = ?"
                " AND kind = 'dm' AND message_id = 0 AND given_up IS NULL",
                (GivenUp.REFUSED.value, detail, copy.channel),
            )
            connection.execute("UPDATE deliveries SET untold = audience WHERE id = ?", (copy.id,))
            off = replace(own, auto_dm=False)
            preferences.write(connection, "user", copy.audience, off)
            return off

        return await self._database.transaction(run)


def insert(connection: sqlite3.Connection, job_id: str, nonce: str) -> None:
    """A copy is to come, where the owner wants one and does not have the result by direct message
    anyway; belongs inside a transaction."""
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if not row["guild_id"] or not preferences.read(connection, "user", row["user_id"]).auto_dm:
        return
    if not job_of(row).hidden:
        connection.execute(
            "INSERT INTO deliveries (job_id, kind, audience, channel_id, nonce)"
            " VALUES (?1, 'dm', ?2, ?2, ?3) ON CONFLICT DO NOTHING",
            (job_id, row["user_id"], nonce),
        )


def _give_up(connection: sqlite3.Connection, copy: Delivery, why: GivenUp, detail: str) -> None:
    connection.execute(
        "UPDATE deliveries SET given_up = ?, last_error = ? WHERE id = ? AND message_id = 0",
        (why.value, detail, copy.id),
    )
