"""Rows of stored pictures; their files are `bot.storage.files`'. One method is one transaction."""

from __future__ import annotations

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
        """The size of all pictures on disk."""
        return await self._database.read(
            lambda c: c.execute(
                "SELECT COALESCE(SUM(bytes), 0) FROM images WHERE evicted_at IS NULL"
            ).fetchone()[0]
        )

    async def evictable(self, limit: int) -> list[tuple[Tile, int, float]]:
        """(tile, bytes, created_at) of the oldest pictures that may be cleared away.

        Those of unfinished jobs, of results still to be posted, and the sources of waiting or
        running variations may not.
        """
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT job_id, idx, bytes, created_at FROM images WHERE evicted_at IS NULL"
                " AND job_id NOT IN (SELECT id FROM jobs WHERE state IN ('waiting', 'running'))"
                " AND job_id NOT IN (SELECT job_id FROM deliveries WHERE message_id = 0"
                " AND given_up IS NULL) AND (job_id, idx) NOT IN (SELECT source_job, source_tile"
                " FROM jobs WHERE state IN ('waiting', 'running') AND source_job IS NOT NULL)"
                " ORDER BY created_at, job_id, idx LIMIT ?",
                (limit,),
            ).fetchall()
        )
        return [(Tile(row[0], row[1]), row[2], row[3]) for row in rows]

    async def mark_evicted(self, tiles: Iterable[Tile], now: float) -> None:
        pairs = [(now, tile.job, tile.index) for tile in tiles]
        await self._database.transaction(
            lambda c: c.executemany(
                "UPDATE images SET evicted_at = ? WHERE job_id = ? AND idx = ?", pairs
            )
        )


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
