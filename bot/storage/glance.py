"""What there is of an account, in one look: nearly everybody has nothing but a few jobs, and what
somebody does not have needs not be asked for. Belongs inside a transaction."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from bot.domain.people import Account


class Glance(NamedTuple):
    """Jobs of one account that wait and that are drawn, what is held for both, and how many of
    everybody wait; when the account began (UTC seconds, None: never used), and of what allowance
    something rolls over (None: not known).

    Then whether there is at all, to be looked for elsewhere: lasting credits of its own or in the
    server's pool; offers to roles of the server; settings or plans that may decide on its quota;
    pictures that were stopped and may be drawn once.
    """

    waiting: int
    running: int
    held: int
    of_all: int
    started_at: float | None
    carries: str | None
    lasting: bool
    offered: bool
    ruled: bool
    allowed: bool


def glance(connection: sqlite3.Connection, account: Account) -> Glance:
    """As it is now."""
    return Glance(*connection.execute(_LOOK, (account.guild, account.user)).fetchone())


# The jobs are read off `jobs_unfinished` alone. No other list in brackets than the one that SQLite
# knows from that index: of any other it would make a table, each time.
_LOOK = """
SELECT COALESCE(SUM(state = 'waiting'), 0) AS waiting,
    COALESCE(SUM(state = 'running'), 0) AS running,
    COALESCE(SUM(cost), 0) AS held,
    (SELECT jobs FROM queued) AS of_all,
    (SELECT started_at FROM accounts WHERE guild_id = ?1 AND user_id = ?2) AS started_at,
    (SELECT carries FROM accounts WHERE guild_id = ?1 AND user_id = ?2) AS carries,
    EXISTS (SELECT 1 FROM buckets WHERE guild_id = ?1 AND user_id = ?2
        AND kind = 'lasting' AND balance > 0)
    OR EXISTS (SELECT 1 FROM buckets WHERE guild_id = ?1 AND user_id = 0
        AND kind = 'lasting' AND balance > 0) AS lasting,
    EXISTS (SELECT 1 FROM offers WHERE guild_id = ?1) AS offered,
    EXISTS (SELECT 1 FROM quota_settings WHERE guild_id = ?1)
    OR (EXISTS (SELECT 1 FROM plans_sold) AND (
        EXISTS (SELECT 1 FROM entitlements WHERE user_id = ?2 AND deleted = 0)
        OR EXISTS (SELECT 1 FROM entitlements WHERE guild_id = ?1 AND guild_id <> 0
            AND deleted = 0))) AS ruled,
    EXISTS (SELECT 1 FROM appeals WHERE user_id = ?2 AND guild_id = ?1
        AND answer = 'approved' AND used_by IS NULL) AS allowed
FROM jobs WHERE guild_id = ?1 AND user_id = ?2 AND state IN ('waiting', 'running')
"""
