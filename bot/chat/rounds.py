"""Going again and again through what waits in a table to be shown on servers: one thing after
another, never in a hurry, and the next try of what failed after growing pauses. What is wrong with
one server holds up no other. Knows neither what waits nor how it is shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from bot.chat.pace import Pace, Pauses
from bot.chat.trouble import TROUBLE, Verdict, judge
from bot.domain.errors import StoreUnavailable, new_reference

log = logging.getLogger(__name__)

A_SECOND = 2.0
"""Messages."""


class Waiting(Protocol):
    """Something for a server, which was tried so often in vain."""

    @property
    def guild(self) -> int: ...

    @property
    def tries(self) -> int: ...


T = TypeVar("T", bound=Waiting)
W_contra = TypeVar("W_contra", bound=Waiting, contravariant=True)


class Postpone(Protocol[W_contra]):
    """Not before so many seconds again; `arrived` says whether it may be there all the same."""

    async def __call__(self, waiting: W_contra, seconds: float, /, *, arrived: bool) -> None: ...


class Rounds:
    """Of one table, which is called by its `name` in the log."""

    def __init__(self, name: str, pauses: Pauses) -> None:
        self._name = name
        self._pauses = pauses
        self._pace = Pace(A_SECOND, burst=3)

    async def run(
        self,
        due: Callable[[], Awaitable[T | None]],
        show: Callable[[T], Awaitable[None]],
        postpone: Postpone[T],
        beside: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """Work until cancelled. `due` gives what is next, and `show` tries that one; it may raise
        what Discord and the store do. What is to be done `beside` it waits while anything is due;
        it takes its `turn`, and says whether there was anything."""
        while True:
            try:
                if waiting := await due():
                    await self.turn()
                    await self._try(waiting, show, postpone)
                    continue
                if beside is not None and await beside():
                    continue
            except StoreUnavailable as error:
                log.warning("%s: cannot be read or written just now: %s", self._name, error)
            await asyncio.sleep(self._pauses.poll)

    async def turn(self) -> None:
        """Return when another message may be sent."""
        await self._pace.turn()

    async def _try(
        self, waiting: T, show: Callable[[T], Awaitable[None]], postpone: Postpone[T]
    ) -> None:
        pause, arrived = self._pauses.after(waiting.tries), True
        try:
            await show(waiting)
        except TROUBLE as error:
            arrived = judge(error) is not Verdict.FINAL
            log.warning(
                "server %d: its %s waits for %.0f s: %s", waiting.guild, self._name, pause, error
            )
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("reference %s: %s of server %d", new_reference(), self._name,
                          waiting.guild)  # fmt: skip
            pause = self._pauses.longest
        else:
            return
        await postpone(waiting, pause, arrived=arrived)
