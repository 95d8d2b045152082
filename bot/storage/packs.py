"""Packs in the ledger: a bucket of its own for each that was bought, and what is left of it taken
back. Both belong inside a transaction."""

from __future__ import annotations

import sqlite3

from bot.domain.people import Account
from bot.domain.shop import Pack
from bot.storage import entries

_DISCORD = 0
"""Who takes back what was given back: nobody here."""


def grant_pack(connection: sqlite3.Connection, account: Account, pack: Pack, now: float) -> int:
    """Lasting credits of an account in a bucket of their own, whose id is returned."""
    return entries.grant(
        connection, account, pack.credits, account.user, "pack bought", now, source="pack",
        expires_at=pack.lasts.after(now),
    )  # fmt: skip


def take_back(connection: sqlite3.Connection, bucket: int, credits: int, now: float) -> int:
    """Close a bucket into which so many credits were granted; returns how many of them were spent,
    which an entry of its own writes off, so that no balance is ever below zero.

    What jobs under way hold counts as spent; what they give back later is in a bucket that is over.
    """
    [left] = connection.execute("SELECT balance FROM buckets WHERE id = ?", (bucket,)).fetchone()
    spent = credits - left
    if spent:
        entries.write(
            connection, bucket, "grant", spent, None, _DISCORD, "pack spent, written off", now
        )
    entries.write(connection, bucket, "grant", -credits, None, _DISCORD, "pack given back", now)
    connection.execute(
        "UPDATE buckets SET expires_at = MIN(COALESCE(expires_at, ?1), ?1) WHERE id = ?2",
        (now, bucket),
    )
    return spent
