"""Picture files by tile, written so that a crash leaves either the whole file or none.

Rows about them are in the database; this knows only bytes and paths.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from bot.domain.action import Tile


class ImageStore:
    """Folders of at most 256 × 256 jobs deep: `ab/cd/<job>/<index>.webp`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def write(self, tile: Tile, data: bytes) -> str:
        """Store and return the sha256 hex of the content. Raises OSError when the disk refuses."""
        return await asyncio.to_thread(self._write, tile, data)

    async def read(self, tile: Tile) -> bytes | None:
        """The bytes, or None when they are not there (any more)."""
        return await asyncio.to_thread(self._read, tile)

    async def link(self, source: Tile, target: Tile) -> None:
        """The same bytes under a second tile, without a copy where the disk can.

        Raises FileNotFoundError when `source` is not there (any more).
        """
        await asyncio.to_thread(self._link, source, target)

    async def delete(self, tiles: Iterable[Tile]) -> None:
        """Forget files; those that are gone already do not matter."""
        await asyncio.to_thread(self._delete, list(tiles))

    def path(self, tile: Tile) -> Path:
        return self._folder / tile.job[:2] / tile.job[2:4] / tile.job / f"{tile.index}.webp"

    def _write(self, tile: Tile, data: bytes) -> str:
        path = self.path(tile)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
        return hashlib.sha256(data).hexdigest()

    def _read(self, tile: Tile) -> bytes | None:
        try:
            return self.path(tile).read_bytes()
        except FileNotFoundError:
            return None

    def _link(self, source: Tile, target: Tile) -> None:
        path = self.path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        try:
            path.hardlink_to(self.path(source))
        except FileNotFoundError:
            raise
        except OSError:
            self._write(target, self.path(source).read_bytes())
        _sync_folder(path.parent)

    def _delete(self, tiles: list[Tile]) -> None:
        for tile in tiles:
            path = self.path(tile)
            path.unlink(missing_ok=True)
            try:
                path.parent.rmdir()
            except OSError:
                continue


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
