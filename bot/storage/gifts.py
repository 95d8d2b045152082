"""Credits for whoever comes: offers to everybody with a role, and gift codes."""

from __future__ import annotations

import hmac
import sqlite3
from dataclasses import dataclass

from bot.domain.errors import NotFound, UserError
from bot.domain.language import N_, _, moment, spoken
from bot.domain.people import Account
from bot.storage import entries
from bot.storage.audit import write_audit
from bot.storage.database import Database

HOUR_S, DAY_S = 3600.0, 86_400.0
GUESSES = 5
"""Wrong codes of one person within an hour."""
CODES_MAX = 1000
"""Of a server, those that can be used."""
UNKNOWN = N_("This is no gift code of this server, or it is used up or past its date.")
GUESSED = N_("You gave too many wrong codes; try again {when}.")


@dataclass(frozen=True)
class Offer:
    """Whole credits for everybody with a role, None for all; `expires_at` is UTC seconds, None for
    good. `taken` is how many have them."""

    id: int
    role: int | None
    amount: int
    expires_at: float | None
    reason: str
    taken: int


@dataclass(frozen=True)
class Terms:
    """What a code is worth: whole credits for so many people, each once, until `ends_at` (UTC
    seconds, None for good); the credits last so many `days`, None for good."""

    amount: int
    uses: int = 1
    ends_at: float | None = None
    days: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Code:
    """A code by its number, for nobody knows it but whom it was given to."""

    id: int
    terms: Terms
    used: int


