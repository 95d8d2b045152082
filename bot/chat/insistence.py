"""The database is asked until it answers: what Discord was told must not be forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.domain.errors import StoreUnavailable

log = logging.getLogger(__name__)
T = TypeVar("T")


async def insist(ask: Callable[[], Awaitable[T]], rest: float) -> T:
    """Try again every `rest` seconds, however long the database is in trouble."""
    while True:
        try:
            return await ask()
        except StoreUnavailable as error:
            log.warning("the database is asked again: %s", error)
            await asyncio.sleep(rest)
