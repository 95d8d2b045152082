"""A channel in which a server's admins read what was changed, when and by whom."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.people import Asker
from bot.service.rules import require_admin
from bot.storage.chronicle import Chapter, ChronicleRepository, Line

__all__ = ["Chapter", "Chronicle", "Line"]


class Chronicle:
    """`clock` returns UTC seconds since the epoch; every method raises StoreUnavailable."""

    def __init__(self, chronicle: ChronicleRepository, clock: Callable[[], float]) -> None:
        self._chronicle = chronicle
        self._clock = clock

    async def set(self, asker: Asker, guild: int, channel: int) -> None:
        """Have what happens posted there from now on, 0 nowhere. Raises NotAllowed."""
        require_admin(asker, guild)
        await self._chronicle.set(guild, channel, asker.user, self._clock())

    async def due(self) -> Chapter | None:
        """What is to be posted next; its lines are never none."""
        return await self._chronicle.due(self._clock())

    async def begin(self, chapter: Chapter) -> None:
        """Say that a POST of all its lines begins."""
        await self._chronicle.begin(chapter, self._clock())

    async def posted(self, chapter: Chapter, pause: float) -> None:
        """It is there; what follows not before so many seconds."""
        await self._chronicle.posted(chapter, self._clock() + pause)

    async def postpone(self, chapter: Chapter, seconds: float, *, arrived: bool) -> None:
        """Not before so many seconds again; `arrived` says whether it may be there all the same."""
        await self._chronicle.postpone(chapter, self._clock() + seconds, arrived=arrived)
