"""Likes: free, at once, one of each person for each picture."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.action import Tile
from bot.domain.job import Job
from bot.domain.people import Asker, Origin
from bot.service.rules import require_visible
from bot.storage.jobs import JobRepository
from bot.storage.likes import LikeRepository


class Likes:
    """What is liked is counted for the gallery. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self, likes: LikeRepository, jobs: JobRepository, clock: Callable[[], float]
    ) -> None:
        self._likes = likes
        self._jobs = jobs
        self._clock = clock

    async def turn(self, asker: Asker, origin: Origin, tile: Tile) -> Job:
        """The asker likes a picture, or who did so before does no more; returns its job. Raises
        NotFound for what they do not see there, and for no picture."""
        job = require_visible(asker, origin, await self._jobs.get(tile.job))
        await self._likes.turn(tile, asker.user, self._clock())
        return job

    async def count(self, job: Job) -> int:
        """How many like the job's pictures."""
        return await self._likes.count(job.id)
