"""How late the event loop comes to what is due: whatever keeps it from that is somebody's wait."""

from __future__ import annotations

import asyncio

from bot.domain.measures import SECONDS, Spread

EVERY_S = 0.25


class Lag:
    """Looks every `every_s` seconds by how many it was too late; `spread` has all looks."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self.spread = Spread((0.001, *SECONDS))

    async def keep(self) -> None:
        """For ever."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + self._every_s
            await asyncio.sleep(self._every_s)
            self.spread.add(max(0.0, clock() - due))
