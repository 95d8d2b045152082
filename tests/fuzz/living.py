"""A target that needs a bot, as a plain function: one bot after another."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.fuzz.corpus import corpus
from tests.fuzz.indoors import Indoors, indoors


class Living:
    """Calls `one` with a bot and what it is given; after `epoch` times the next bot begins anew, so
    that what was done to the last one is over."""

    def __init__(
        self, one: Callable[[Indoors, bytes], Awaitable[None]], place: Path, epoch: int
    ) -> None:
        self._one = one
        self._place = place
        self._epoch = epoch
        self._count = 0
        self._loop = asyncio.new_event_loop()
        self._live: asyncio.Task[None] | None = None
        self._house: Indoors
        self._over: asyncio.Event

    def __call__(self, data: bytes) -> None:
        """Raises Finding."""
        if self._live is None or self._count % self._epoch == 0:
            self._end_this()
            self._loop.run_until_complete(self._begin())
        self._count += 1
        self._loop.run_until_complete(self._one(self._house, data))

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

    def _end_this(self) -> None:
        if self._live is not None:
            self._over.set()
            self._loop.run_until_complete(asyncio.wait({self._live}, timeout=30.0))
            self._live = None

    def end(self) -> None:
        """End the last one."""
        self._end_this()
        with contextlib.suppress(RuntimeError):
            self._loop.close()
