"""When a worker is recycled because it goes on with what it was told to stop.

Knows how long the steps of one attempt take. Loading is not hurried: it stops between its stages
only, and who falls silent is the executor's to notice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.engine.seam import Event, LoadingModel, Paused, Progress

STEPS = 3
"""An attempt stops within one of its steps; so many are waited for."""


class Recycling:
    """Of one attempt. `kill` ends its worker; an attempt that was told to stop has `stop_s` seconds
    or `STEPS` of its steps for that, whichever is longer."""

    def __init__(self, kill: Callable[[], Awaitable[None]], stop_s: float) -> None:
        self._kill = kill
        self._stop_s = stop_s
        self._step = 0.0
        self._last: float | None = None
        self._stepping = asyncio.Event()
        self._over = False
        self._task: asyncio.Task[None] | None = None

    def hear(self, event: Event) -> None:
        """What the attempt says tells how far it is, and how long its steps take."""
        match event:
            case LoadingModel():
                self._last = None
                self._stepping.clear()
            case Paused():
                self._last = None
            case Progress(t=now):
                if self._last is not None:
                    self._step = max(self._step, now - self._last)
                self._last = now
                self._stepping.set()

    @property
    def due(self) -> float | None:
        """Seconds after which it should have stopped; None while no steps are made."""
        return max(self._stop_s, STEPS * self._step) if self._stepping.is_set() else None

    def told(self) -> None:
        """The attempt was told to stop."""
        if self._task is None and not self._over:
            self._task = asyncio.create_task(self._wait())

    def over(self) -> None:
        """The attempt has ended."""
        self._over = True
        if self._task is not None:
            self._task.cancel()

    async def _wait(self) -> None:
        while True:
            await self._stepping.wait()
            await asyncio.sleep(self.due or self._stop_s)
            if self._stepping.is_set():
                break
        await self._kill()
