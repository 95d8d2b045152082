"""What was bought through Discord: entitlements, the credits that came of them, where to.

Discord may say the same again, late, or out of order, so every word is laid over what is known:
once deleted or consumed stays so. Credits are granted in the transaction that writes this down.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.people import Account
from bot.domain.shop import GRACE_S, Assortment, Entitlement, Pack, Possession, Stock
from bot.storage.database import Database
from bot.storage.packs import grant_pack, take_back

VISIT_S = 86_400.0
"""For how long it counts where somebody opened the shop."""


@dataclass(frozen=True)
class Granted:
    """Credits of an entitlement are in somebody's account now."""

    entitlement: int
    account: Account
    pack: Pack


@dataclass(frozen=True)
class GivenBack:
    """Credits of an entitlement that were taken back, and those that had been spent."""

    entitlement: int
    taken: int
    written_off: int


Outcome = Granted | GivenBack | None


@dataclass(frozen=True)
class Owed:
    """Discord is to be told that an entitlement was taken in; asked so often before."""

    entitlement: int
    tries: int


class EntitlementRepository:
    """Rows of `entitlements`, `plans_sold` and `shop_visits`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sell(self, plans: Mapping[int, str]) -> None:
        """These are the plans that are sold from now on."""

        def run(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM plans_sold")
            connection.executemany("INSERT INTO plans_sold VALUES (?, ?)", plans.items())

        await self._database.transaction(run)

    async def take(
        self, entitlement: Entitlement, pack: Pack | None, now: float, *, listed: bool = False
    ) -> Outcome:
        """Write down what Discord says of an entitlement, and do what follows from it, once: the
        credits of a `pack` are granted where a place for them is known, and taken back when it was
        given back.

        `listed` is said of a list, which knows the end of a subscription better than an event that
        may be late. A pack that was consumed before anything was known of it is somebody else's.
        """

        def run(connection: sqlite3.Connection) -> Outcome:
            row = _laid_over(connection, entitlement, listed)
            if row["deleted"]:
                return _give_back(connection, row, now)
            if pack is None or row["bucket_id"] is not None or row["consumed"]:
                return None
            account = _place(connection, row, now)
            return _grant(connection, row["id"], account, pack, now) if account else None

        return await self._database.transaction(run)

    async def known(self, entitlement: int) -> bool:
        """Whether Discord told of it before."""
        return await self._database.read(
            lambda c: bool(
                c.execute("SELECT 1 FROM entitlements WHERE id = ?", (entitlement,)).fetchone()
            )
        )

    async def waiting(self, packs: Mapping[int, Pack]) -> set[int]:
        """Who has packs for which no place is known."""
        rows = await self._database.read(
            lambda c: c.execute(f"SELECT user_id, sku_id FROM {_WAITING}").fetchall()
        )
        return {row["user_id"] for row in rows if row["sku_id"] in packs}

    async def settle(
        self, account: Account, packs: Mapping[int, Pack], now: float
    ) -> list[Granted]:
        """Grant everything that waits for its owner to this account of theirs."""

        def run(connection: sqlite3.Connection) -> list[Granted]:
            rows = connection.execute(
                f"SELECT id, sku_id FROM {_WAITING} AND user_id = ? ORDER BY id", (account.user,)
            ).fetchall()
            return [
                _grant(connection, row["id"], account, packs[row["sku_id"]], now)
                for row in rows
                if row["sku_id"] in packs
            ]

        return await self._database.transaction(run)

    async def visit(self, account: Account, now: float) -> None:
        """Somebody opened the shop; packs that they buy now go to this account."""
        await self._database.transaction(
            lambda c: c.execute(
                "INSERT INTO shop_visits (user_id, guild_id, opened_at) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET guild_id = excluded.guild_id,"
                " opened_at = excluded.opened_at",
                (account.user, account.guild, now),
            )
        )

    async def possession(self, account: Account, assortment: Assortment, now: float) -> Possession:
        """What the account's owner has, there and elsewhere."""

        def run(connection: sqlite3.Connection) -> Possession:
            packs, elsewhere = _stock(connection, account, now)
            rows = connection.execute(
                f"SELECT sku_id FROM {_WAITING} AND user_id = ? ORDER BY id", (account.user,)
            )
            waiting = tuple(row["sku_id"] for row in rows if row["sku_id"] in assortment.packs)
            plans = _plans(connection, account.user, account.guild, now)
            return Possession(packs, elsewhere, waiting, plans)

        return await self._database.read(run)

    # The queue of what Discord is to be told

    async def due(self, now: float) -> Owed | None:
        """What is to be consumed at Discord and has waited for longest."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT id, tries FROM entitlements WHERE bucket_id IS NOT NULL AND consumed = 0"
                " AND deleted = 0 AND next_try_at <= ? ORDER BY next_try_at, id LIMIT 1",
                (now,),
            ).fetchone()
        )
        return Owed(row["id"], row["tries"]) if row else None

    async def consumed(self, entitlement: int) -> None:
        """Discord knows."""
        await self._database.transaction(
            lambda c: c.execute("UPDATE entitlements SET consumed = 1 WHERE id = ?", (entitlement,))
        )

    async def postpone(self, owed: Owed, until: float) -> None:
        """Not before then again."""
        await self._database.transaction(
            lambda c: c.execute(
                "UPDATE entitlements SET next_try_at = ?, tries = tries + 1 WHERE id = ?",
                (until, owed.entitlement),
            )
        )


_WAITING = "entitlements WHERE bucket_id IS NULL AND consumed = 0 AND deleted = 0 AND user_id <> 0"


def plans_of(connection: sqlite3.Connection, user: int, guild: int, now: float) -> list[str]:
    """Names of the plans that somebody has on a server (0: in direct messages) by what they, or
    somebody for the whole server, bought; sorted, each once."""
    return sorted(_plans(connection, user, guild, now))


def _plans(
    connection: sqlite3.Connection, user: int, guild: int, now: float
) -> dict[str, float | None]:
    """By name; each until the latest end that is known."""
    rows = connection.execute(
        "SELECT plan, CASE WHEN COUNT(ends_at) = COUNT(*) THEN MAX(ends_at) END AS ends_at"
        " FROM entitlements JOIN plans_sold USING (sku_id) WHERE deleted = 0"
        " AND (starts_at IS NULL OR starts_at <= ?3) AND (ends_at IS NULL OR ends_at > ?3 - ?4)"
        " AND ((user_id = ?1 AND guild_id = 0) OR (guild_id = ?2 AND guild_id <> 0))"
        " GROUP BY plan",
        (user, guild, now, GRACE_S),
    )
    return {row["plan"]: row["ends_at"] for row in rows}


def _laid_over(connection: sqlite3.Connection, it: Entitlement, listed: bool) -> sqlite3.Row:
    """The row as it is now. An event that comes late does not take an end back, a list does."""
    ends_at = "excluded.ends_at" if listed else "COALESCE(excluded.ends_at, ends_at)"
    return connection.execute(
        "INSERT INTO entitlements"
        " (id, sku_id, user_id, guild_id, starts_at, ends_at, deleted, consumed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        f" starts_at = COALESCE(excluded.starts_at, starts_at), ends_at = {ends_at},"
        " deleted = MAX(deleted, excluded.deleted), consumed = MAX(consumed, excluded.consumed)"
        " RETURNING *",
        (it.id, it.sku, it.user, it.guild, it.starts_at, it.ends_at, it.deleted, it.consumed),
    ).fetchone()


def _place(connection: sqlite3.Connection, row: sqlite3.Row, now: float) -> Account | None:
    """Whose credits a pack's are, as far as it is known by now."""
    if not row["user_id"]:
        return None
    if row["guild_id"]:
        return Account(row["guild_id"], row["user_id"])
    visit = connection.execute(
        "SELECT guild_id FROM shop_visits WHERE user_id = ? AND opened_at > ?",
        (row["user_id"], now - VISIT_S),
    ).fetchone()
    return Account(visit["guild_id"], row["user_id"]) if visit else None


