"""Transactions that wait for the same thread, done together: one commit, and one wait for the disk.

Each has a savepoint of its own, so that what one raises undoes that one alone. DeWitt et al.,
"Implementation Techniques for Main Memory Database Systems" (SIGMOD 1984), call it group commit.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Transaction(Generic[T]):
    """A function that was run, or will be, between BEGIN and COMMIT."""

    def __init__(self, function: Callable[[sqlite3.Connection], T]) -> None:
        self._function = function
        self._result: T
        self.error: BaseException | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        self._result = self._function(connection)

    def result(self) -> T:
        """What the function returned; raises why nothing of it was written."""
        if self.error is not None:
            raise self.error
        return self._result


class Commits:
    """Transactions on their way to the connection's thread."""

    def __init__(self) -> None:
        self._waiting: deque[Transaction] = deque()

    def add(self, function: Callable[[sqlite3.Connection], T]) -> Transaction[T]:
        """It is run by the next `run`."""
        transaction = Transaction(function)
        self._waiting.append(transaction)
        return transaction

    def run(self, connection: sqlite3.Connection) -> None:
        """Run everything that waits, in order, as one commit."""
        group: list[Transaction] = []
        while self._waiting:
            group.append(self._waiting.popleft())
        if not group:
            return
        try:
            connection.execute("BEGIN IMMEDIATE")
            for transaction in group:
                _run_in_savepoint(connection, transaction)
            connection.execute("COMMIT")
        except BaseException as error:
            for transaction in group:
                # What one raised itself may be owed to what another wrote, which is not there now.
                transaction.error = error
            roll_back(connection)


def _run_in_savepoint(connection: sqlite3.Connection, transaction: Transaction) -> None:
    """Raises only what has undone the whole group."""
    connection.execute("SAVEPOINT own")
    try:
        transaction.run(connection)
    except BaseException as error:
        transaction.error = error
        if not connection.in_transaction:  # trouble of the disk takes everything back
            raise
        connection.execute("ROLLBACK TO own")
    connection.execute("RELEASE own")


def roll_back(connection: sqlite3.Connection) -> None:
    """Trouble of the disk may have done it already."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
