"""Rows of stored pictures; their files are `bot.storage.files`'. One method is one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.action import Tile
from bot.domain.safety import Score
from bot.storage import tracing
from bot.storage.database import Database
from bot.storage.inputs import NEEDED_TILES


@dataclass(frozen=True)
class StoredImage:
    """Row of a picture file. `index` counts from 1; `evicted` when the file was cleared away;
    `linked` is the picture whose file this is another name of; `score` says how likely it is
    unsafe, from 0 to 1, None where that is not known."""

    index: int
    sha256: str
    bytes: int
    evicted: bool
    linked: Tile | None = None
    score: Score = None


@dataclass(frozen=True)
class Evictable:
    """A picture that may be cleared away. It may be a link to its `original`'s file (others are
    their own original); while both are kept they are `shared`, and their bytes there once."""

    tile: Tile
    bytes: int
    created_at: float
    original: Tile
    shared: bool


class PictureRepository:
    """What is known of every picture."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_job(self, job: str) -> dict[int, StoredImage]:
        """Rows of the job's pictures by index (from 1)."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT * FROM images WHERE job_id = ? ORDER BY idx", (job,)
            ).fetchall()
        )
        return {row["idx"]: _image(row) for row in rows}

    async def taken_down(self, job: str) -> bool:
        """Whether moderators deleted the job's pictures, or those that it holds the pixels of."""
        return await self._database.read(lambda c: tracing.taken_down(c, job))

    async def add(self, job: str, attempt: int, images: Sequence[StoredImage], now: float) -> bool:
        """Record written pictures; False when the attempt is not the job's own any more."""

        def run(connection: sqlite3.Connection) -> bool:
            own = connection.execute(
                "SELECT 1 FROM jobs WHERE id = ? AND attempt = ? AND state = 'running'",
                (job, attempt),
            ).fetchone()
            if own is None:
                return False
            insert(connection, job, images, now)
            return True

        return await self._database.transaction(run)

    async def kept_bytes(self) -> int:
        """The size of all pictures on disk; those that share a file count once."""
        return await self._database.read(
            lambda c: c.execute("SELECT bytes FROM kept").fetchone()[0]
        )  # fmt: skip

    async def evictable(self, limit: int, after: Evictable | None = None) -> list[Evictable]:
        """The oldest pictures that may be cleared away, of those that come `after` one.

        Those of unfinished jobs, those that unfinished jobs are drawn from, and those of results
        still to be posted may not.
        """
        last = (after.created_at, after.tile.job, after.tile.index) if after else (-1.0, "", 0)
        rows = await self._database.read(
            lambda c: c.execute(_EVICTABLE, (*last, limit)).fetchall()
        )  # fmt: skip
        return [_evictable(row) for row in rows]

    async def rowless(self, jobs: Iterable[str]) -> list[str]:
        """Those of these ids that no job has whose pictures may be seen."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT value FROM json_each(?) WHERE value NOT IN"
                " (SELECT id FROM jobs WHERE NOT blocked)",
                (json.dumps(list(jobs)),),
            ).fetchall()
        )
        return [row[0] for row in rows]

    async def posted(self, jobs: Iterable[str]) -> list[str]:
        """Those of these ids whose job has ended, and of which nothing is to be posted."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT j.id FROM json_each(?) JOIN jobs j ON j.id = value"
                " WHERE j.state NOT IN ('waiting', 'running') AND j.id NOT IN"
                " (SELECT job_id FROM deliveries WHERE message_id = 0 AND given_up IS NULL)",
                (json.dumps(list(jobs)),),
            ).fetchall()
        )
        return [row[0] for row in rows]

    async def mark_evicted(self, tiles: Iterable[Tile], now: float) -> None:
        pairs = [(now, tile.job, tile.index) for tile in tiles]
        await self._database.transaction(
            lambda c: c.executemany(
                "UPDATE images SET evicted_at = ? WHERE job_id = ? AND idx = ?", pairs
            )
        )


_EVICTABLE = f"""
SELECT i.job_id, i.idx, i.bytes, i.created_at,
    COALESCE(i.linked_job, i.job_id) AS original_job, COALESCE(i.linked_idx, i.idx) AS original_idx,
    NOT EXISTS (SELECT 1 FROM images_alone a WHERE a.job_id = i.job_id AND a.idx = i.idx) AS shared
FROM images i
WHERE i.evicted_at IS NULL AND (i.created_at, i.job_id, i.idx) > (?, ?, ?)
    AND i.job_id NOT IN (SELECT id FROM jobs WHERE state IN ('waiting', 'running'))
    AND i.job_id NOT IN (SELECT job_id FROM deliveries WHERE message_id = 0 AND given_up IS NULL)
    AND (i.job_id, i.idx) NOT IN ({NEEDED_TILES})
ORDER BY i.created_at, i.job_id, i.idx LIMIT ?
"""


_INSERT = """
INSERT INTO images (idx, sha256, bytes, score, linked_job, linked_idx, job_id, created_at)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
    json_extract(value, '$[3]'), json_extract(value, '$[4]'), json_extract(value, '$[5]'), ?2, ?3
FROM json_each(?1)
WHERE TRUE ON CONFLICT (job_id, idx) DO UPDATE SET sha256 = excluded.sha256,
    bytes = excluded.bytes, score = excluded.score, created_at = excluded.created_at,
    linked_job = excluded.linked_job, linked_idx = excluded.linked_idx, evicted_at = NULL
"""


def _evictable(row: sqlite3.Row) -> Evictable:
    tile, original = Tile(row["job_id"], row["idx"]), Tile(row["original_job"], row["original_idx"])
    return Evictable(tile, row["bytes"], row["created_at"], original, bool(row["shared"]))


def kept(connection: sqlite3.Connection, tile: Tile) -> bool:
    """Whether a picture is there, as far as is known."""
    row = connection.execute(
        "SELECT 1 FROM images WHERE job_id = ? AND idx = ? AND evicted_at IS NULL",
        (tile.job, tile.index),
    )
    return row.fetchone() is not None


def insert(
    connection: sqlite3.Connection, job: str, images: Iterable[StoredImage], now: float
) -> None:
    """Belongs inside a transaction; a picture that was there before is replaced."""
    rows = [
        (
            each.index,
            each.sha256,
            each.bytes,
            each.score,
            *((each.linked.job, each.linked.index) if each.linked else ()),
        )
        for each in images
    ]
    connection.execute(_INSERT, (json.dumps(rows), job, now))


def _image(row: sqlite3.Row) -> StoredImage:
    linked = Tile(row["linked_job"], row["linked_idx"]) if row["linked_job"] else None
    evicted = row["evicted_at"] is not None
    return StoredImage(row["idx"], row["sha256"], row["bytes"], evicted, linked, row["score"])
