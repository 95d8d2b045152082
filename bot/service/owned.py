"""What the owner of a result may do with it besides drawing on: cover it, delete it, see what it
was made of, and have it as files."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from bot.domain.action import Kind
from bot.domain.errors import NotAllowed, NotFound, StoreUnavailable
from bot.domain.ingredients import ingredients
from bot.domain.job import Job, JobStatus
from bot.domain.language import N_, _
from bot.domain.people import Asker, Origin
from bot.domain.preferences import FileFormat
from bot.models.catalogue import Catalogue
from bot.service.errand import Errands
from bot.service.pictures import Picture, Pictures
from bot.service.rules import require_own
from bot.storage.deletion import DeletionRepository
from bot.storage.files import ImageStore
from bot.storage.history import HistoryRepository
from bot.storage.jobs import JobRepository

log = logging.getLogger(__name__)

SIDE = 512
"""Pixels of the longer side of a moving picture."""
PATIENCE_S = 60.0
FLAGGED = N_("The picture check covered this picture, so it stays a spoiler.")
NO_PREVIEWS = N_(
    "How this came to be was not kept: that is done for a month, of pictures that show their steps."
)


@dataclass(frozen=True)
class Owned:
    """A result as its owner sees it: what it was made of by name, whether it is a `spoiler`, and
    whether it is `known` how it came to be. One that is `flagged` is a spoiler for good."""

    job: Job
    ingredients: Mapping[str, str]
    spoiler: bool
    known: bool
    flagged: bool = False


class Ownership:
    """Every method is for the owner alone: raises NotFound for what the asker may not see there,
    NotAllowed for somebody else's result."""

    def __init__(
        self,
        jobs: JobRepository,
        history: HistoryRepository,
        deletion: DeletionRepository,
        files: ImageStore,
        pictures: Pictures,
        catalogue: Catalogue,
        errands: Errands,
    ) -> None:
        self._jobs = jobs
        self._history = history
        self._deletion = deletion
        self._files = files
        self._pictures = pictures
        self._catalogue = catalogue
        self._errands = errands
        self._turn = asyncio.Lock()

    async def of(self, asker: Asker, origin: Origin, job_id: str) -> Owned:
        """A finished result of the asker's."""
        job = require_own(asker, origin, await self._jobs.get(job_id))
        if job.status is not JobStatus.SUCCEEDED or job.deleted:
            raise NotFound(_("There are no pictures of this (any more)."))
        spoiler, flagged = await self._history.cover_of(job.id)
        frames = (await self._previews(job))[0]
        return Owned(job, self.made_of(job), spoiler, bool(frames), flagged)

    def made_of(self, job: Job) -> dict[str, str]:
        """By name."""
        card = self._catalogue.card(job.request.model)
        return ingredients(job.request, card.name if card else job.request.model, job.engine)

    async def coverable(self, asker: Asker, origin: Origin, job_id: str, spoiler: bool) -> Job:
        """A result of the asker's that may become a spoiler, or none any more. Raises NotAllowed
        also where the picture check made it one."""
        owned = await self.of(asker, origin, job_id)
        if owned.flagged and not spoiler:
            raise NotAllowed(_(FLAGGED))
        return owned.job

    async def covered(self, job: Job) -> bool:
        """Whether its picture is a spoiler, for whoever shows it."""
        return await self._history.covered(job.id)

    async def cover(self, job: Job, spoiler: bool) -> None:
        """Its picture is a spoiler from now on wherever it is shown, or is none any more. Raises
        NotAllowed where the picture check made it one."""
        if not await self._history.cover(job.id, spoiler):
            raise NotAllowed(_(FLAGGED))
        log.info("job %s: its picture is %s spoiler", job.id, "a" if spoiler else "no")

    async def delete(self, asker: Asker, origin: Origin, job_id: str) -> None:
        """Delete a result for good, and soon its messages. What was taken out of it, or drawn from
        it, is somebody's own result and stays."""
        job = (await self.of(asker, origin, job_id)).job
        tiles = [job.tile(index) for index in range(1, job.request.count + 1)]
        try:  # before the rows: where it fails, whoever owns it can try again
            await self._files.delete(tiles)
        except OSError as error:
            raise StoreUnavailable("io", f"job {job.id}: {error}") from error
        if not await self._deletion.delete(job):
            raise NotFound(_("This was deleted already."))
        log.info("job %s: deleted by its owner", job.id)

    async def pngs(self, asker: Asker, origin: Origin, job_id: str, limit: int) -> list[Picture]:
        """Each picture without loss, as a file of at most `limit` bytes. Raises TooLarge where that
        cannot be."""
        job = (await self.of(asker, origin, job_id)).job
        async with aclosing(self._pictures.singly(job, limit, FileFormat.PNG)) as each:  # type: ignore[type-var]
            return [picture async for picture in each]

    async def making(self, asker: Asker, origin: Origin, job_id: str) -> bytes:
        """A moving picture of its previews, in order, and of the picture itself. Raises NotFound
        where none are kept, StoreUnavailable."""
        job = (await self.of(asker, origin, job_id)).job
        frames, cell = await self._previews(job)
        if not frames:
            raise NotFound(_(NO_PREVIEWS))
        tiles = await self._pictures.tiles(job)
        async with self._turn:
            return await self._animated(frames, cell, tiles)

    async def _previews(self, job: Job) -> tuple[list[bytes], int]:
        """And which picture of them it is; 0: all. What was taken out of a grid came to be
        there."""
        source = job.request.source
        if job.request.kind is Kind.EXTRACT and source is not None:
            return await self._files.previews.of(source.job), source.index
        return await self._files.previews.of(job.id), 0

    async def _animated(self, frames: Sequence[bytes], cell: int, tiles: Sequence[Path]) -> bytes:
        with tempfile.TemporaryDirectory(prefix="easel-", ignore_cleanup_errors=True) as name:
            folder, target = Path(name) / "previews", Path(name) / "made.webp"
            await asyncio.to_thread(_write, folder, frames)
            order = {
                "previews": str(folder), "tiles": [str(tile) for tile in tiles], "cell": cell,
                "side": SIDE, "target": str(target),
            }  # fmt: skip
            told = await self._errands.run("bot.worker.animate", order, PATIENCE_S)
            if "error" in told:
                raise StoreUnavailable("io", told["error"])
            return await asyncio.to_thread(target.read_bytes)


def _write(folder: Path, frames: Sequence[bytes]) -> None:
    folder.mkdir()
    for number, frame in enumerate(frames):
        (folder / f"{number:02d}.jpg").write_bytes(frame)
