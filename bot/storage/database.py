"""One SQLite file: opening, pragmas, migrations, transactions.

A transaction is one function that runs on the connection's own thread, so no other coroutine's
statement can come between, and cancelling the awaiting task cannot cut it in half. Measured: four
times the rate of awaiting statement by statement. Those that wait at the same time share a commit.

A report, which may read long, has a connection of its own, so that no transaction waits behind it.
"""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import aiosqlite

from bot.domain.errors import SettingsError, StoreUnavailable
from bot.domain.measures import Tally
from bot.storage import prompts
from bot.storage.commits import Commits, Transaction, roll_back
from bot.storage.disk import try_out

T = TypeVar("T")
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_S = 5.0
"""How long a statement waits for another program that holds the file."""

# Primary result codes of SQLite that tell of the place it works in and not of the statement.
_TROUBLE = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_IOERR: "io",
    sqlite3.SQLITE_CANTOPEN: "io",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
}


class _Connection(aiosqlite.Connection):
    refusals: Tally

    # `_tx` and `_conn` are aiosqlite's own affair, so pyproject.toml bounds its version.
    def require_open(self) -> None:
        """Raises ValueError once the connection is closed."""
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")

    def begin(self, function: Callable[[sqlite3.Connection], T]) -> asyncio.Future[T]:
        """Have the thread call `function`, after what it was given before; in the language of
        now."""
        self.require_open()
        future = asyncio.get_running_loop().create_future()
        context = contextvars.copy_context()
        self._tx.put_nowait((future, lambda: context.run(function, self._conn)))
        return future

    async def on_thread(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Raises StoreUnavailable for trouble of the store, else what the function raises."""
        try:
            return await self.begin(function)
        except sqlite3.Error as error:
            _tell_of_store(error, self.refusals)
            raise


def _tell_of_store(error: sqlite3.Error, refusals: Tally) -> None:
    """Raises StoreUnavailable where that is what it is about, and counts it."""
    # The low byte is the primary code; errors of the module itself have none.
    code = _TROUBLE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if code is not None:
        refusals.add(code)
        raise StoreUnavailable(code, str(error)) from error


class Database:
    """Open with `await Database.open(path)`; close in the end. How its `commits` go, and by which
    code it refused what was asked of it, is counted."""

    def __init__(self, connection: _Connection, reports: _Connection, path: Path) -> None:
        self._connection = connection
        self._reports = reports
        self.commits = Commits()
        self.refusals = connection.refusals = reports.refusals = Tally()
        self._doubtful = False
        self._coming: asyncio.TimerHandle | None = None
        self.path = path

    @classmethod
    async def open(cls, path: Path, busy_s: float = BUSY_S) -> Database:
        """Create or open the file and bring its schema up to date.

        Raises SettingsError when the file cannot be opened, is no database, or was written by a
        newer version.
        """
        connection = _Connection(lambda: _connect(path, busy_s), iter_chunk_size=64)
        reports = _Connection(lambda: _connect_to_read(path, busy_s), iter_chunk_size=64)
        opened = cls(connection, reports, path)
        try:
            await connection
            await connection.on_thread(migrate)
            await reports
        except (sqlite3.Error, StoreUnavailable, OSError) as error:
            await opened.close()
            raise SettingsError(f"The database {path} cannot be opened: {error}.") from error
        except SettingsError:
            await opened.close()
            raise
        return opened

    async def close(self) -> None:
        if self._coming is not None:
            self._coming.cancel()
            self._commit()
        await self._reports.close()
        await self._connection.close()

    async def transaction(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run `function(connection)` as one transaction; its exception rolls back and is raised.

        It may be run more than once, each time as if for the first. Raises StoreUnavailable; then
        nothing was written.
        """
        self._connection.require_open()
        transaction = self.commits.add(function)
        if self.commits.begun:
            self.commits.begun = False
            if delay := self.commits.delay:
                self._coming = asyncio.get_running_loop().call_later(delay, self._commit)
            else:
                self._commit()
        elif self._coming is not None and self.commits.complete:
            self._coming.cancel()
            self._commit()
        await transaction.over
        self._doubtful = isinstance(transaction.error, sqlite3.Error)
        try:
            return transaction.result()
        except sqlite3.Error as error:
            _tell_of_store(error, self.refusals)
            raise

    async def probe(self) -> None:
        """Raises StoreUnavailable where nothing can be written just now. The file itself is written
        only where the last transaction was refused: who copies it goes by when that was done."""
        await self.transaction(_touch if self._doubtful else _nothing)
        await self._reports.on_thread(lambda _: try_out(self.path.parent))

    def _commit(self) -> None:
        self._coming = None
        # No task for it: a turn of the loop costs as much as a statement.
        self._connection.begin(self.commits.run).add_done_callback(_tell)

    async def read(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run `function(connection)`, which only reads, and briefly. Raises StoreUnavailable."""
        return await self._connection.on_thread(function)

    async def report(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run `function(connection)`, which only reads, on one state of the database; nobody else
        waits for it. Raises StoreUnavailable."""

        def run(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN")
            try:
                return function(connection)
            finally:
                roll_back(connection)

        return await self._reports.on_thread(run)


def _tell(run: asyncio.Future[list[Transaction]]) -> None:
    for transaction in run.result():
        if not transaction.over.done():  # somebody still waits
            transaction.over.set_result(None)


def _nothing(connection: sqlite3.Connection) -> None:
    """Who may begin to write is kept out by nobody else."""


def _touch(connection: sqlite3.Connection) -> None:
    """Write what is there already: that, too, needs room on the disk."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute(f"PRAGMA user_version = {version}")


def _connect(path: Path, busy_s: float) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _plain(path, "rwc", busy_s)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _connect_to_read(path: Path, busy_s: float) -> sqlite3.Connection:
    return _plain(path, "ro", busy_s)


def _plain(path: Path, mode: str, busy_s: float) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    # aiosqlite keeps the connection on one thread of its own.
    connection = sqlite3.connect(
        address, timeout=busy_s, isolation_level=None, check_same_thread=False, uri=True
    )
    connection.row_factory = sqlite3.Row
    return connection


def migrate(connection: sqlite3.Connection, folder: Path = MIGRATIONS) -> int:
    """Apply what is missing, each file and its record in one transaction; return the version.

    `user_version` rolls back with its transaction, so it is the record.
    """
    prompts.teach(connection)
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    files = _files(folder)
    last = newest(folder)
    if version > last:
        raise SettingsError(
            f"The database has schema version {version}, newer than this program's {last}; "
            "update Easel."
        )
    for number in range(version + 1, last + 1):
        _apply(connection, files[number].read_text(encoding="utf-8"), number)
    return last


def newest(folder: Path = MIGRATIONS) -> int:
    """The schema version of this program."""
    return max(_files(folder), default=0)


def _files(folder: Path) -> dict[int, Path]:
    return {int(file.name[:4]): file for file in folder.glob("[0-9]*.sql")}


def _apply(connection: sqlite3.Connection, script: str, number: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # `executescript` would commit what is open, so the statements go one by one.
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def _statements(script: str) -> list[str]:
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    if current.strip():
        statements.append(current)
    return statements