class GiftRepository:
    """One method is one transaction; what is decided is written with its audit entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def offer(
        self, guild: int, role: int, amount: int, expires_at: float | None, actor: int,
        reason: str, now: float,
    ) -> None:  # fmt: skip
        """Everybody with the role has these from what they do next on."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO offers (guild_id, role_id, amount, expires_at, actor_id, reason,"
                " created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (guild, role, amount, expires_at, actor, reason, now),
            )
            detail = {"role": None if role == guild else role, "amount": amount, "reason": reason}
            if expires_at is not None:
                detail["until"] = expires_at
            write_audit(connection, guild, actor, "quota offer", detail, now)

        await self._database.transaction(run)

    async def offers(self, guild: int, now: float) -> list[Offer]:
        """Those that can be taken, oldest first."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT o.*, (SELECT COUNT(*) FROM buckets b WHERE b.guild_id = o.guild_id AND"
                " b.origin = 'offer:' || o.id) AS taken FROM offers o WHERE guild_id = ?"
                " AND (expires_at IS NULL OR expires_at > ?) ORDER BY id",
                (guild, now),
            ).fetchall()
        )
        return [
            Offer(
                row["id"],
                None if row["role_id"] == guild else row["role_id"],
                row["amount"],
                row["expires_at"],
                row["reason"],
                row["taken"],
            )
            for row in rows
        ]

    async def end(
        self, guild: int, actor: int, now: float, *, code: int | None = None,
        offer: int | None = None,
    ) -> None:  # fmt: skip
        """Nobody uses this code and takes this offer any more; who did keeps what it gave. Raises
        NotFound where one is not there, and ends neither then."""

        def run(connection: sqlite3.Connection) -> None:
            if code is not None:
                _end_code(connection, guild, code, now)
                write_audit(connection, guild, actor, "quota code end", {"code": code}, now)
            if offer is not None:
                _end_offer(connection, guild, offer)
                write_audit(connection, guild, actor, "quota offer end", {"offer": offer}, now)

        await self._database.transaction(run)

    async def add(self, guild: int, digest: str, terms: Terms, actor: int, now: float) -> int:
        """A new code by its digest; returns its number. Raises UserError for too many."""

        def run(connection: sqlite3.Connection) -> int:
            if len(_usable(connection, guild, now)) >= CODES_MAX:
                most = spoken().number(CODES_MAX)
                raise UserError(
                    _("A server has at most {most} gift codes; end some first.", most=most)
                )
            id = connection.execute(
                "INSERT INTO codes (guild_id, digest, amount, uses, ends_at, days, actor_id, note,"
                " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (
                    guild, digest, terms.amount, terms.uses, terms.ends_at, terms.days, actor,
                    terms.note, now,
                ),
            ).fetchone()[0]  # fmt: skip
            detail = {"code": id, "amount": terms.amount, "uses": terms.uses, "reason": terms.note}
            write_audit(connection, guild, actor, "quota code", detail, now)
            return id

        return await self._database.transaction(run)

    async def codes(self, guild: int, now: float) -> list[Code]:
        """Those that can be used, oldest first."""
        rows = await self._database.read(lambda c: _usable(c, guild, now))
        return [
            Code(
                row["id"],
                Terms(row["amount"], row["uses"], row["ends_at"], row["days"], row["note"]),
                row["used"],
            )
            for row in rows
        ]

    async def forget_tries(self, now: float) -> None:
        """Wrong codes of more than an hour ago count no more."""
        await self._database.transaction(lambda c: _forget_tries(c, now))

    async def redeem(self, account: Account, digest: str, now: float) -> Code | str:
        """Give somebody a code's credits; returns the code as it was used, or why not, which is
        remembered: too many wrong ones in an hour are not even looked at."""

        def run(connection: sqlite3.Connection) -> Code | str:
            again = _next_guess(connection, account.user, now)
            if again is not None:
                return _(GUESSED, when=moment(again, "R"))
            rows = _usable(connection, account.guild, now)
            # Each is compared, in as long for a wrong one as for a right one.
            row = next((r for r in rows if hmac.compare_digest(r["digest"], digest)), None)
            if row is None:
                connection.execute("INSERT INTO code_tries VALUES (?, ?)", (account.user, now))
                return _(UNKNOWN)
            return _redeemed(connection, account, row, now)

        return await self._database.transaction(run)


def _end_code(connection: sqlite3.Connection, guild: int, id: int, now: float) -> None:
    ended = connection.execute(
        "UPDATE codes SET ends_at = ? WHERE guild_id = ? AND id = ?"
        " AND (ends_at IS NULL OR ends_at > ?) AND used < uses",
        (now, guild, id, now),
    )
    if not ended.rowcount:
        raise NotFound(_("There is no such code here (any more)."))


def _end_offer(connection: sqlite3.Connection, guild: int, id: int) -> None:
    gone = connection.execute("DELETE FROM offers WHERE guild_id = ? AND id = ?", (guild, id))
    if not gone.rowcount:
        raise NotFound(_("There is no such offer here (any more)."))


def _redeemed(
    connection: sqlite3.Connection, account: Account, row: sqlite3.Row, now: float
) -> Code | str:
    terms = Terms(row["amount"], row["uses"], row["ends_at"], row["days"], row["note"])
    origin = f"code:{row['id']}"
    if connection.execute(
        "SELECT 1 FROM buckets WHERE guild_id = ? AND user_id = ? AND origin = ?",
        (account.guild, account.user, origin),
    ).fetchone():
        return _("You used this code before; each gives its credits to one person once.")
    until = None if terms.days is None else now + terms.days * DAY_S
    entries.grant(
        connection, account, terms.amount, row["actor_id"], terms.note or "gift code", now,
        source="gift code", expires_at=until, origin=origin,
    )  # fmt: skip
    connection.execute("UPDATE codes SET used = used + 1 WHERE id = ?", (row["id"],))
    return Code(row["id"], terms, row["used"] + 1)


def _usable(connection: sqlite3.Connection, guild: int, now: float) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT * FROM codes WHERE guild_id = ? AND used < uses"
        " AND (ends_at IS NULL OR ends_at > ?) ORDER BY id",
        (guild, now),
    ).fetchall()


def _next_guess(connection: sqlite3.Connection, user: int, now: float) -> float | None:
    """When the next code of this person is looked at; None for at once."""
    _forget_tries(connection, now)
    tries = connection.execute(
        "SELECT created_at FROM code_tries WHERE user_id = ? ORDER BY created_at DESC LIMIT ?",
        (user, GUESSES),
    ).fetchall()
    return tries[-1][0] + HOUR_S if len(tries) == GUESSES else None


def _forget_tries(connection: sqlite3.Connection, now: float) -> None:
    connection.execute("DELETE FROM code_tries WHERE created_at <= ?", (now - HOUR_S,))
