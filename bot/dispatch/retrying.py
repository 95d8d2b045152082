"""Writes that database or disk refuse just now are tried again until they work.

Trouble of the store is never an outcome of a job. Knows how such trouble shows itself and what to
tell people meanwhile; not what is written.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.dispatch.timing import Timing
from bot.domain.backoff import Backoff
from bot.domain.errors import StoreUnavailable
from bot.domain.language import N_

log = logging.getLogger(__name__)

T = TypeVar("T")
PLACE = (StoreUnavailable, OSError)
"""What database and disk raise when they refuse everybody."""
TROUBLE = (*PLACE, sqlite3.Error)
"""With what a mistaken statement raises: no finished drawing is lost by it."""

_FULL = {errno.ENOSPC, errno.EDQUOT}


class Unstored(Exception):
    """It was refused for longer than it may be waited for."""


def sentence(error: Exception) -> str:
    """What people are told while it is waited for."""
    if not isinstance(error, PLACE):
        return N_("This could not be recorded just now; it is tried again.")
    if isinstance(error, StoreUnavailable) and error.code == "locked":
        return N_("The database is busy just now; this goes on in a moment.")
    full = isinstance(error, OSError) and error.errno in _FULL
    if full or (isinstance(error, StoreUnavailable) and error.code == "full"):
        return N_("The disk is full just now; this goes on as soon as there is room.")
    return N_("The disk cannot be written just now; this goes on as soon as it can.")


class Retrying:
    """Who waits for the store; while anybody does, nothing new should be begun. Who waits for the
    mending of a mistake waits alone. `calmed` is called when the last wait for the store ends."""

    def __init__(self, timing: Timing, calmed: Callable[[], None] = lambda: None) -> None:
        self._timing = timing
        self._calmed = calmed
        self._troubled: set[object] = set()

    @property
    def calm(self) -> bool:
        """Whether nobody waits for the store."""
        return not self._troubled

    async def until_done(
        self,
        write: Callable[[], Awaitable[T]],
        say: Callable[[str], None],
        *,
        what: str,
        within_s: float = float("inf"),
        tries: float = float("inf"),
        stop: asyncio.Event | None = None,
    ) -> T:
        """What `write()` returns at last. `say` is told a sentence for people at each refusal.

        Raises Unstored when it is refused for longer than `within_s` seconds or `stop` is set, and
        what a mistaken statement raises when that has been tried `tries` times; whatever else
        `write` raises is not the store's.
        """
        who, mistakes = object(), 0

        def refused(error: Exception) -> None:
            nonlocal mistakes
            mistakes += not isinstance(error, PLACE)
            if mistakes >= tries:
                raise error
            self._note(who, isinstance(error, PLACE))
            say(sentence(error))

        try:
            return await write()
        except TROUBLE as error:
            log.warning("%s is refused and tried again: %r", what, error)
            refused(error)
        try:
            result = await self._again(write, refused, within_s, stop or asyncio.Event())
        finally:
            self._note(who, troubled=False)
        log.info("%s is stored", what)
        return result

    def _note(self, who: object, troubled: bool) -> None:
        if troubled:
            self._troubled.add(who)
        elif who in self._troubled:
            self._troubled.remove(who)
            if self.calm:
                self._calmed()

    async def _again(
        self,
        write: Callable[[], Awaitable[T]],
        refused: Callable[[Exception], None],
        within_s: float,
        stop: asyncio.Event,
    ) -> T:
        rests = Backoff(self._timing.refused, self._timing.refused_longest)
        since = time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rests.next()):
                    await stop.wait()
            try:
                return await write()
            except TROUBLE as error:
                if stop.is_set() or time.monotonic() - since > within_s:
                    raise Unstored(repr(error)) from error
                refused(error)
