"""What is to be posted of finished jobs: in memory while it is little, else beside the pictures.

Whatever it holds can be made again from the pictures, so it need not outlive a crash.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.storage.disk import PARTIAL, rename_whole, write_whole

log = logging.getLogger(__name__)

ROOM = 16 << 20
"""Bytes held in memory. Discord takes most of them within a second; while it is away the rest goes
to the disk."""


@dataclass(frozen=True)
class Upload:
    """One encoded file: its bytes, or where they lie; `bytes` is its size."""

    content: bytes | Path
    bytes: int
    extension: str


class Uploads:
    """`folder` tells where the pictures of a job lie."""

    def __init__(self, folder: Callable[[str], Path], room: int = ROOM) -> None:
        self._folder = folder
        self._room = room
        self._held: dict[str, Upload] = {}

    def __len__(self) -> int:
        """How many are in memory."""
        return len(self._held)

    async def keep(self, job_id: str, data: bytes, extension: str) -> Upload:
        """Instead of what was kept before. Raises OSError when the disk refuses."""
        self.forget(job_id)
        if len(data) > self._room:
            path = await asyncio.to_thread(self._write, job_id, data, extension)
            return Upload(path, len(data), extension)
        self._room -= len(data)
        self._held[job_id] = Upload(data, len(data), extension)
        return self._held[job_id]

    async def take(self, job_id: str, made: Path, extension: str) -> Upload:
        """The same with a file that somebody else wrote beside the pictures."""
        self.forget(job_id)
        path = await asyncio.to_thread(self._take, job_id, made, extension)
        return Upload(path, path.stat().st_size, extension)

    async def of(self, job_id: str) -> Upload | None:
        """None where it has still to be made."""
        held = self._held.get(job_id)
        return held or await asyncio.to_thread(self._find, job_id)

    async def delete(self, job_id: str) -> None:
        """It was posted, or will not be. What the disk does not let go of stays, and is logged."""
        if self.forget(job_id):
            return
        try:
            await asyncio.to_thread(delete_uploads, self._folder(job_id))
        except OSError as error:
            log.warning("job %s: what was to be posted stays: %s", job_id, error)

    def forget(self, job_id: str) -> bool:
        """Nothing of the job is held in memory any more; False when nothing was."""
        held = self._held.pop(job_id, None)
        self._room += held.bytes if held else 0
        return held is not None

    def _write(self, job_id: str, data: bytes, extension: str) -> Path:
        path = self._folder(job_id) / f"upload.{extension}"
        write_whole({path: data})
        delete_uploads(path.parent, but=path)
        return path

    def _take(self, job_id: str, made: Path, extension: str) -> Path:
        path = self._folder(job_id) / f"upload.{extension}"
        rename_whole(made, path)
        delete_uploads(path.parent, but=path)
        return path

    def _find(self, job_id: str) -> Upload | None:
        path = next(_files(self._folder(job_id)), None)
        return path and Upload(path, path.stat().st_size, path.suffix[1:])


def delete_uploads(folder: Path, but: Path | None = None) -> None:
    """Those in a job's folder. Raises OSError."""
    for path in _files(folder):
        if path != but:
            path.unlink(missing_ok=True)


def lies(folder: Path) -> bool:
    """Whether one lies in a job's folder."""
    return next(_files(folder), None) is not None


def _files(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(folder):
            if name.startswith("upload.") and not name.endswith(PARTIAL):
                yield folder / name
