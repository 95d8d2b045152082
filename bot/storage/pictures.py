"""Rows of stored pictures; their files are `bot.storage.files`'. One method is one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.action import Tile
from bot.storage.database import Database


@dataclass(frozen=True)
class StoredImage:
    """Row of a picture file. `index` counts from 1; `evicted` when the file was cleared away."""

    index: int
    sha256: str
    bytes: int
    evicted: bool


@dataclass(frozen=True)
class Evictable:
    """A picture that may be cleared away. An upscale is a link to its `original`'s file (others are
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

    async def add(self, job: str, attempt: int, image: StoredImage, now: float) -> bool:
        """Record a written picture; False when the attempt is not the job's own any more."""

        def run(connection: sqlite3.Connection) -> bool:
            own = connection.execute(
                "SELECT 1 FROM jobs WHERE id = ? AND attempt = ? AND state = 'running'",
                (job, attempt),
            ).fetchone()
            if own is None:
                return False
            insert(connection, job, image, now)
            return True

        return await self._database.transaction(run)

    async def kept_bytes(self) -> int:
        """The size of all pictures on disk; those that share a file count once."""
        return await self._database.report(
            lambda c: c.execute(
                "SELECT (SELECT COALESCE(SUM(bytes), 0) FROM images WHERE evicted_at IS NULL)"
                " - (SELECT COALESCE(SUM(i.bytes), 0) FROM jobs u"
                " JOIN images i ON i.job_id = u.id AND i.evicted_at IS NULL"
                " JOIN images o ON (o.job_id, o.idx) = (u.source_job, u.source_tile)"
                " AND o.evicted_at IS NULL WHERE u.action = 'upscale')"
            ).fetchone()[0]
        )

    async def evictable(self, limit: int, after: Evictable | None = None) -> list[Evictable]:
        """The oldest pictures that may be cleared away, of those that come `after` one.

        Those of unfinished jobs, of results still to be posted, and the sources of waiting or
        running variations may not.
        """
        last = (after.created_at, after.tile.job, after.tile.index) if after else (-1.0, "", 0)
        rows = await self._database.read(
            lambda c: c.execute(_EVICTABLE, (*last, limit)).fetchall()
        )  # fmt: skip
        return [_evictable(row) for row in rows]

    async def rowless(self, jobs: Iterable[str]) -> list[str]:
        """Those of these ids that no job has."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM jobs)",
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


_EVICTABLE = """
SELECT i.job_id, i.idx, i.bytes, i.created_at,
    COALESCE(u.source_job, i.job_id) AS original_job,
    COALESCE(u.source_tile, i.idx) AS original_idx,
    EXISTS (SELECT 1 FROM images o WHERE (o.job_id, o.idx) = (u.source_job, u.source_tile)
        AND o.evicted_at IS NULL)
    OR EXISTS (SELECT 1 FROM jobs v JOIN images o ON o.job_id = v.id AND o.evicted_at IS NULL
        WHERE v.action = 'upscale' AND v.source_job = i.job_id AND v.source_tile = i.idx) AS shared
FROM images i LEFT JOIN jobs u ON u.id = i.job_id AND u.action = 'upscale'
WHERE i.evicted_at IS NULL AND (i.created_at, i.job_id, i.idx) > (?, ?, ?)
    AND i.job_id NOT IN (SELECT id FROM jobs WHERE state IN ('waiting', 'running'))
    AND i.job_id NOT IN (SELECT job_id FROM deliveries WHERE message_id = 0 AND given_up IS NULL)
    AND (i.job_id, i.idx) NOT IN (SELECT source_job, source_tile FROM jobs
        WHERE state IN ('waiting', 'running') AND source_job IS NOT NULL)
ORDER BY i.created_at, i.job_id, i.idx LIMIT ?
"""


def _evictable(row: sqlite3.Row) -> Evictable:
    tile, original = Tile(row["job_id"], row["idx"]), Tile(row["original_job"], row["original_idx"])
    return Evictable(tile, row["bytes"], row["created_at"], original, bool(row["shared"]))


def insert(
    connection: sqlite3.Connection, job: str, image: StoredImage, now: float
) -> None:  # fmt: skip
    """Belongs inside a transaction; a picture that was there before is replaced."""
    connection.execute(
        "INSERT INTO images (job_id, idx, sha256, bytes, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (job_id, idx) DO UPDATE SET sha256 = excluded.sha256,"
        " bytes = excluded.bytes, created_at = excluded.created_at, evicted_at = NULL",
        (job, image.index, image.sha256, image.bytes, now),
    )


def _image(row: sqlite3.Row) -> StoredImage:
    return StoredImage(row["idx"], row["sha256"], row["bytes"], row["evicted_at"] is not None)
