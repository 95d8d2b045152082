"""A database and a disk that refuse when a test says so, with the errors that SQLite and the system
really raise."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from bot.storage.database import Database
from bot.storage.files import ImageStore
from tests.kit.executor import PATIENCE_S

T = TypeVar("T")
Function = Callable[[sqlite3.Connection], Any]

CODES = ("locked", "full", "read_only")
MISTAKE = "mistake"
"""A statement that is wrong, which no waiting mends."""


class FaultyDatabase(Database):
    """Between `refuse` and `calm` the chosen transactions write nothing and raise."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.refused = 0
        self._code = ""
        self._method = ""
        self._left = 0
        self._news = asyncio.Event()

    def refuse(self, code: str, method: str = "", times: int = 1 << 30) -> None:
        """The next `times` transactions of `method` ("JobRepository.succeed"; any where empty) fail
        as one of `CODES`, or by a MISTAKE."""
        assert code in (*CODES, MISTAKE)
        self._code, self._method, self._left = code, method, times

    def calm(self) -> None:
        self._left = 0

    async def until_refused(self, times: int) -> None:
        """Return when so many transactions were refused in all."""
        async with asyncio.timeout(PATIENCE_S):
            while self.refused < times:
                self._news.clear()
                await self._news.wait()

    async def until(self, wanted: Callable[[], Awaitable[bool]]) -> None:
        """Return when the database says so; it is asked again after every transaction."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._news.clear()
                if await wanted():
                    return
                await self._news.wait()

    async def transaction(self, function: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if not self._left or not function.__qualname__.startswith(self._method):
                return await super().transaction(function)
            self._left -= 1
            self.refused += 1
            return await super().transaction(lambda c: self._refused(c, function))
        finally:
            self._news.set()

    def _refused(self, connection: sqlite3.Connection, function: Function) -> Any:
        match self._code:
            case "locked":
                _lock_twice(self.path)
            case "full":
                function(connection)
                _fill(connection)
            case "mistake":
                connection.execute("SELECT * FROM nothing_of_that_name")
            case "read_only":
                return _on_read_only(connection, function)
        raise AssertionError("nothing was refused")


def _lock_twice(path: Path) -> None:
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
    finally:
        other.close()


def _fill(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1")
    try:
        connection.execute("CREATE TABLE more AS SELECT zeroblob(1000000)")
    finally:
        connection.execute("PRAGMA max_page_count = 4294967294")


def _on_read_only(connection: sqlite3.Connection, function: Function) -> Any:
    """Raises where `function` writes; some only look."""
    connection.execute("PRAGMA query_only = ON")
    try:
        return function(connection)
    finally:
        connection.execute("PRAGMA query_only = OFF")


class Disk(ImageStore):
    """Picture files on a disk that is full while `full` is set."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.full = False
        self.refused = asyncio.Semaphore(0)

    async def write(self, pictures: Any) -> Any:
        if self.full:
            self.refused.release()
            raise OSError(errno.ENOSPC, "No space left on device")
        return await super().write(pictures)
