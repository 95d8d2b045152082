"""Who is let in: nobody while the bot closes, and nobody faster than a person asks.

Decides without waiting, before anything is done; what was let in is known until it is over, so that
a bot that closes can let it come to its end. What is told twice is let in once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.domain.errors import Draining, TooQuick
from bot.domain.language import _
from bot.domain.throttle import Throttle

CLOSING_S = 3.0
"""For so long Discord waits for an answer; what has none by then it has told of itself."""
KNOWN = 10_000
"""So many of the last interactions are known by their ids, which is minutes of a large bot."""
LETTER = 0.1
"""Of a click: what a letter of an option costs, for which Discord asks about suggestions."""


class Door:
    """One for a client. `clock` returns monotonic seconds."""

    def __init__(
        self, throttle: Throttle | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.throttle = throttle or Throttle(0, 1)
        self._clock = clock
        self._closing = False
        self._inside: set[asyncio.Task[None]] = set()
        self._known: dict[int, None] = {}

    def is_told_again(self, interaction: int) -> bool:
        """Whether Discord has told of it before: a gateway may say something twice, and what is
        asked for once is to be done, and paid, once."""
        if interaction in self._known:
            return True
        self._known[interaction] = None
        if len(self._known) > KNOWN:
            del self._known[next(iter(self._known))]
        return False

    def enter(self, person: int, cost: float = 1.0) -> None:
        """Let somebody in. Raises Draining while the bot closes, and TooQuick."""
        if self._closing:
            raise Draining(_("I am restarting; nothing was charged. Try again in half a minute."))
        if wait := self.throttle.take(person, self._clock(), cost):
            when = f"<t:{int(time.time() + wait) + 1}:R>"
            raise TooQuick(
                # Translators: {when} is shown as "in 5 seconds".
                _("That was very much in a short time; I answer again {when}.", when=when)
            )

    def see(self, task: asyncio.Task[None] | None) -> None:
        """What is done for somebody who was let in."""
        if task is not None:
            self._inside.add(task)
            task.add_done_callback(self._inside.discard)

    async def close(self) -> None:
        """Let nobody in any more, and return when those inside are answered, or nobody waits for
        it."""
        self._closing = True
        if self._inside:
            await asyncio.wait(self._inside, timeout=CLOSING_S)
