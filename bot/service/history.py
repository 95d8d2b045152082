"""Results of before: one's own, and what a server has made in public; pages of them, as a person
may see them, and the pictures of a page on one sheet."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.domain.browsing import Browse, Order, Page, Result
from bot.domain.errors import NotAllowed, NotFound, StoreUnavailable
from bot.domain.job import Job
from bot.domain.language import _
from bot.domain.people import Asker, Origin
from bot.domain.terms import phrases
from bot.service.errand import Errands
from bot.service.rules import DIRECT, in_gallery, may_look
from bot.storage.files import ImageStore
from bot.storage.history import HistoryRepository
from bot.storage.pictures import PictureRepository

log = logging.getLogger(__name__)

COLUMNS = 4
SIDE = 192
"""Pixels of a result on a sheet."""
BESIDE = 448
"""The same next to each other."""
PATIENCE_S = 60.0
CLEARED = "cleared away"
"""What stands on a sheet in the place of pictures that are kept no more."""
COVERED = "spoiler"
"""The same in the place of what nobody is to see unawares."""


@dataclass(frozen=True)
class Sheet:
    """A page's pictures as a WebP file, None where none could be made just now, and the jobs whose
    pictures are kept no more."""

    picture: bytes | None
    cleared: frozenset[str]


class History:
    """What it gives out has passed the rules for who asks."""

    def __init__(
        self,
        history: HistoryRepository,
        pictures: PictureRepository,
        files: ImageStore,
        errands: Errands,
    ) -> None:
        self._history = history
        self._pictures = pictures
        self._files = files
        self._errands = errands
        self._turn = asyncio.Lock()

    async def page(
        self, asker: Asker, origin: Origin, browse: Browse, channels: Collection[int] = ()
    ) -> Page:
        """What somebody looks at; of a server's public results those of the `channels` that they
        may read. Raises NotAllowed where there is no server."""
        if browse.order is not Order.OWN and origin.guild == DIRECT:
            raise NotAllowed(_("A gallery is a server's; use this command there."))
        if browse.search and not phrases(browse.search):
            return Page(browse, ())
        if browse.order is Order.OWN:
            page = await self._history.own(browse, asker.user, origin.guild or None)
            seen = [each for each in page.results if may_look(asker, origin, each.job)]
        else:
            page = await self._public(browse, origin, channels)
            seen = [each for each in page.results if in_gallery(origin, each.job, channels)]
        return replace(page, results=tuple(seen))

    async def _public(self, browse: Browse, origin: Origin, channels: Collection[int]) -> Page:
        if browse.order is Order.HERE:
            return await self._history.of_channel(browse, origin.guild, origin.channel)
        return await self._history.public(browse, origin.guild, channels)

    async def result(
        self, asker: Asker, origin: Origin, job_id: str, channels: Collection[int] = ()
    ) -> Result:
        """A result that is on some page of theirs. Raises NotFound for any other."""
        found = await self._history.of_job(job_id)
        if found is not None:
            result, there = found
            if result.job.user == asker.user and may_look(asker, origin, result.job):
                return result
            if there and in_gallery(origin, result.job, channels):
                return result
        raise NotFound(_("This result is not here (any more)."))

    async def take_down(self, results: Iterable[Result]) -> None:
        """Their messages were deleted, so that the gallery has them no more."""
        await self._history.take_down(results)

    async def sheet(self, page: Page) -> Sheet:
        """The pictures of a page's results with their numbers; those of others that are spoilers
        stay covered."""
        own = page.browse.order is Order.OWN
        found = {each.job.id: await self._paths(each.job) for each in page.results}
        cleared = frozenset(job for job, paths in found.items() if not paths)
        cells = [
            _cell(str(number), found[each.job.id], each.spoiler and not own)
            for number, each in enumerate(page.results, 1)
        ]
        return Sheet(await self._made(cells, COLUMNS, SIDE) if found else None, cleared)

    async def beside(self, jobs: Sequence[Job]) -> bytes:
        """The pictures of results next to each other, with their numbers, as a WebP file. Raises
        NotFound where some are kept no more, StoreUnavailable where it cannot be made."""
        found = [await self._paths(job) for job in jobs]
        if not all(found):
            raise NotFound(_("The pictures of one of them were cleared away to save space."))
        cells = [_cell(str(number), paths, False) for number, paths in enumerate(found, 1)]
        made = await self._made(cells, len(cells), BESIDE)
        if made is None:
            raise StoreUnavailable("io", "no sheet of a comparison")
        return made

    async def _made(self, cells: Sequence[dict[str, Any]], columns: int, side: int) -> bytes | None:
        with tempfile.TemporaryDirectory(prefix="easel-", ignore_cleanup_errors=True) as folder:
            target = Path(folder) / "sheet.webp"
            order = {"cells": cells, "columns": columns, "side": side, "target": str(target)}
            try:
                async with self._turn:
                    told = await self._errands.run(
                        "bot.worker.sheet", order | {"blank": CLEARED}, PATIENCE_S
                    )
            except StoreUnavailable as error:
                told = {"error": str(error)}
            if "error" in told:
                log.warning("no sheet of a page: %s", told["error"])
                return None
            return await asyncio.to_thread(target.read_bytes)

    async def _paths(self, job: Job) -> list[str]:
        """Its pictures as files; none where one of them is gone."""
        rows = await self._pictures.of_job(job.id)
        tiles = [job.tile(index) for index, row in rows.items() if not row.evicted]
        there = [await self._files.exists(tile) for tile in tiles]
        whole = tiles and len(tiles) == len(rows) and all(there)
        return [str(self._files.path(tile)) for tile in tiles] if whole else []


def _cell(caption: str, paths: list[str], covered: bool) -> dict[str, Any]:
    if covered and paths:
        return {"caption": caption, "pictures": [[]], "blank": COVERED}
    return {"caption": caption, "pictures": [paths]}
