"""Everything that is kept of somebody, as zips of a size that can be sent, one after another.

They are made in a process of their own (`bot.storage.packing`), each when the one before was taken,
so that neither memory nor disk has to hold all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.errors import UserError
from bot.domain.language import _
from bot.domain.people import Asker
from bot.service.errand import Errands

PATIENCE_S = 600.0
_MODULE = "bot.storage.packing"


@dataclass(frozen=True)
class Part:
    """A zip at `path` with so many files. `done` of `whole` files are packed with it; `last` when
    nothing follows."""

    path: Path
    files: int
    done: int
    whole: int
    last: bool


class Packing:
    """One export. A part that is not `taken` is made anew by the next `pack`."""

    def __init__(
        self, errands: Errands, order: Mapping[str, Any], folder: Path, whole: int
    ) -> None:
        self._errands = errands
        self._order = order
        self._folder = folder
        self._whole = whole
        self._place = [0, 0, 0]
        self._next = self._place
        self.missing: list[str] = []
        self._gone: list[str] = []

    async def pack(self, limit: int) -> Part | None:
        """The next part in at most `limit` bytes; None where everything is taken. Raises
        StoreUnavailable."""
        while self._place[0] < self._whole:
            target = self._folder / "part.zip"
            order = {"do": "pack", "place": self._place, "limit": limit, "target": str(target)}
            told = await self._errands.run(_MODULE, {**self._order, **order}, PATIENCE_S)
            self._next, self._gone = told["place"], told["missing"]
            if told["packed"]:
                done = self._next[0]
                return Part(target, told["packed"], done, self._whole, done == self._whole)
            self.taken()
        return None

    def taken(self) -> None:
        """The last part is where it is to be."""
        self._place = self._next
        self.missing += self._gone


class Exports:
    """One at a time of each person. Files are read from `folder`, which has room for a part."""

    def __init__(self, database: Path, folder: Path, errands: Errands) -> None:
        self._errands = errands
        self._database = database
        self._folder = folder
        self._running: set[int] = set()
        self._turn = asyncio.Semaphore(2)

    async def sweep(self) -> None:
        """What a crash has left goes; once, before the first."""
        await asyncio.to_thread(shutil.rmtree, self._folder / "exports", ignore_errors=True)

    @contextlib.asynccontextmanager
    async def of(self, asker: Asker) -> AsyncIterator[Packing]:
        """What is kept of the asker now, for the block to take. Raises UserError while another one
        of theirs is made, and StoreUnavailable."""
        if asker.user in self._running:
            raise UserError(_("An export of yours is being made; wait until you have all of it."))
        self._running.add(asker.user)
        try:
            async with self._turn:
                with self._room() as folder:
                    order = self._gathering(asker.user, folder)
                    told = await self._errands.run(_MODULE, order | {"do": "gather"}, PATIENCE_S)
                    yield Packing(self._errands, order, folder, told["files"])
        finally:
            self._running.discard(asker.user)

    @contextlib.contextmanager
    def _room(self) -> Iterator[Path]:
        place = self._folder / "exports"
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def _gathering(self, user: int, folder: Path) -> dict[str, Any]:
        return {
            "user": user,
            "folder": str(folder),
            "database": str(self._database),
            "images": str(self._folder / "images"),
            "blobs": str(self._folder / "blobs"),
        }
