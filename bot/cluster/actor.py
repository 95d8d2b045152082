"""The actor that holds a card: a worker, hosted in a process of Ray's.

Its class is sent by name, so Easel has to be installed on every machine, in one version. Data only
goes in and out: frames as bytes, and plain values.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from bot import __version__

if TYPE_CHECKING:
    from bot.worker.hosted import Chunk


class Actor:
    """`bot.worker.hosted.Host`, called from elsewhere."""

    def __init__(self) -> None:
        from bot.worker.hosted import Host  # what calls it from elsewhere starts without

        self._host = Host()

    async def adopt(self, name: str, owner: str, hello: bytes, version: str) -> str:
        """Empty where it is `owner`'s now; else why not: "taken", "other" or "version …"."""
        if version != __version__:
            return f"version {__version__}"
        return self._host.adopt(name, owner, hello)

    async def take(self, name: str, data: bytes) -> bool:
        """See `Host.take`."""
        return self._host.take(name, data)

    async def listen(self, name: str) -> AsyncIterator[Chunk]:
        """See `Host.listen`."""
        async for chunk in self._host.listen(name):
            yield chunk

    async def heard(self, number: int) -> None:
        """See `Host.heard`."""
        self._host.heard(number)

    async def standing(self) -> dict[str, Any]:
        """See `Host.standing`."""
        return self._host.standing()
