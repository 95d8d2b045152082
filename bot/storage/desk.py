"""The desks of servers' moderators, and the cards on them: the table is the queue."""

from __future__ import annotations

import sqlite3

from bot.domain.desk import Card, CardKind, Settled
from bot.storage.audit import write_audit
from bot.storage.database import Database
from bot.storage.outbox import new_nonce

_DUE = """
SELECT c.*, d.channel_id AS desk FROM desk_cards c LEFT JOIN desks d ON d.guild_id = c.guild_id
WHERE c.shown < c.revision AND c.next_try_at <= ?
    AND (c.channel_id <> 0 OR d.channel_id IS NOT NULL)
    AND c.guild_id NOT IN (SELECT guild_id FROM departures)
ORDER BY c.next_try_at, c.id LIMIT 1
"""
_OPEN_REPORTS = """
INSERT INTO desk_cards (guild_id, kind, subject, nonce)
SELECT DISTINCT guild_id, 'report', job_id, lower(hex(randomblob(12))) FROM reports
WHERE guild_id = ? AND answer IS NULL ON CONFLICT DO NOTHING
"""


class DeskRepository:
    """Rows of `desks` and `desk_cards`. One method is one transaction. Which servers lost the
    channel of their desk is known until the next start: then the first card for it says so."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lost: set[int] = set()

    async def channel(self, guild: int) -> int:
        """Where a server's desk is; 0 without one."""
        return await self._database.read(lambda c: desk_of(c, guild))

    async def hears(self, guild: int) -> bool:
        """Whether anybody is told on a server what waits, as far as is known."""
        return guild not in self._lost and await self.channel(guild) != 0

    async def lose(self, guild: int, channel: int) -> None:
        """A channel is no more: what waited in it waits for a desk again."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE desk_cards SET channel_id = 0, message_id = 0, sending_at = NULL, shown = 0"
                " WHERE guild_id = ? AND channel_id = ?",
                (guild, channel),
            )

        if await self.channel(guild) == channel:
            self._lost.add(guild)
        # Most channels that go never had any.
        if await self._database.read(lambda c: _has_cards(c, guild, channel)):
            await self._database.transaction(run)

    async def set(self, guild: int, channel: int, actor: int, now: float) -> None:
        """A server's desk is there from now on, with all that waits; 0 switches it off."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM desks WHERE guild_id = ?", (guild,))
            if channel:
                connection.execute("INSERT INTO desks VALUES (?, ?)", (guild, channel))
                connection.execute(_OPEN_REPORTS, (guild,))
            connection.execute(
                "UPDATE desk_cards SET next_try_at = 0, tries = 0 WHERE guild_id = ?", (guild,)
            )
            write_audit(connection, guild, actor, "desk", {"channel": channel}, now)

        await self._database.transaction(run)
        self._lost.discard(guild)

    async def due(self, now: float) -> Card | None:
        """The one that has been due for longest, with the channel where it is or is to be."""
        row = await self._database.read(lambda c: c.execute(_DUE, (now,)).fetchone())
        return row and _card(row, row["channel_id"] or row["desk"])

    async def settled(self, card: Card) -> Settled | None:
        """How it was answered; None where nobody did, or nothing is left of it."""
        return await self._database.read(lambda c: _settled(c, card))

    async def begin(self, card: Card, now: float) -> None:
        """A POST begins in the card's channel."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE desk_cards SET channel_id = ?, sending_at = COALESCE(sending_at, ?)"
                " WHERE id = ?",
                (card.channel, now, card.id),
            )
        )

    async def shown(self, card: Card, message: int) -> None:
        """A message shows it as it is at its revision."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE desk_cards SET message_id = ?, shown = ?, next_try_at = 0, tries = 0"
                " WHERE id = ?",
                (message, card.revision, card.id),
            )
        )

    async def done(self, card: Card) -> None:
        """Nothing of it waits any more, and its message says so; unless something new does."""
        await self._database.transaction(
            lambda c: c.execute(
                "DELETE FROM desk_cards WHERE id = ? AND revision = ?", (card.id, card.revision)
            )
        )

    async def postpone(self, card: Card, until: float, *, arrived: bool) -> None:
        """Not before `until` again, nor what else of that server is to be posted; `arrived` says
        whether it may be there all the same."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE desk_cards SET next_try_at = ?1, tries = tries + 1"
                " WHERE id = ?2 OR guild_id = ?3 AND message_id = 0",
                (until, card.id, card.guild),
            )
            if not arrived:
                connection.execute(
                    "UPDATE desk_cards SET channel_id = 0, sending_at = NULL"
                    " WHERE id = ? AND message_id = 0",
                    (card.id,),
                )

        await self._database.transaction(run)


def desk_of(connection: sqlite3.Connection, guild: int) -> int:
    """Where a server's desk is; 0 without one."""
    row = connection.execute("SELECT channel_id FROM desks WHERE guild_id = ?", (guild,))
    found = row.fetchone()
    return found["channel_id"] if found else 0


def _has_cards(connection: sqlite3.Connection, guild: int, channel: int) -> bool:
    found = connection.execute(
        "SELECT 1 FROM desk_cards WHERE guild_id = ? AND channel_id = ?", (guild, channel)
    )
    return found.fetchone() is not None


def put(connection: sqlite3.Connection, guild: int, kind: CardKind, subject: str) -> None:
    """Something waits there; belongs inside the transaction that says so."""
    connection.execute(
        "INSERT INTO desk_cards (guild_id, kind, subject, nonce) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET revision = revision + 1",
        (guild, kind, subject, new_nonce()),
    )


def _card(row: sqlite3.Row, channel: int) -> Card:
    return Card(
        row["id"], row["guild_id"], row["kind"], row["subject"], row["revision"], channel,
        row["message_id"], row["nonce"], row["sending_at"], row["tries"],
    )  # fmt: skip


def _settled(connection: sqlite3.Connection, card: Card) -> Settled | None:
    answers = {
        "report": "SELECT answer FROM reports WHERE job_id = ? ORDER BY id DESC LIMIT 1",
        "appeal": "SELECT answer FROM appeals WHERE id = ?",
    }
    found = connection.execute(answers[card.kind], (card.subject,)).fetchone()
    if found is None or found["answer"] is None:
        return None
    by = connection.execute(
        "SELECT actor_id FROM audit WHERE guild_id = ? AND deed = ?"
        " AND json_extract(detail, '$.card') = ? ORDER BY id DESC LIMIT 1",
        (card.guild, f"{card.kind} answered", card.subject),
    ).fetchone()
    return Settled(found["answer"], by["actor_id"] if by else 0)
