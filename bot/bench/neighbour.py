"""`python -m bot.bench.neighbour`: a process that wants one core all the time, as another program
on the machine may. It begins with the first question."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

from bot.bench import child
from bot.bench.child import Child


@contextlib.asynccontextmanager
async def neighbour() -> AsyncIterator[int]:
    """One is there during the block: its process id."""
    async with Child("bot.bench.neighbour") as other:
        await other.ask()
        yield other.process


def _spin() -> None:
    while True:
        sum(range(1000))


def _answer(_message: child.Message) -> child.Message:
    threading.Thread(target=_spin, daemon=True).start()
    return {}


if __name__ == "__main__":
    asyncio.run(child.serve(_answer))
