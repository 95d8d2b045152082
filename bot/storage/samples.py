"""Pictures that the bot drew of its own accord, by what was asked for; they can be drawn anew.

The oldest make room, so that looks that came and went leave nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.storage.disk import PARTIAL, write_whole

MOST = 1000
"""Files that are kept."""


class SampleStore:
    """Files in one folder. `most` bounds how many there are."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self.folder = folder
        self._most = most

    def paths(self, key: str, count: int) -> tuple[Path, ...]:
        """Where the pictures of one request are, or will be."""
        return tuple(self.folder / f"{key}-{index}.webp" for index in range(count))

    async def write(self, key: str, pictures: Mapping[int, bytes]) -> None:
        """Raises OSError when the disk refuses."""
        await asyncio.to_thread(self._write, key, pictures)

    async def there(self, paths: Iterable[Path]) -> bool:
        """Whether all of them are."""
        return await asyncio.to_thread(lambda: all(map(Path.is_file, paths)))

    def _write(self, key: str, pictures: Mapping[int, bytes]) -> None:
        places = self.paths(key, 1 + max(pictures))
        write_whole({places[index]: data for index, data in pictures.items()})
        self._make_room()

    def _make_room(self) -> None:
        files = [each for each in self.folder.iterdir() if each.suffix != PARTIAL]
        if len(files) <= self._most:
            return
        ages = sorted(files, key=lambda each: each.stat().st_mtime)
        for old in ages[: len(files) - self._most]:
            with contextlib.suppress(FileNotFoundError):
                old.unlink()
