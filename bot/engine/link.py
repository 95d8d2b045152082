"""How a worker's process is reached, wherever it is: over pipes here, over a bridge elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.engine.frames import Frame


class Link(Protocol):
    """One process, from its start to its end. `killed` is set once it was told to die; where that
    is `sure`, it does so at once. It was `innocent` where its machine, or the way there, failed it:
    known once it has ended."""

    killed: asyncio.Event
    sure: bool

    @property
    def innocent(self) -> bool: ...

    @property
    def pid(self) -> int | None:
        """Its process id, where it is on this machine."""
        ...

    async def open(self) -> None:
        """Start the process. Raises OSError."""
        ...

    async def receive(self) -> Frame | None:
        """The next frame; None when there will be none. Raises FrameError."""
        ...

    def write(self, frame: Frame) -> None:
        """Hand over a frame without waiting; nothing happens when the process is gone."""
        ...

    async def send(self, frame: Frame) -> None:
        """Hand over a frame, and wait while the process is behind with reading."""
        ...

    def hang_up(self) -> None:
        """Nothing more is wanted of it: it ends by itself, or waits for who comes next."""
        ...

    def kill(self) -> None:
        """End it now."""
        ...

    async def ended(self, seconds: float | None = None) -> str:
        """How it ended, in a few words; empty if it has not after `seconds`."""
        ...


Connect = Callable[[str], Awaitable[Link]]
"""Makes the way to a process that is to be known by this id; it is not started yet."""
