"""What cannot be done to a process from outside: another time of day, a database and a disk that
refuse. Orders come as a JSON object a line on standard input and hold until others come.

Nothing of Easel is imported before `move_clock` was called: many take the clock by its value.
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass
class Orders:
    """`clock_s` is added to the time of day; `refuse` is a code of `tests.kit.faults` for every
    transaction, or empty; `commit_s` and `sync_s` are how long these take in addition; `full` has
    picture files refused for want of room."""

    clock_s: float = 0.0
    refuse: str = ""
    commit_s: float = 0.0
    sync_s: float = 0.0
    full: bool = False


ORDERS = Orders()


def move_clock() -> None:
    """From now on the time of day is what the orders make of it; monotonic time is left alone."""
    true = time.time
    time.time = lambda: true() + ORDERS.clock_s


def listen(lines: Iterator[str]) -> None:
    """Obey in a thread of its own, for the loop may be what is disturbed."""

    def obey() -> None:
        for line in lines:
            vars(ORDERS).update(json.loads(line))

    threading.Thread(target=obey, daemon=True).start()


def install() -> None:
    """Put the hooks in; the clock was moved before."""
    import discord

    import bot.house
    from bot.storage import disk, files

    discord.utils.utcnow = lambda: dt.datetime.fromtimestamp(time.time(), dt.UTC)
    bot.house.Database = _database()  # type: ignore[misc]
    disk.os = _Slow(disk.os)  # type: ignore[attr-defined, assignment]
    write: Callable[[Any], None] = files.write_whole

    def write_whole(contents: Any) -> None:
        if ORDERS.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(contents)

    files.write_whole = write_whole
    listen(sys.stdin)


class _Slow:
    """The module `os` with a disk that takes its time."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def fsync(self, handle: int) -> None:
        time.sleep(ORDERS.sync_s)
        self._module.fsync(handle)


def _database() -> type[Any]:
    from tests.kit.faults import FaultyDatabase

    class Disturbed(FaultyDatabase):
        """One that does as it is ordered."""

        async def transaction(self, function: Any) -> Any:
            if ORDERS.refuse:
                self.refuse(ORDERS.refuse, times=1)
                return await super().transaction(function)

            def slowly(connection: Any) -> Any:
                done = function(connection)
                time.sleep(ORDERS.commit_s)
                return done

            return await super().transaction(slowly if ORDERS.commit_s else function)

    return Disturbed
