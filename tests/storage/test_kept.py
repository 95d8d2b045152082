"""What all kept files weigh is known at any moment, and is what their files weigh."""

from __future__ import annotations

import errno
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.action import Tile
from bot.domain.job import Job, JobStatus
from bot.domain.people import Account
from bot.domain.quota import Claim, Quota
from bot.storage.database import Database
from bot.storage.pictures import StoredImage
from bot.storage.repositories import Repositories
from tests.kit import blank
from tests.kit.values import GUILD, MORNING, a_job, a_request, wish

PLENTY = Quota(credits=10**6, running=10**6, waiting=10**6)


class Gallery:
    """Pictures and uploads on a real disk, to which anything may happen."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self._random = random.Random(seed)
        self._now = MORNING
        self._undrawn: list[tuple[Job, int]] = []
        self._finished: dict[str, Job] = {}

    async def open(self) -> None:
        self.database = await Database.open(blank.put(self.folder / "easel.sqlite3"))
        self.parts = Repositories.of(self.database, self.folder)

    async def anything(self) -> None:
        """One thing of those that happen to pictures."""
        deeds: list[Callable[[], Awaitable[None]]] = [
            *(self.begin, self.finish, self.finish, self.extract, self.extract, self.evict),
            *(self.give_up, self.retarget, self.restart, self.upload, self.forget, self.drop),
        ]
        await self._random.choice(deeds)()

    async def begin(self) -> None:
        """A new job, of which some pictures are drawn."""
        job = a_job()
        await self.parts.jobs.submit([job], Claim(PLENTY), 10**6)
        started = await self.parts.jobs.start(job.id, MORNING)
        assert started is not None
        self._undrawn.append((job, started.attempt))
        await self._draw(job, started.attempt, range(1, self._random.randint(1, 4)))

    async def finish(self) -> None:
        """All pictures of a job, those again that are there."""
        if self._undrawn:
            job, attempt = self._undrawn.pop(self._random.randrange(len(self._undrawn)))
            await self._draw(job, attempt, range(1, 5))
            assert await self.parts.jobs.succeed(job.id, attempt, 1.0, "torch", MORNING)
            self._finished[job.id] = job

    async def _draw(self, job: Job, attempt: int, indices: range) -> None:
        for index in indices:
            data = b"x" * self._random.randint(1, 999)
            tile = job.tile(index)
            digests = await self.parts.files.write({tile: data})
            image = StoredImage(index, digests[tile], len(data), evicted=False)
            assert await self.parts.pictures.add(job.id, attempt, [image], MORNING)

    async def extract(self) -> None:
        """A picture is taken out of its grid, or again out of what was taken out."""
        kept = [tile for tile in await self._kept() if tile.job in self._finished]
        if not kept:
            return
        tile = self._random.choice(kept)
        source = (await self.parts.pictures.of_job(tile.job))[tile.index]
        single = a_job(a_request().upscale(tile), status=JobStatus.SUCCEEDED, cost=0)
        one_file = await self.parts.files.link(tile, single.tile(1))
        linked = (source.linked or tile) if one_file else None
        made = await self.parts.jobs.extract(single, replace(source, index=1, linked=linked))
        self._finished[made.id] = made
        if made.id != single.id:
            await self.parts.files.delete([single.tile(1)])

    async def evict(self) -> None:
        """Some go, whoever shares their files; some of them went before."""
        kept = await self._kept()
        gone = self._random.sample(kept, min(len(kept), self._random.randint(1, 4)))
        await self.parts.files.delete(gone)
        for _ in range(2):
            await self.parts.pictures.mark_evicted(gone, MORNING)

    async def give_up(self) -> None:
        """A job is cancelled half drawn; its pictures stay."""
        if self._undrawn:
            job, _ = self._undrawn.pop()
            await self.parts.jobs.cancel(job.id, MORNING)

    async def retarget(self) -> None:
        """Another model draws a waiting job; what was drawn of it is deleted."""
        if self._undrawn:
            job, attempt = self._undrawn.pop()
            await self.parts.jobs.give_back(job.id, attempt)
            await self.parts.jobs.retarget(job)
            await self.parts.files.delete(job.tile(index) for index in range(1, 5))

    async def upload(self) -> None:
        """One of a few files, by one of a few people."""
        data = bytes([self._random.randint(1, 4)]) * 700
        self._now += 1
        await self.parts.blobs.put(data, Account(GUILD, self._random.randint(1, 3)), self._now)

    async def forget(self) -> None:
        await self.parts.blobs.forget(wish(self._random.randint(1, 3)))

    async def drop(self) -> None:
        await self.parts.blobs.drop_unused(before=self._now - 2)

    async def restart(self) -> None:
        await self.database.close()
        await self.open()

    async def _kept(self) -> list[Tile]:
        rows = await self.database.read(
            lambda c: c.execute(
                "SELECT job_id, idx FROM images WHERE evicted_at IS NULL"
            ).fetchall()
        )  # fmt: skip
        return [Tile(row["job_id"], row["idx"]) for row in rows]

    def on_disk(self) -> int:
        """What the files weigh, those once that have several names."""
        folders = (self.folder / "images", self.folder / "blobs")
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        found = [path.stat() for path in files]
        return sum({stat.st_ino: stat.st_size for stat in found}.values())


@pytest.fixture
async def gallery(tmp_path: Path, seed: int) -> AsyncIterator[Gallery]:
    opened = Gallery(tmp_path, seed)
    await opened.open()
    yield opened
    await opened.database.close()


@pytest.mark.parametrize("seed", range(4))
async def test_it_is_what_the_files_weigh_whatever_happens(gallery: Gallery) -> None:
    heaviest = 0
    for _ in range(120):
        await gallery.anything()
        weight = gallery.on_disk()
        assert await gallery.parts.pictures.kept_bytes() == weight
        heaviest = max(heaviest, weight)
    assert heaviest > 3000


@pytest.mark.parametrize("seed", [5])
async def test_a_copy_weighs_for_itself(gallery: Gallery, monkeypatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    for _ in range(3):
        await gallery.begin()
        await gallery.finish()
    before = gallery.on_disk()
    await gallery.extract()
    assert gallery.on_disk() > before
    assert await gallery.parts.pictures.kept_bytes() == gallery.on_disk()
