"""Finished pictures: encoded for an upload, and cleared away when there are too many."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bot import imaging
from bot.domain.action import Tile
from bot.domain.errors import NotFound
from bot.domain.job import Job
from bot.service.rules import Rules
from bot.storage.files import ImageStore
from bot.storage.pictures import PictureRepository

log = logging.getLogger(__name__)

EVICTED_AT_ONCE = 500


@dataclass(frozen=True)
class Picture:
    """An encoded picture ready to upload. `description` is its alternative text."""

    data: bytes
    filename: str
    description: str
    lossless: bool


class Pictures:
    """What is done with stored pictures. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        pictures: PictureRepository,
        files: ImageStore,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        self._pictures = pictures
        self._files = files
        self._rules = rules
        self._clock = clock
        # One at a time, for a grid of 2048² takes 130 MiB while it is encoded; and always the same
        # thread, for each thread's allocator keeps what it once had.
        self._encoder = ThreadPoolExecutor(1, "encoder")

    async def picture(self, job: Job, limit: int) -> Picture:
        """The job's grid, or its single picture, encoded to at most `limit` bytes.

        Raises NotFound when the files were cleared away or are damaged.
        """
        rows = await self._pictures.of_job(job.id)
        tiles = [await self._files.read(job.tile(index)) for index in sorted(rows)]
        if not tiles or any(data is None for data in tiles):
            raise NotFound("The pictures of this job were cleared away to save space.")
        recipe = job.request.recipe() | {"job": job.id}
        try:
            encoded = await asyncio.get_running_loop().run_in_executor(
                self._encoder, _encode, [d for d in tiles if d], limit, recipe
            )
        except imaging.PictureError as error:
            raise NotFound(str(error)) from error
        words = re.sub(r"[^a-z0-9]+", "-", job.request.prompt.text.lower())[:48].strip("-")
        return Picture(
            encoded.data,
            f"easel_{words or 'picture'}_{job.id}.{encoded.extension}",
            job.request.prompt.text[:1000],
            encoded.lossless,
        )

    async def housekeeping(self) -> int:
        """Clear away pictures that are too old or too many; returns how many."""
        count = 0
        while evicted := await self._to_evict():
            # Rows first: a crash in between leaves a file too many, never a promise too many.
            await self._pictures.mark_evicted(evicted, self._clock())
            await self._files.delete(evicted)
            count += len(evicted)
        if count:
            log.info("cleared away %d pictures", count)
        return count

    async def _to_evict(self) -> list[Tile]:
        """The next few pictures that are too old, or oldest while there are too many."""
        now = self._clock()
        excess = await self._pictures.kept_bytes() - self._rules.images_max_bytes
        chosen: list[Tile] = []
        for tile, size, created_at in await self._pictures.evictable(EVICTED_AT_ONCE):
            old = 0 < self._rules.images_max_age_s < now - created_at
            if not old and excess <= 0:
                break
            chosen.append(tile)
            excess -= size
        return chosen


def _encode(tiles: list[bytes], limit: int, recipe: dict[str, Any]) -> imaging.Encoded:
    # No name keeps the pictures in memory beside the grid made of them.
    whole = imaging.compose([imaging.decode(data) for data in tiles])
    return imaging.encode(whole, limit, recipe)
