"""Files that are no pictures of jobs (uploads, masks), by the sha256 of their content, and who uses
them. What is in them is nobody's business here.

A file is written before its rows and deleted after them, so that no row is without its file.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from bot.domain.erasure import Erasure
from bot.domain.errors import NotFound, TooLarge
from bot.domain.job import Job
from bot.domain.language import _, spoken
from bot.domain.people import Account
from bot.storage.database import Database
from bot.storage.disk import PARTIAL, remove_empty, write_whole
from bot.storage.inputs import NEEDED_BLOBS

log = logging.getLogger(__name__)

MAX_BYTES = 25 << 20
DROPPED_AT_ONCE = 500


class Blobs:
    """Files `ab/cd/<digest>` and their rows. `max_bytes` bounds each of them."""

    def __init__(self, database: Database, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._database = database
        self._folder = folder
        self._max_bytes = max_bytes
        self._changing = asyncio.Lock()  # or a file could be put while it is deleted

    async def put(self, data: bytes, owner: Account, now: float) -> str:
        """Keep the bytes for their owner; returns the sha256 hex by which they are known.

        What is there already is not written again. Raises TooLarge, StoreUnavailable, and OSError
        when the disk refuses.
        """
        if len(data) > self._max_bytes:
            number = spoken().number
            raise TooLarge(
                _("This file has {size} MB and may have at most {most} MB; send a smaller one.",
                  size=number(len(data) / 1e6, 1), most=number(self._max_bytes / 1e6, 1))
            )  # fmt: skip
        async with self._changing:
            digest = await asyncio.to_thread(self._write, data)

            def run(connection: sqlite3.Connection) -> None:
                connection.execute(
                    "INSERT INTO blobs (digest, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    (digest, len(data)),
                )
                _use(connection, digest, owner, now)

            await self._database.transaction(run)
        return digest

    async def read(self, digest: str) -> bytes | None:
        """The bytes, or None when they are not there (any more) or are not what they were."""
        return await asyncio.to_thread(self._read, digest)

    async def exists(self, digest: str) -> bool:
        """Whether there are bytes to read."""
        return await asyncio.to_thread(self.path(digest).is_file)

    async def used_by(self, digest: str, user: int) -> bool:
        """Whether this person brought it, or had something made from it, on whatever server."""
        found = await self._database.read(
            lambda c: c.execute(
                "SELECT 1 FROM blob_uses WHERE digest = ? AND user_id = ?", (digest, user)
            ).fetchone()
        )
        return found is not None

    async def scores(self, digests: Iterable[str]) -> dict[str, float | None]:
        """How likely each of these is unsafe, from 0 to 1, None where nobody looked; without those
        that are not known."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT digest, score FROM blobs WHERE digest IN (SELECT value FROM json_each(?))",
                (json.dumps(list(digests)),),
            ).fetchall()
        )
        return {row["digest"]: row["score"] for row in rows}

    async def rate(self, scores: Mapping[str, float]) -> None:
        """Somebody looked; what was found worse before stays so."""
        rows = [(score, digest) for digest, score in scores.items()]
        if rows:
            await self._database.transaction(
                lambda c: c.executemany(
                    "UPDATE blobs SET score = MAX(?, COALESCE(score, 0)) WHERE digest = ?", rows
                )
            )

    async def reject(self, digest: str, owner: Account) -> None:
        """Their owner may not use it, so that it goes, unless others do. Raises OSError."""

        def run(connection: sqlite3.Connection) -> list[str]:
            connection.execute(
                "DELETE FROM blob_uses WHERE digest = ? AND guild_id = ? AND user_id = ?",
                (digest, owner.guild, owner.user),
            )
            return _drop(connection, {digest}, before=0.0)

        await self._dropped(run)

    async def forget(self, erasure: Erasure, alone: Collection[str] = ()) -> int:
        """Nothing of before that is kept for this person any more, on any server, or for this
        server; returns how many files went.

        What others use stays, unless it is theirs `alone`, and what an unfinished job needs until
        `drop_unused` finds it ended.
        """
        whose = "user_id" if erasure.scope == "user" else "guild_id"

        def run(connection: sqlite3.Connection) -> list[str]:
            used = connection.execute(
                f"DELETE FROM blob_uses WHERE {whose} = ? AND used_at <= ? OR digest IN"
                " (SELECT value FROM json_each(?)) RETURNING digest",
                (erasure.owner, erasure.asked_at, json.dumps(list(alone))),
            ).fetchall()
            return _drop(connection, {row["digest"] for row in used}, before=0.0)

        return await self._dropped(run)

    async def drop_unused(self, before: float) -> int:
        """Delete what nobody has used since `before` and no unfinished job needs; returns how many.

        Raises StoreUnavailable, and OSError when a file cannot be deleted.
        """
        count = 0
        while found := await self._database.report(lambda c: _unused(c, before)):
            count += await self._dropped(lambda c, some=found: _drop(c, some, before))
        return count

    async def _dropped(self, drop: Callable[[sqlite3.Connection], list[str]]) -> int:
        async with self._changing:
            gone = await self._database.transaction(drop)
            await self._unlink(gone)
        return len(gone)

    async def sweep(self, before: float, most: int) -> int:
        """Delete files older than `before` (seconds since the epoch) that a crash left unfinished
        or without a row; returns how many. Where more than `most` are without one, these stay.

        Raises StoreUnavailable and OSError.
        """
        async with self._changing:
            old = await asyncio.to_thread(self._older, before)
            lost = await self._database.report(lambda c: _rowless(c, old))
            if len(lost) > most:
                log.warning("there are %d files that are not known; they stay", len(lost))
                return 0
            await self._unlink(lost)
        return len(lost)

    def path(self, digest: str) -> Path:
        return path_of(self._folder, digest)

    def _write(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        if self._read(digest) is None:
            write_whole({self.path(digest): data})
        return digest

    def _read(self, digest: str) -> bytes | None:
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(data).hexdigest() == digest:
            return data
        log.error("the file %s is damaged: it does not hold what it held", digest)
        return None

    async def _unlink(self, digests: Iterable[str]) -> None:
        def run() -> None:
            for path in map(self.path, digests):
                path.unlink(missing_ok=True)
                remove_empty(path.parent)

        await asyncio.to_thread(run)

    def _older(self, before: float) -> list[str]:
        old = [path for path in self._folder.glob("??/??/*") if path.stat().st_mtime < before]
        for path in old:
            if path.suffix == PARTIAL:
                path.unlink(missing_ok=True)
        return [path.name for path in old if path.suffix != PARTIAL]


def path_of(folder: Path, digest: str) -> Path:
    """Where a file lies in the folder of all."""
    return folder / digest[:2] / digest[2:4] / digest


def use(connection: sqlite3.Connection, job: Job) -> None:
    """A new job is made from blobs, which its owner uses thereby; belongs inside its transaction.

    Raises NotFound where one was dropped meanwhile.
    """
    for each in job.request.inputs:
        if each.tile is None and each.digest is not None:
            _use(connection, each.digest, job.account, job.created_at)


def _use(connection: sqlite3.Connection, digest: str, owner: Account, now: float) -> None:
    known = connection.execute(
        "INSERT INTO blob_uses (digest, guild_id, user_id, used_at)"
        " SELECT digest, ?, ?, ? FROM blobs WHERE digest = ?"
        " ON CONFLICT (digest, guild_id, user_id) DO UPDATE SET used_at = excluded.used_at",
        (owner.guild, owner.user, now, digest),
    )
    if not known.rowcount:
        raise NotFound(
            _("A file that this is to be made from is not here any more; send it again.")
        )


_NOT_USED = f"""
NOT EXISTS (SELECT 1 FROM blob_uses u WHERE u.digest = blobs.digest AND u.used_at >= ?)
AND digest NOT IN ({NEEDED_BLOBS})
"""


def _unused(connection: sqlite3.Connection, before: float) -> list[str]:
    rows = connection.execute(
        f"SELECT digest FROM blobs WHERE {_NOT_USED} LIMIT ?", (before, DROPPED_AT_ONCE)
    ).fetchall()
    return [row["digest"] for row in rows]


def _rowless(connection: sqlite3.Connection, digests: list[str]) -> list[str]:
    rows = connection.execute(
        "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT digest FROM blobs)",
        (json.dumps(digests),),
    ).fetchall()
    return [row["value"] for row in rows]


def _drop(connection: sqlite3.Connection, digests: Collection[str], before: float) -> list[str]:
    """Those of these that are still used by nobody have no row any more."""
    rows = connection.execute(
        "DELETE FROM blobs WHERE digest IN (SELECT value FROM json_each(?))"
        f" AND {_NOT_USED} RETURNING digest",
        (json.dumps(list(digests)), before),
    ).fetchall()
    return [row["digest"] for row in rows]