def _grant(
    connection: sqlite3.Connection, entitlement: int, account: Account, pack: Pack, now: float
) -> Granted:
    bucket = grant_pack(connection, account, pack, now)
    connection.execute(
        "UPDATE entitlements SET bucket_id = ?, credits = ? WHERE id = ?",
        (bucket, pack.credits, entitlement),
    )
    return Granted(entitlement, account, pack)


def _give_back(connection: sqlite3.Connection, row: sqlite3.Row, now: float) -> GivenBack | None:
    if row["bucket_id"] is None or row["written_off"] is not None:
        return None
    gone = take_back(connection, row["bucket_id"], row["credits"], now)
    connection.execute("UPDATE entitlements SET written_off = ? WHERE id = ?", (gone, row["id"]))
    return GivenBack(row["id"], row["credits"] - gone, gone)


def _stock(
    connection: sqlite3.Connection, account: Account, now: float
) -> tuple[tuple[Stock, ...], int]:
    rows = connection.execute(
        "SELECT e.sku_id, b.guild_id, b.balance, b.expires_at FROM entitlements e"
        " JOIN buckets b ON b.id = e.bucket_id WHERE e.user_id = ? AND e.deleted = 0"
        " AND b.balance > 0 AND (b.expires_at IS NULL OR b.expires_at > ?)"
        " ORDER BY b.expires_at IS NULL, b.expires_at, b.id",
        (account.user, now),
    ).fetchall()
    here = tuple(
        Stock(row["sku_id"], row["balance"], row["expires_at"])
        for row in rows
        if row["guild_id"] == account.guild
    )
    return here, sum(row["balance"] for row in rows if row["guild_id"] != account.guild)
