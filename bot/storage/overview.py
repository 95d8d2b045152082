"""The numbers of a server, read off per-day tallies that triggers keep: no read looks at jobs but
at those that wait or are drawn, and none is on the writer's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.job import Job
from bot.domain.overview import DAY_S, Overview, ServerUse, Span, Spender, Tally
from bot.storage.database import Database
from bot.storage.rows import job_of

TOP = 10
SCANNED = 20_000
"""Grids of a span up to which they are looked through one by one."""
PER_LOOK = 3
"""Grids that are looked through in the time of one look at what somebody spent."""
FEW = 1000
"""Looks after which it is known how many there would be."""


class OverviewRepository:
    """Rows of `tallies`, `spending` and `spenders`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, guild: int, span: Span) -> Overview:
        """All the numbers of a server."""

        def run(connection: sqlite3.Connection) -> Overview:
            cursor = connection.cursor()
            cursor.row_factory = lambda _, row: Tally._make(row)
            found = cursor.execute(
                "SELECT topic, day, name, total FROM tallies WHERE guild_id = ? AND topic IN"
                " ('ended', 'drawn', 'waited', 'model', 'failed', 'credits', 'refused')"
                " AND day BETWEEN ? AND ?",
                (guild, span.first, span.last),
            )
            spenders = tuple(_spenders(connection, guild, span, TOP))
            return Overview(span, tuple(found), spenders, *_unfinished(connection, guild))

        return await self._database.report(run)

    async def spenders(self, guild: int, span: Span, limit: int = TOP) -> list[Spender]:
        """Who of a server spent credits, most first; of equals who spent more ever."""
        return await self._database.report(lambda c: _spenders(c, guild, span, limit))

    async def servers(self, guilds: Sequence[int], span: Span) -> list[ServerUse]:
        """What each of these had drawn, most first."""

        def run(connection: sqlite3.Connection) -> list[ServerUse]:
            found = [ServerUse(guild, *_use(connection, guild, span)) for guild in guilds]
            return sorted(found, key=lambda use: (-use.jobs, -use.credits, use.guild))

        return await self._database.report(run)

    async def unfinished(self, guild: int, limit: int, behind: int = 0) -> tuple[list[Job], int]:
        """Waiting and running jobs of a server, oldest first, without the first `behind`; and how
        many there are in all."""

        def run(connection: sqlite3.Connection) -> tuple[list[Job], int]:
            found = connection.execute(
                "SELECT * FROM jobs WHERE state IN ('waiting', 'running') AND guild_id = ?"
                " ORDER BY created_at, rowid LIMIT ? OFFSET ?",
                (guild, limit, behind),
            )
            return [job_of(row) for row in found], sum(_unfinished(connection, guild))

        return await self._database.report(run)


def count_refusal(connection: sqlite3.Connection, guild: int, kind: str, now: float) -> None:
    """Somebody was refused something by a rule of this kind, a stable word; belongs inside the
    transaction that writes that down."""
    connection.execute(
        "INSERT INTO tallies (guild_id, topic, day, name, total) VALUES (?, 'refused', ?, ?, 1)"
        " ON CONFLICT DO UPDATE SET total = total + 1",
        (guild, int(now // DAY_S), kind),
    )


def _unfinished(connection: sqlite3.Connection, guild: int) -> tuple[int, int]:
    """How many jobs wait, and how many are drawn."""
    return connection.execute(
        "SELECT COALESCE(SUM(state = 'waiting'), 0), COALESCE(SUM(state = 'running'), 0)"
        " FROM jobs WHERE state IN ('waiting', 'running') AND guild_id = ?",
        (guild,),
    ).fetchone()


def _use(connection: sqlite3.Connection, guild: int, span: Span) -> tuple[int, int]:
    return connection.execute(
        "SELECT COALESCE(SUM(CASE topic WHEN 'drawn' THEN total END), 0),"
        " COALESCE(SUM(CASE topic WHEN 'credits' THEN total END), 0) FROM tallies"
        " WHERE guild_id = ? AND topic IN ('drawn', 'credits') AND day BETWEEN ? AND ?"
        " AND name IN ('', 'spent')",
        (guild, span.first, span.last),
    ).fetchone()


def _spenders(
    connection: sqlite3.Connection, guild: int, span: Span, limit: int
) -> list[Spender]:  # fmt: skip
    (drawn,) = connection.execute(
        "SELECT COALESCE(SUM(total), 0) FROM tallies WHERE guild_id = ? AND topic = 'ended'"
        " AND day BETWEEN ? AND ? AND name = 'succeeded'",
        (guild, span.first, span.last),
    ).fetchone()
    found = None
    if drawn > SCANNED:
        found = _by_what_they_ever_spent(connection, guild, span, limit, drawn // PER_LOOK)
    return _looked_through(connection, guild, span, limit) if found is None else found


def _looked_through(
    connection: sqlite3.Connection, guild: int, span: Span, limit: int
) -> list[Spender]:  # fmt: skip
    found = connection.execute(
        "SELECT user_id, SUM(cost) AS grids FROM jobs j WHERE guild_id = ?1 AND finished_at >= ?2"
        " AND finished_at < ?3 AND state = 'succeeded' AND cost > 0 GROUP BY user_id"
        " ORDER BY grids DESC, (SELECT total FROM spenders s WHERE s.guild_id = ?1"
        " AND s.user_id = j.user_id) DESC, user_id LIMIT ?4",
        (guild, span.first * DAY_S, (span.last + 1) * DAY_S, limit),
    )
    return [Spender(*row) for row in found]


def _by_what_they_ever_spent(
    connection: sqlite3.Connection, guild: int, span: Span, limit: int, looks: int
) -> list[Spender] | None:
    """Nobody spent more in the span than ever: who comes behind where that is no more than what the
    last of the found spent needs no look. None where more `looks` than that would be needed."""
    found: list[Spender] = []
    everybody = connection.execute(_EVER, (guild, span.first - 1, span.last))
    for number, (user, ever, grids) in enumerate(everybody):
        if len(found) == limit and ever <= found[-1].grids:
            break
        if number == FEW:
            least = found[-1].grids if len(found) == limit else 0
            if _who_ever_spent_more(connection, guild, least) > looks:
                return None
        if grids:
            found.append(Spender(user, grids))
            found.sort(key=lambda one: -one.grids)  # who comes earlier stays before equals
            del found[limit:]
    return found


def _who_ever_spent_more(connection: sqlite3.Connection, guild: int, grids: int) -> int:
    return connection.execute(
        "SELECT COUNT(*) FROM spenders WHERE guild_id = ? AND total > ?", (guild, grids)
    ).fetchone()[0]


def _spent_by(day: str) -> str:
    return (
        "COALESCE((SELECT total FROM spending d WHERE d.guild_id = ?1 AND d.user_id = s.user_id"
        f" AND day <= {day} ORDER BY day DESC LIMIT 1), 0)"
    )


_EVER = (
    f"SELECT user_id, total, {_spent_by('?3')} - {_spent_by('?2')} FROM spenders s"
    " WHERE guild_id = ?1 ORDER BY total DESC, user_id"
)
