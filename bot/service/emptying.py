"""Taking the files of pictures away, with those of all that hold the same pixels."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bot.dispatch.dispatcher import Dispatcher
from bot.domain.errors import StoreUnavailable
from bot.domain.job import Job
from bot.service.stopping import Stopping
from bot.storage.files import ImageStore
from bot.storage.jobs import JobRepository
from bot.storage.tracing import Grew

T = TypeVar("T")

Look = Callable[[], Awaitable[Sequence[Job]]]
"""Finds what holds the pixels, as of now."""


class Emptying:
    """`clock` returns UTC seconds since the epoch."""

    def __init__(
        self, jobs: JobRepository, files: ImageStore, dispatcher: Dispatcher,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        self._files = files
        self._stopping = Stopping(jobs, dispatcher, clock)

    async def emptied(self, look: Look, settle: Callable[[list[Job]], Awaitable[T]]) -> T:
        """Take away the files of all that is found, of which none gets some any more, and write
        that down by `settle`, as often as this finds that more has come. Raises StoreUnavailable.
        """
        gone: dict[str, Job] = {}
        while True:
            await self._empty(look, gone)
            with contextlib.suppress(Grew):
                return await settle(list(gone.values()))

    async def _empty(self, look: Look, gone: dict[str, Job]) -> None:
        """What began meanwhile is found by another look."""
        while more := [each for each in await look() if each.id not in gone]:
            await self._stopping.stop(more, "it shows what moderators delete")
            # Files before rows: a row without one is a picture that was cleared away.
            tiles = [each.tile(n) for each in more for n in range(1, each.request.count + 1)]
            try:
                await self._files.delete(tiles)
            except OSError as error:
                raise StoreUnavailable("io", f"job {more[0].id}: {error}") from error
            gone |= {each.id: each for each in more}
