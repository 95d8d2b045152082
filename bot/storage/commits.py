"""Transactions that wait for the same thread, done together: one commit, and one wait for the disk.

DeWitt et al., "Implementation Techniques for Main Memory Database Systems" (SIGMOD 1984), call it
group commit. Where many come, a commit waits a moment for more, as PostgreSQL's `commit_delay` has
it: each costs the processor a wait for the disk and several switches between threads. It waits no
longer than until as many have come as the last time, and not at all where that was one: who writes
alone, however often, waits for nobody. What one of them raises undoes all, and then
each is run once more in a commit of its own: rare, and cheaper than a savepoint for every one of
them.
"""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from bot.domain.measures import COUNTS, Spread

T = TypeVar("T")


SIBLINGS, WITHIN_S = 10, 0.1
"""So many transactions in so many seconds are many."""
DELAY_S = 0.005


class Transaction(Generic[T]):
    """A function that was run, perhaps more than once, or will be, between BEGIN and COMMIT. `over`
    is done when it was, whatever came of it. What it raises is in the language of who asked for
    it, though another thread runs it."""

    def __init__(
        self, function: Callable[[sqlite3.Connection], T], over: asyncio.Future[None]
    ) -> None:
        self.over = over
        self.error: BaseException | None = None
        self._function = function
        self._context = contextvars.copy_context()
        self._result: T

    def run(self, connection: sqlite3.Connection) -> None:
        """Raises what the function does, and remembers it."""
        try:
            self._result = self._context.run(self._function, connection)
        except BaseException as error:
            self.error = error
            raise

    def result(self) -> T:
        """What the function returned; raises why nothing of it was written."""
        if self.error is not None:
            raise self.error
        return self._result


class Commits:
    """Transactions on their way to the connection's thread. `begun` says that a `run` has begun
    since somebody last made it false: it may be too late to wait for that one. `seconds` and
    `sizes` of all that were written or refused are kept."""

    def __init__(self) -> None:
        self.begun = True
        self.seconds = Spread()
        self.sizes = Spread(COUNTS)
        self._last = 0
        self._waiting: deque[Transaction] = deque()
        self._came: deque[float] = deque(maxlen=SIBLINGS)

    def add(self, function: Callable[[sqlite3.Connection], T]) -> Transaction[T]:
        """It is run by the next `run`."""
        loop = asyncio.get_running_loop()
        transaction = Transaction(function, loop.create_future())
        self._waiting.append(transaction)
        self._came.append(loop.time())
        return transaction

    @property
    def complete(self) -> bool:
        """Whether as many wait as came together last time: who would be waited for has come."""
        return 1 < self._last <= len(self._waiting)

    @property
    def delay(self) -> float:
        """Seconds for which it pays to wait for more before the next `run`."""
        many = len(self._came) == SIBLINGS and self._came[-1] - self._came[0] < WITHIN_S
        return DELAY_S if many and self._last > 1 else 0.0

    def run(self, connection: sqlite3.Connection) -> list[Transaction]:
        """Run everything that waits, in order, as one commit; returns it, and raises nothing."""
        self.begun = True  # before the first is taken: who adds one from here on asks for a run
        group: list[Transaction] = []
        while self._waiting:
            group.append(self._waiting.popleft())
        self._last = len(group)
        began = time.perf_counter()
        try:
            if group and not _committed(connection, group):
                for transaction in group:
                    transaction.error = None
                    _committed(connection, [transaction])
        except BaseException as error:  # nothing can be taken back either
            for transaction in group:
                transaction.error = transaction.error or error
        if group:
            self.seconds.add(time.perf_counter() - began)
            self.sizes.add(len(group))
        return group


def _committed(connection: sqlite3.Connection, group: list[Transaction]) -> bool:
    """Whether that is over: all were written, or it is known of each why not. False where one of
    several undid the others."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        for transaction in group:
            transaction.run(connection)
        connection.execute("COMMIT")
    except BaseException as error:
        alone = len(group) == 1 or not connection.in_transaction  # the disk took everything back
        own = any(transaction.error is error for transaction in group)
        roll_back(connection)
        if not alone and (own or isinstance(error, sqlite3.IntegrityError)):
            return False
        for transaction in group:
            transaction.error = error
    return True


def roll_back(connection: sqlite3.Connection) -> None:
    """Trouble of the disk may have done it already."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
