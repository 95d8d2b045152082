"""Finished pictures: encoded for an upload, and cleared away when there are too many, as is what
people uploaded."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bot.domain.action import Kind, Tile
from bot.domain.errors import NotFound, StoreUnavailable, TooLarge
from bot.domain.job import Job, JobStatus
from bot.domain.language import _
from bot.domain.preferences import FileFormat, file_of
from bot.domain.request import Seeding
from bot.service.encoder import Encoder
from bot.service.errand import Errands
from bot.service.metadata import with_recipe
from bot.service.rules import Rules
from bot.storage.blobs import Blobs
from bot.storage.files import ImageStore
from bot.storage.pictures import Evictable, PictureRepository
from bot.storage.uploads import Upload

log = logging.getLogger(__name__)

EVICTED_AT_ONCE = 500
SWEPT_AT_MOST = 100
"""A crash leaves the pictures of a few jobs; more are those of another or a newer database."""
PREVIEWS_AGE_S = 30 * 86_400.0
"""For so long one can see how a picture came to be, if it is kept itself."""
_RECIPE_ROOM = 64 * 1024


@dataclass(frozen=True)
class Picture:
    """A picture file ready to upload: its bytes, or where they lie. `description` is its
    alternative text."""

    content: bytes | Path
    bytes: int
    filename: str
    description: str


class Pictures:
    """What is done with stored pictures. `clock` returns UTC seconds since the epoch."""

    def __init__(
        self,
        pictures: PictureRepository,
        files: ImageStore,
        blobs: Blobs,
        rules: Rules,
        clock: Callable[[], float],
        errands: Errands,
    ) -> None:
        self._pictures = pictures
        self._files = files
        self._blobs = blobs
        self._rules = rules
        self._clock = clock
        self._encoder = Encoder(errands)
        self._alone = asyncio.Lock()

    async def picture(self, job: Job, limit: int) -> Picture:
        """The job's grid, or its single picture, as a file of at most `limit` bytes.

        It was composed where it was drawn; what was not, or is too large, is encoded now. Raises
        NotFound when the pictures were cleared away or are damaged, StoreUnavailable when the disk
        is in trouble.
        """
        try:
            made = await self._files.uploads.of(job.id)
            if made is None or made.bytes > limit:
                made = await self._encoded(job, limit)
        except OSError as error:
            raise StoreUnavailable("io", f"job {job.id}: {error}") from error
        words = re.sub(r"[^a-z0-9]+", "-", job.request.prompt.text.lower())[:48].strip("-")
        name = f"easel_{words or 'picture'}_{job.id}.{made.extension}"
        return Picture(made.content, made.bytes, name, _description(job))

    async def single(self, job: Job) -> bytes:
        """The one picture that a result has. Raises NotFound, also for a grid, and
        StoreUnavailable."""
        if job.status is not JobStatus.SUCCEEDED or job.request.count != 1:
            raise NotFound(
                _("That message shows no single picture; take one out of its grid by U.")
            )
        try:
            data = await self._files.read(job.tile(1))
        except OSError as error:
            raise StoreUnavailable("io", f"job {job.id}: {error}") from error
        if data is None:
            raise NotFound(_("That picture was cleared away to save space."))
        return data

    async def singly(
        self, job: Job, limit: int, file: FileFormat = FileFormat.WEBP
    ) -> AsyncIterator[Picture]:
        """Each of the job's pictures as a file of its own, with a recipe that draws it alone; one
        in memory at a time, whoever asks. A PNG that is too large is a smaller file without loss,
        or none: then TooLarge is raised. Else raises as `picture` does."""
        async with self._alone:
            try:
                for index, tile in enumerate(await self.tiles(job), 1):
                    yield await self._single(job, index, tile, limit, file)
            except FileNotFoundError:
                raise NotFound(_("The pictures of this job were cleared away meanwhile.")) from None
            except OSError as error:
                raise StoreUnavailable("io", f"job {job.id}: {error}") from error

    async def _single(
        self, job: Job, index: int, tile: Path, limit: int, file: FileFormat
    ) -> Picture:
        drawn = job.request.kind is Kind.DRAW
        own = replace(job, request=job.request.upscale(job.tile(index))) if drawn else job
        data = await asyncio.to_thread(tile.read_bytes)
        exact = with_recipe(data, own.recipe()) if len(data) + _RECIPE_ROOM <= limit else None
        if file is FileFormat.PNG:
            whole = await self._png(own, tile, limit) or exact
            extension = "webp" if whole is exact else "png"
            if whole is None:
                raise TooLarge(_("This picture is too large to be sent without loss here."))
        else:
            whole, extension = exact, "webp"
            if whole is None:
                whole, extension = await self._made(own, tile, limit, file)
        name = f"easel_{index}_{job.id}.{extension}"
        return Picture(whole, len(whole), name, _description(own))

    async def _png(self, own: Job, tile: Path, limit: int) -> bytes | None:
        """None where it would be too large."""
        with contextlib.suppress(NotFound):
            data, extension = await self._made(own, tile, limit, FileFormat.PNG)
            return data if extension == "png" else None
        return None

    async def _made(self, own: Job, tile: Path, limit: int, file: FileFormat) -> tuple[bytes, str]:
        made = self._files.folder(own.id) / f"{tile.stem}.{file.value}.partial"
        try:
            extension = await self._encoder.encode([tile], limit, own.recipe(), made, file)
            return await asyncio.to_thread(made.read_bytes), extension
        finally:
            made.unlink(missing_ok=True)

    async def forget_upload(self, job: Job) -> None:
        """The file was posted, or will not be; it can be made again."""
        await self._files.uploads.delete(job.id)

    async def forget_posted(self, job: Job) -> None:
        """The same, unless it is still to be posted. Where the database is in trouble it stays
        until the next start."""
        with contextlib.suppress(StoreUnavailable):
            if await self._pictures.posted([job.id]):
                await self._files.uploads.delete(job.id)

    async def _encoded(self, job: Job, limit: int) -> Upload:
        tiles = await self.tiles(job)
        recipe = job.recipe()
        file = file_of(job.request.extra)
        exact = file is FileFormat.WEBP and len(tiles) == 1
        if exact and tiles[0].stat().st_size + _RECIPE_ROOM <= limit:
            whole = with_recipe(tiles[0].read_bytes(), recipe)
            if whole is not None:
                return await self._files.uploads.keep(job.id, whole, "webp")
        made = self._files.folder(job.id) / "encoded.partial"
        try:
            extension = await self._encoder.encode(tiles, limit, recipe, made, file)
            return await self._files.uploads.take(job.id, made, extension)
        finally:
            made.unlink(missing_ok=True)

    async def tiles(self, job: Job) -> list[Path]:
        """Where its pictures lie, in order. Raises NotFound where one is gone."""
        rows = await self._pictures.of_job(job.id)
        paths = [self._files.path(job.tile(index)) for index in sorted(rows)]
        if not paths or not all(path.exists() for path in paths):
            raise NotFound(_("The pictures of this job were cleared away to save space."))
        return paths

    async def housekeeping(self) -> int:
        """Clear away uploads that nobody uses, then pictures that are too old or too many; returns
        how many were marked so.

        What the store refuses is logged; the next round does it.
        """
        await self._drop_blobs()
        await self._drop_previews()
        count = 0
        try:
            load, last = await self._load(), None
            while found := await self._pictures.evictable(EVICTED_AT_ONCE, last):
                due, last = load.due(found), found[-1]
                count += await self._evict(due) if due else 0
                if len(due) < len(found):
                    break
        except StoreUnavailable as error:
            log.warning("pictures cannot be cleared away just now: %s", error)
        if count:
            log.info("cleared away %d pictures", count)
        return count

    async def _drop_blobs(self) -> None:
        """What was uploaded is kept no longer than what is drawn."""
        ages = self._rules.blobs_max_age_s, self._rules.images_max_age_s or math.inf
        try:
            count = await self._blobs.drop_unused(self._clock() - min(ages))
        except (StoreUnavailable, OSError) as error:
            log.warning("uploads cannot be cleared away just now: %s", error)
            return
        if count:
            log.info("cleared away %d uploads that nobody uses", count)

    async def _drop_previews(self) -> None:
        try:
            await self._files.previews.sweep(self._clock() - PREVIEWS_AGE_S)
        except OSError as error:
            log.warning("previews cannot be cleared away just now: %s", error)

    async def sweep(self, before: float) -> int:
        """Delete what crashes have left: unfinished files, those that were posted, and pictures of
        jobs that are not known. Only what is older than `before`, and no pictures where there are
        more than a crash leaves: the database may have been restored from an older copy. Returns
        of how many jobs they were."""
        rowless: list[str] = []
        try:
            await self._blobs.sweep(before, SWEPT_AT_MOST)
            async for old in self._files.sweep(before):
                for job in await self._pictures.posted(old.uploads):
                    await self._files.uploads.delete(job)
                rowless += await self._pictures.rowless(old.jobs)
                if len(rowless) > SWEPT_AT_MOST:
                    log.warning("there are many pictures of jobs that are not known; they stay")
                    return 0
            await self._files.delete_jobs(rowless)
        except (StoreUnavailable, OSError) as error:
            log.warning("what crashes have left stays until the next start: %s", error)
            return 0
        if rowless:
            log.info("deleted the pictures of %d jobs that are not known", len(rowless))
        return len(rowless)

    async def _load(self) -> _Load:
        excess = await self._pictures.kept_bytes() - self._rules.images_max_bytes
        age = self._rules.images_max_age_s
        return _Load(excess, self._clock() - age if age > 0 else 0.0)

    async def _evict(self, due: list[Tile]) -> int:
        # Files first: on a full disk a row can only be marked when there is room again. To those
        # who read, a file that is not there is cleared away, whatever its row says.
        try:
            await self._files.delete(due)
            await self._pictures.mark_evicted(due, self._clock())
        except (StoreUnavailable, OSError) as error:
            log.warning("%d pictures cannot be cleared away wholly: %s", len(due), error)
            return 0
        return len(due)


class _Load:
    """What is too much: `excess` bytes, and all that was made before `before`."""

    def __init__(self, excess: int, before: float) -> None:
        self._excess = excess
        self._before = before
        self._halves: set[Tile] = set()

    def due(self, found: list[Evictable]) -> list[Tile]:
        """The first of these, while there is too much; the oldest come first."""
        due: list[Tile] = []
        for picture in found:
            if picture.created_at >= self._before and self._excess <= 0:
                break
            due.append(picture.tile)
            self._excess -= self._freed(picture)
        return due

    def _freed(self, picture: Evictable) -> int:
        if picture.shared and picture.original not in self._halves:
            self._halves.add(picture.original)
            return 0
        return picture.bytes


def _description(job: Job) -> str:
    """What the picture shows, with the seed that draws it again where that is all it takes."""
    request, prompt = job.request, job.request.prompt
    drawn_from_text = request.kind is Kind.DRAW and not request.inputs
    told = not drawn_from_text or prompt.seed is not None
    seed = "" if told or request.seeding is not Seeding.SCATTERED else f" --seed {request.seed}"
    return prompt.text[: 1000 - len(seed)] + seed
