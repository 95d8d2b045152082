"""Bots for targets that are plain functions, one after another."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from tests.fuzz.corpus import corpus
from tests.fuzz.indoors import Indoors, indoors

T = TypeVar("T")


class Living:
    """Each of its bots lives in a folder in `place` for `epoch` pieces of work; the next begins
    anew, so that what was done to the last one is over."""

    def __init__(self, place: Path, epoch: int) -> None:
        self._place = place
        self._epoch = epoch
        self._count = 0
        self._loop = asyncio.new_event_loop()
        self._live: asyncio.Task[None] | None = None
        self._house: Indoors
        self._over: asyncio.Event

    def do(self, work: Callable[[Indoors], Awaitable[T]]) -> T:
        """What comes of a piece of work. Raises Finding."""
        if self._live is None or self._count % self._epoch == 0:
            self.end()
            self._loop.run_until_complete(self._begin())
        self._count += 1
        return self._loop.run_until_complete(_whole(work(self._house)))

    async def _begin(self) -> None:
        ready = self._loop.create_future()
        self._over = asyncio.Event()
        folder = self._place / f"bot-{self._count}"
        self._live = asyncio.create_task(self._living(folder, ready))
        await asyncio.wait({ready, self._live}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            await self._live
        self._house = ready.result()

    async def _living(self, folder: Path, ready: asyncio.Future[Indoors]) -> None:
        try:
            async with indoors(folder, corpus) as house:
                ready.set_result(house)
                await self._over.wait()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def end(self) -> None:
        """End the one that lives."""
        if self._live is not None:
            self._over.set()
            self._loop.run_until_complete(asyncio.wait({self._live}, timeout=30.0))
            self._live = None

    def close(self) -> None:
        """End it, and begin no other."""
        self.end()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


async def _whole(work: Awaitable[T]) -> T:
    return await work
