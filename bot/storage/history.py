"""Results by the page: everybody's own, and those of a server that all of it may see.

Pages are found from the result beside them, so that a far one costs what the first does, and what
comes meanwhile shifts none.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from bot.domain.browsing import Browse, Order, Page, Place, Result
from bot.domain.job import Job
from bot.storage import prompts
from bot.storage.database import Database
from bot.storage.rows import job_of


class HistoryRepository:
    """Reads results; what they show is judged elsewhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, browse: Browse, user: int, guild: int | None) -> Page:
        """A person's results on one server, or with None wherever they are."""
        wanted = [prompts.owned_by(user)]
        if guild is not None:
            wanted.append(prompts.asked_on(guild))
        if browse.action:
            wanted.append(prompts.done_by(browse.action))
        match = prompts.query(browse.search, *wanted)
        return await self._page(browse, f"{_FOUND} WHERE prompts MATCH ?", (match,))

    async def public(self, browse: Browse, guild: int, channels: Collection[int]) -> Page:
        """A server's results that were posted in these channels, and are there as far as is
        known."""
        match = prompts.query(browse.search, prompts.shown_on(guild))
        said = json.dumps(list(channels))
        if browse.order is Order.NEWEST:
            return await self._page(browse, f"{_FOUND} WHERE prompts MATCH ? AND {_SHOWN}",
                                    (match, guild, said))  # fmt: skip
        searched = "AND r.number IN (SELECT rowid FROM prompts WHERE prompts MATCH ?)"
        sql = f"{_KNOWN} WHERE {_SHOWN} {searched if browse.search else ''}"
        values = (guild, said, match) if browse.search else (guild, said)
        return await self._page(browse, sql, values)

    async def of_channel(self, browse: Browse, guild: int, channel: int) -> Page:
        """A channel's or thread's results, as `public` has those of a server."""
        shown = f"r.channel_id = ? AND {_THERE}"
        return await self._page(browse, f"{_KNOWN} WHERE {shown}", (channel, guild))

    async def of_job(self, job: str) -> tuple[Result, bool] | None:
        """A job's result, and whether it is there for all as far as is known."""
        row = await self._database.read(
            lambda c: c.execute(f"{_KNOWN} WHERE r.job_id = ?", (job,)).fetchone()
        )
        if row is None:
            return None
        return _result(row), bool(row["message_id"]) and row["message_id"] != row["gone"]

    async def take_down(self, results: Iterable[Result]) -> None:
        """The messages of these were deleted, until they are posted by others."""
        pairs = [(each.message, each.job.id) for each in results]
        await self._database.transaction(
            lambda c: c.executemany("UPDATE results SET gone = ? WHERE job_id = ?", pairs)
        )

    async def cover(self, job: str, spoiler: bool) -> bool:
        """Its picture is a spoiler from now on, or is none any more; False where it stays what it
        is, for it is flagged."""

        def run(connection: sqlite3.Connection) -> bool:
            found = connection.execute(
                "UPDATE results SET spoiler = ?1 WHERE job_id = ?2 AND (?1 OR NOT flagged)",
                (spoiler, job),
            )
            return bool(found.rowcount)

        return await self._database.transaction(run)

    async def covered(self, job: str) -> bool:
        """Whether its picture is a spoiler."""
        return (await self.cover_of(job))[0]

    async def cover_of(self, job: str) -> tuple[bool, bool]:
        """Whether its picture is a spoiler, and whether for good."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT spoiler, flagged FROM results WHERE job_id = ?", (job,)
            ).fetchone()
        )
        return (bool(row[0]), bool(row[1])) if row else (False, False)

    async def _page(self, browse: Browse, sql: str, values: Sequence[Any]) -> Page:
        """One of the pages of everything that this finds."""
        ordered, key = _sorted(browse)
        given = [*values, *(key if browse.place else ())]

        # What is read is understood beside the event loop.
        def read(connection: sqlite3.Connection) -> list[Result]:
            rows = connection.execute(f"{sql} {ordered} LIMIT ?", (*given, browse.size + 1))
            return [_result(row) for row in rows]

        found = await self._database.report(read)
        more, some = len(found) > browse.size, found[: browse.size]
        if browse.back:
            return Page(browse, tuple(reversed(some)), more, bool(browse.place))
        return Page(browse, tuple(some), bool(browse.place), more)


def insert(connection: sqlite3.Connection, job: Job, *, flagged: bool = False) -> None:
    """A job succeeded, so that its result can be found; belongs inside that transaction. One that
    is `flagged` is a spoiler for good, and what was taken out of a spoiler, or drawn from one, is
    as that is."""
    taken = job.request.source
    before = connection.execute(
        "SELECT spoiler, flagged FROM results WHERE job_id = ?", (taken and taken.job,)
    ).fetchone()
    spoiler, stays = before or (0, 0)
    number = connection.execute(
        "INSERT INTO results (job_id, guild_id, channel_id, hidden, spoiler, flagged)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING number",
        (
            job.id,
            job.origin.guild,
            job.origin.channel,
            job.hidden,
            spoiler or flagged,
            stays or flagged,
        ),
    ).fetchone()[0]
    prompts.insert(connection, number, job)


_PARTS = "j.*, r.number, r.likes, r.gone, r.spoiler, d.channel_id AS posted_in, d.message_id"
_JOINED = """
JOIN jobs j ON j.id = r.job_id
LEFT JOIN deliveries d ON d.job_id = r.job_id AND d.kind = 'result'
"""
_KNOWN = f"SELECT {_PARTS} FROM results r {_JOINED}"
# `CROSS` has SQLite begin with the index of prompts, whose order is that of the page.
_FOUND = f"SELECT {_PARTS} FROM prompts CROSS JOIN results r ON r.number = prompts.rowid {_JOINED}"
_THERE = "r.guild_id = ? AND r.hidden = 0 AND d.message_id NOT IN (0, r.gone)"
_SHOWN = f"{_THERE} AND r.channel_id IN (SELECT value FROM json_each(?))"


def _sorted(browse: Browse) -> tuple[str, tuple[int, ...]]:
    """How the rows are ordered, from the place beside the page on, and what names that place."""
    place = browse.place or Place(0, 0)
    keys: tuple[str, ...] = ("prompts.rowid",)
    values: tuple[int, ...] = (place.number,)
    if browse.order is Order.HERE:
        keys = ("r.number",)
    if browse.order is Order.LIKED:
        keys, values = ("r.likes", "r.number"), (place.likes, place.number)
    way, sign = ("ASC", ">") if browse.back else ("DESC", "<")
    from_there = (
        f" AND ({', '.join(keys)}) {sign} ({', '.join('?' * len(keys))})" if browse.place else ""
    )
    return f"{from_there} ORDER BY {', '.join(f'{key} {way}' for key in keys)}", values


def _result(row: sqlite3.Row) -> Result:
    return Result(
        job_of(row), Place(row["likes"], row["number"]),
        row["posted_in"] or 0, row["message_id"] or 0, bool(row["spoiler"]),
    )  # fmt: skip
