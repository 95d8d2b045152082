"""Going through what waits for servers: what is tried again when, and what holds up whom."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.chat.pace import Pauses
from bot.chat.rounds import Rounds
from bot.domain.errors import StoreUnavailable

PAUSES = Pauses(rest=2.0, longest=100.0, poll=0.0)
LOCKED = StoreUnavailable("locked", "busy")
GONE = discord.HTTPException(
    SimpleNamespace(status=403, reason="Forbidden"),  # type: ignore[arg-type]
    {"code": 50001, "message": "Missing Access"},
)


@dataclass(frozen=True)
class Page:
    guild: int
    tries: int = 0
    trouble: BaseException | None = None


class Table:
    """What it is asked for comes in this order, then the work ends; `done` says what became of
    it."""

    def __init__(self, *script: Page | BaseException | None) -> None:
        self._script = [*script]
        self.done: list[Any] = []

    async def due(self) -> Page | None:
        if not self._script:
            raise asyncio.CancelledError
        following = self._script.pop(0)
        if isinstance(following, BaseException):
            raise following
        return following

    async def show(self, page: Page) -> None:
        if page.trouble:
            raise page.trouble
        self.done.append(page.guild)

    async def postpone(self, page: Page, seconds: float, *, arrived: bool) -> None:
        self.done.append((page.guild, seconds, arrived))


async def went(table: Table, beside: Callable[[], Awaitable[bool]] | None = None) -> list[Any]:
    with pytest.raises(asyncio.CancelledError):
        await Rounds("log", PAUSES).run(table.due, table.show, table.postpone, beside)
    return table.done


async def test_one_after_another_as_it_is_due() -> None:
    assert await went(Table(Page(1), None, Page(2))) == [1, 2]


@pytest.mark.parametrize(
    ("trouble", "tries", "pause", "arrived"),
    [
        (TimeoutError(), 0, 2.0, True),
        (TimeoutError(), 1, 8.0, True),
        (TimeoutError(), 3, 100.0, True),
        (TimeoutError(), 10**6, 100.0, True),
        (GONE, 0, 2.0, False),  # refused, so that nothing can be there
        (RuntimeError("a mistake of ours"), 0, 100.0, True),
    ],
)
async def test_what_failed_waits_longer_each_time_and_holds_up_nobody(
    trouble: Exception, tries: int, pause: float, arrived: bool
) -> None:
    table = Table(Page(1, tries, trouble), Page(2))
    assert await went(table) == [(1, pause, arrived), 2]


async def test_trouble_of_the_store_is_no_try(caplog: pytest.LogCaptureFixture) -> None:
    """Neither before one nor in the middle of it."""
    assert await went(Table(LOCKED, Page(1, trouble=LOCKED), Page(1))) == [1]
    assert [each.levelno for each in caplog.records] == [logging.WARNING] * 2


async def test_what_is_done_beside_it_waits_until_nothing_is_due() -> None:
    table = Table(Page(1), None, Page(2), None, None)
    left = ["letter", "another"]

    async def beside() -> bool:
        if left:
            table.done.append(left.pop(0))
            return True
        return False

    assert await went(table, beside) == [1, "letter", 2, "another"]
