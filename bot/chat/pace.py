"""How fast and how widely the bot asks Discord, whatever waits to be said. Knows no requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pauses:
    """Seconds between tries. `away` while Discord cannot be reached, one after another; `rest`
    after trouble of the database, and at first of a row that is refused without a reason, growing
    to `longest`; `poll` between looks at the outbox if nobody says that there is something new."""

    away: Sequence[float] = (1, 2, 4, 8, 15)
    rest: float = 2.0
    longest: float = 3600.0
    poll: float = 5.0

    def after(self, tries: int) -> float:
        """Before the next try of a row that was refused so often before."""
        return min(self.longest, self.rest * 4 ** min(tries, 10))


class Pace:
    """At most `rate` turns a second, and never more than `burst` at once.

    Discord takes 50 requests a second by the bot's token; what goes beyond costs everybody a wait.
    """

    def __init__(
        self,
        rate: float = 46.0,
        burst: int = 3,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._interval = 1 / rate
        self._credit = (burst - 1) / rate
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    @property
    def wait_s(self) -> float:
        """Seconds that whoever comes now would wait."""
        return max(0.0, self._next - self._clock())

    async def turn(self) -> None:
        """Return when it is this caller's turn; first come, first served."""
        now = self._clock()
        at = max(self._next, now - self._credit)
        self._next = at + self._interval
        if at > now:
            await self._sleep(at - now)


class Breaker:
    """Whether Discord can be reached, as far as the last tries tell.

    While it cannot, one thing at a time is tried, after growing pauses (in seconds).
    """

    def __init__(
        self,
        pauses: Sequence[float] = Pauses.away,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pauses = pauses
        self._clock = clock
        self._failures = 0
        self._not_before = 0.0

    @property
    def open(self) -> bool:
        """Whether the last try did not reach Discord."""
        return self._failures > 0

    def room(self, running: int, wanted: int) -> int:
        """How many of `wanted` things may be tried at once, of which some are running."""
        if not self.open:
            return wanted - running
        return 1 if running == 0 and self._clock() >= self._not_before else 0

    def failed(self) -> float:
        """A try did not reach Discord; returns the seconds until the next."""
        pause = self._pauses[min(self._failures, len(self._pauses) - 1)]
        self._failures += 1
        self._not_before = self._clock() + pause
        return pause

    def worked(self) -> None:
        """Discord answered."""
        self._failures = 0
