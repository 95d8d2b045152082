"""How finished pictures came to be: a few small previews of each job, in one file for each.

They are kept for a while only, and never many bytes of them: nothing depends on one, so that they
are written without waiting for the disk. What is in them is nobody's business here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

EACH = 128 << 10
"""Bytes of one job's previews."""
ALL = 256 << 20
"""Bytes of all of them; when there are more, the oldest go."""
_LENGTH = struct.Struct(">I")


class Previews:
    """Files `ab/<job>` in a folder: each preview with its length before it (four bytes, most
    significant first), in the order in which they came. `most` are the bytes of all of them."""

    def __init__(self, folder: Path, most: int = ALL) -> None:
        self._folder = folder
        self._most = most
        self._bytes: int | None = None
        self._guard = threading.Lock()

    async def keep(self, job_id: str, frames: Sequence[bytes]) -> None:
        """Of a job, instead of what was kept before. Where they are too many bytes for one job,
        each second is left out until they are not. Raises OSError."""
        kept = list(frames)
        while sum(map(len, kept)) > EACH:
            kept = kept[1::2]
        if kept:
            await asyncio.to_thread(self._write, job_id, kept)

    async def of(self, job_id: str) -> list[bytes]:
        """In order; none where none are kept (any more)."""
        return await asyncio.to_thread(self._read, job_id)

    async def sweep(self, before: float) -> int:
        """Delete those written before a time (seconds since the epoch), and the oldest while there
        are too many bytes; returns how many files. Raises OSError."""
        return await asyncio.to_thread(self._sweep, before)

    def forget(self, job_ids: Iterable[str]) -> None:
        """Delete those of jobs; blocks. Raises OSError."""
        for path in map(self._path, job_ids):
            path.unlink(missing_ok=True)

    def _path(self, job_id: str) -> Path:
        return self._folder / job_id[:2] / job_id

    def _write(self, job_id: str, frames: Sequence[bytes]) -> None:
        data = b"".join(_LENGTH.pack(len(frame)) + frame for frame in frames)
        path = self._path(job_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        with self._guard:
            known = self._bytes
            self._bytes = sum(size for _, size, _ in self._files()) if known is None else (
                known + len(data)
            )  # fmt: skip
            full = self._bytes > self._most
        if full:
            self._sweep(0.0)

    def _read(self, job_id: str) -> list[bytes]:
        try:
            data = self._path(job_id).read_bytes()
        except FileNotFoundError:
            return []
        frames, at = [], 0
        while at + _LENGTH.size <= len(data):
            (length,) = _LENGTH.unpack_from(data, at)
            at += _LENGTH.size + length
            if at > len(data):  # a crash left a part of it
                break
            frames.append(data[at - length : at])
        return frames

    def _sweep(self, before: float) -> int:
        """Nine tenths of the room are left filled, so that not every job has all files counted."""
        with self._guard:
            found = sorted(self._files())
            left = sum(size for _, size, _ in found)
            room = self._most if left <= self._most else self._most * 9 // 10
            count = 0
            for written, size, path in found:
                if written >= before and left <= room:
                    break
                path.unlink(missing_ok=True)
                left -= size
                count += 1
            self._bytes = left
        return count

    def _files(self) -> list[tuple[float, int, Path]]:
        """When each was written, its bytes, and where it lies."""
        files = []
        for folder in self._folder.glob("??"):
            with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
                for entry in entries:
                    state = entry.stat()
                    files.append((state.st_mtime, state.st_size, Path(entry.path)))
        return files
