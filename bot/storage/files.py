"""Picture files by tile, written so that a crash leaves either the whole file or none.

Beside them lies the file that is to be posted, while it is: whatever it holds can be made again
from the tiles. Rows about pictures are in the database; this knows only bytes and paths.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bot.domain.action import Tile
from bot.storage.disk import PARTIAL, remove_empty, sync_folder, write_whole
from bot.storage.previews import Previews
from bot.storage.uploads import ROOM, Uploads, delete_uploads, lies

log = logging.getLogger(__name__)

SWEPT_AT_ONCE = 500


class Old(NamedTuple):
    """Ids of jobs, and those of them with a file that was to be posted."""

    jobs: list[str]
    uploads: list[str]


class ImageStore:
    """Folders of at most 256 × 256 jobs deep: `ab/cd/<job>/` with `<index>.webp`.

    `uploads` are made of them; up to `room` bytes of those are held in memory. `previews` are
    deleted with the pictures.
    """

    def __init__(self, folder: Path, room: int = ROOM) -> None:
        self._folder = folder
        self.uploads = Uploads(self.folder, room)
        self.previews = Previews(folder / "previews")

    async def write(self, pictures: Mapping[Tile, bytes]) -> dict[Tile, str]:
        """Store pictures and return the sha256 hex of each.

        Raises OSError when the disk refuses one; others of them may be stored then.
        """
        return await asyncio.to_thread(self._write, pictures)

    async def read(self, tile: Tile) -> bytes | None:
        """The bytes, or None when they are not there (any more)."""
        return await asyncio.to_thread(self._read, tile)

    async def link(self, source: Tile, target: Tile) -> bool:
        """The same bytes under a second tile; True where both are one file, False where the disk
        took a copy.

        Raises FileNotFoundError when `source` is not there (any more).
        """
        return await asyncio.to_thread(self._link, source, target)

    async def delete(self, tiles: Iterable[Tile]) -> None:
        """Forget files; those that are gone already do not matter.

        Raises OSError when one cannot be deleted; the others are.
        """
        await asyncio.to_thread(self._delete, list(tiles))

    async def exists(self, tile: Tile) -> bool:
        """Whether there are bytes to read."""
        return await asyncio.to_thread(self.path(tile).is_file)

    async def sweep(self, before: float) -> AsyncIterator[Old]:
        """The jobs whose folders are older than `before` (seconds since the epoch), a few hundred
        at a time. Unfinished files of that age, which a crash left, are deleted on the way."""
        folders = self._folder.glob("/".join("[0-9a-f]" * length for length in (2, 2, 32)))
        while some := await asyncio.to_thread(lambda: list(islice(folders, SWEPT_AT_ONCE))):
            yield await asyncio.to_thread(_sweep, some, before)

    async def delete_jobs(self, job_ids: Iterable[str]) -> None:
        """Forget everything that was written of jobs."""
        await asyncio.to_thread(self._delete_jobs, list(job_ids))

    def path(self, tile: Tile) -> Path:
        return self.folder(tile.job) / f"{tile.index}.webp"

    def folder(self, job_id: str) -> Path:
        """Where everything of a job lies."""
        return self._folder / job_id[:2] / job_id[2:4] / job_id

    def _write(self, pictures: Mapping[Tile, bytes]) -> dict[Tile, str]:
        write_whole({self.path(tile): data for tile, data in pictures.items()})
        return {tile: hashlib.sha256(data).hexdigest() for tile, data in pictures.items()}

    def _read(self, tile: Tile) -> bytes | None:
        try:
            return self.path(tile).read_bytes()
        except FileNotFoundError:
            return None

    def _link(self, source: Tile, target: Tile) -> bool:
        path = self.path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        try:
            path.hardlink_to(self.path(source))
        except FileNotFoundError:
            raise
        except OSError:
            self._write({target: self.path(source).read_bytes()})
            return False
        sync_folder(path.parent)
        return True

    def _delete(self, tiles: list[Tile]) -> None:
        trouble: OSError | None = None
        for tile in tiles:
            path = self.path(tile)
            try:
                path.unlink(missing_ok=True)
                self.previews.forget([tile.job])
                self.uploads.forget(tile.job)
                delete_uploads(path.parent)
            except OSError as error:
                trouble = error
            remove_empty(path.parent)
        if trouble is not None:
            raise trouble

    def _delete_jobs(self, job_ids: list[str]) -> None:
        self.previews.forget(job_ids)
        for job_id in job_ids:
            folder = self.folder(job_id)
            for pattern in ("[0-9]*.webp", "upload.*", f"*{PARTIAL}"):
                for path in folder.glob(pattern):
                    path.unlink(missing_ok=True)
            remove_empty(folder)


def _sweep(folders: list[Path], before: float) -> Old:
    old = Old([], [])
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            if folder.stat().st_mtime < before:
                old.jobs.append(folder.name)
                if lies(folder):
                    old.uploads.append(folder.name)
            for partial in folder.glob(f"*{PARTIAL}"):
                if partial.stat().st_mtime < before:
                    partial.unlink(missing_ok=True)
                    log.info("deleted %s/%s, which a crash left", folder.name, partial.name)
                    remove_empty(folder)
    return old
