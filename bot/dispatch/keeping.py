"""The pictures of one attempt: written as they come, recorded, and dropped where they come too
late."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.domain.action import Tile
from bot.domain.job import Job
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.pictures import PictureRepository, StoredImage

log = logging.getLogger(__name__)

SKETCHES = 16
"""Previews of one attempt that are kept; an engine says few of them."""


class Keeping:
    """Of a `job` as it was when the attempt began; its attempt is the fencing token. `last` are
    pictures that are written and not recorded yet: those that made the job complete, which go into
    the transaction of its end. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        jobs: JobRepository,
        pictures: PictureRepository,
        files: ImageStore,
        clock: Callable[[], float],
        job: Job,
    ) -> None:
        self.last: Sequence[StoredImage] = ()
        self._jobs = jobs
        self._pictures = pictures
        self._files = files
        self._clock = clock
        self.job = job
        self._there: set[int] = set()
        self._sketches: list[bytes] = []
        self._goes_on = False

    @property
    def missing(self) -> tuple[int, ...]:
        """Pictures (from 0) that are not there yet."""
        return tuple(i for i in range(self.job.request.count) if i + 1 not in self._there)

    async def look(self) -> None:
        """Learn what earlier attempts left."""
        self._there = set(await self._pictures.of_job(self.job.id))
        self._goes_on = bool(self._there)

    async def store(self, came: Mapping[Tile, bytes], scores: Mapping[int, float]) -> None:
        """Write pictures, and record them unless they are the last, with the `scores` of those (by
        index, from 1) that were looked at. Raises OSError."""
        digests = await self._files.write(came)
        images = [
            StoredImage(
                tile.index, digest, len(came[tile]), evicted=False, score=scores.get(tile.index)
            )
            for tile, digest in digests.items()
        ]
        complete = self._there | {image.index for image in images}
        if len(complete) == self.job.request.count:
            self.last = images
            await self._keep_sketches()
        elif not await self._recorded(images):
            return
        self._there = complete

    def sketch(self, preview: bytes) -> None:
        """What the pictures look like so far, for who wants to see how they came to be; not of an
        attempt that draws what an earlier one left over."""
        if len(self._sketches) < SKETCHES and not self._goes_on:
            self._sketches.append(preview)

    async def _keep_sketches(self) -> None:
        try:
            await self._files.previews.keep(self.job.id, self._sketches)
        except OSError as error:
            log.warning("job %s: its previews are not kept: %s", self.job.id, error)

    async def record(self) -> None:
        """Record the last ones, where the job does not end well."""
        if self.last:
            await self._recorded(self.last)
            self.last = ()

    async def drop(self) -> None:
        """The attempt is not the job's any more, so the last ones came too late."""
        if self.last:
            await self._drop(self.last)
            self.last = ()

    async def keep_upload(self, data: bytes, extension: str) -> None:
        """Keep what is to be posted, if that is possible: it can be made again from pictures."""
        try:
            await self._files.uploads.keep(self.job.id, data, extension)
        except OSError as error:
            log.warning("job %s: what is to be posted is not kept: %s", self.job.id, error)

    async def _recorded(self, images: Sequence[StoredImage]) -> bool:
        if await self._pictures.add(self.job.id, self.job.attempt, images, self._clock()):
            return True
        await self._drop(images)
        return False

    async def _drop(self, images: Iterable[StoredImage]) -> None:
        """Delete the files, unless they are a newer attempt's by now."""
        log.info("job %s attempt %d: late pictures dropped", self.job.id, self.job.attempt)
        now = await self._jobs.get(self.job.id)
        if now is None or now.attempt == self.job.attempt:
            await self._files.delete(self.job.tile(image.index) for image in images)
