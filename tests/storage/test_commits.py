"""bot.storage.commits: transactions that share a commit."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import StoreUnavailable
from bot.storage import commits
from bot.storage.commits import SIBLINGS
from bot.storage.database import Database
from tests.kit import blank

Function = Callable[[sqlite3.Connection], Any]


@pytest.fixture
async def database(tmp_path):
    opened = await Database.open(blank.put(tmp_path / "easel.db"))
    await opened.transaction(lambda c: c.execute("CREATE TABLE t (n INTEGER NOT NULL) STRICT"))
    yield opened
    await opened.close()


def add(number: int | None) -> Function:
    return lambda c: c.execute("INSERT INTO t VALUES (?)", (number,)).rowcount


async def numbers(database: Database) -> list[int]:
    rows = await database.read(lambda c: c.execute("SELECT n FROM t").fetchall())
    return [row[0] for row in rows]


async def together(database: Database, *functions: Function) -> list[Any]:
    """Run these while the thread is busy, so that all of them wait for it."""
    go = threading.Event()
    busy = asyncio.create_task(database.read(lambda c: go.wait(20)))
    await asyncio.sleep(0)
    running = [asyncio.create_task(database.transaction(function)) for function in functions]
    await asyncio.sleep(0)
    go.set()
    assert await busy
    return await asyncio.gather(*running, return_exceptions=True)


async def test_who_waits_together_is_committed_once(database: Database) -> None:
    said: list[str] = []
    await database.read(lambda c: c.set_trace_callback(said.append))
    assert await together(database, *(add(n) for n in range(20))) == [1] * 20
    await database.read(lambda c: c.set_trace_callback(None))
    assert said.count("COMMIT") == 1
    assert await numbers(database) == list(range(20))


async def test_what_one_raises_undoes_that_one_alone(database: Database) -> None:
    def half(connection: sqlite3.Connection) -> None:
        add(7)(connection)
        raise LookupError("no such person")

    one, error, mistake, last = await together(database, add(1), half, add(None), add(2))
    assert (one, last) == (1, 1)
    assert isinstance(error, LookupError)
    assert isinstance(mistake, sqlite3.IntegrityError)
    assert await numbers(database) == [1, 2]


async def test_each_sees_what_those_before_it_wrote(database: Database) -> None:
    def count(connection: sqlite3.Connection) -> int:
        return connection.execute("SELECT COUNT(*) FROM t").fetchone()[0]

    assert await together(database, count, add(1), count, add(2), count) == [0, 1, 1, 1, 2]


async def test_a_disk_that_takes_everything_back_tells_everybody(database: Database) -> None:
    def full(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")  # as SQLite itself may do on such an error
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    told = await together(database, add(1), full, add(2))
    assert [type(each) for each in told] == [StoreUnavailable] * 3
    assert await numbers(database) == []
    assert await database.transaction(add(3)) == 1
    assert await numbers(database) == [3]


async def test_a_commit_that_is_refused_is_only_theirs_who_caused_it(database: Database) -> None:
    await database.transaction(
        lambda c: c.execute(
            "CREATE TABLE child (t INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"
        )
    )
    await database.transaction(lambda c: c.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))

    def orphan(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO child VALUES (5)")

    one, refused, last = await together(database, add(1), orphan, add(2))
    assert (one, last) == (1, 1)
    assert isinstance(refused, sqlite3.IntegrityError)
    assert await numbers(database) == [1, 2]


async def test_what_one_raises_for_what_another_wrote_is_asked_again(database: Database) -> None:
    def first(connection: sqlite3.Connection) -> int:
        if connection.execute("SELECT n FROM t WHERE n = 1").fetchall():
            raise LookupError("somebody was here before")
        return 1

    def undone(connection: sqlite3.Connection) -> None:
        add(1)(connection)
        raise ArithmeticError

    error, one = await together(database, undone, first)
    assert isinstance(error, ArithmeticError)
    assert one == 1


async def test_what_comes_while_others_are_written_is_written_after_them(
    database: Database,
) -> None:
    go, here = threading.Event(), threading.Event()

    def slow(connection: sqlite3.Connection) -> int:
        here.set()
        assert go.wait(20)
        return add(1)(connection)

    running = [asyncio.create_task(database.transaction(slow))]
    assert await asyncio.to_thread(here.wait, 20)
    running += [asyncio.create_task(database.transaction(add(n))) for n in (2, 3)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*running) == [1, 1, 1]
    assert await numbers(database) == [1, 2, 3]


async def test_a_cancelled_task_takes_nothing_from_the_others(database: Database) -> None:
    go = threading.Event()
    busy = asyncio.create_task(database.read(lambda c: go.wait(20)))
    await asyncio.sleep(0)
    running = [asyncio.create_task(database.transaction(add(n))) for n in (1, 2, 3)]
    await asyncio.sleep(0)
    running[0].cancel()
    go.set()
    await busy
    assert await asyncio.gather(*running[1:]) == [1, 1]
    assert await numbers(database) == [1, 2, 3]


async def test_where_many_come_a_commit_waits_for_more(database: Database, monkeypatch) -> None:
    monkeypatch.setattr(commits, "WITHIN_S", 3600.0)
    monkeypatch.setattr(commits, "DELAY_S", 0.3)
    await together(database, *(add(n) for n in range(SIBLINGS)))
    said: list[str] = []
    await database.read(lambda c: c.set_trace_callback(said.append))
    for _ in range(2):
        first = asyncio.create_task(database.transaction(add(1)))
        await asyncio.sleep(0)
        await database.read(lambda c: None)  # the thread would have had time for it
        await asyncio.gather(first, database.transaction(add(2)))
    await database.read(lambda c: c.set_trace_callback(None))
    assert said.count("COMMIT") == 2
    assert len(await numbers(database)) == SIBLINGS + 4


async def test_who_writes_alone_waits_for_nobody(database: Database, monkeypatch) -> None:
    monkeypatch.setattr(commits, "WITHIN_S", 3600.0)
    monkeypatch.setattr(commits, "DELAY_S", 3600.0)  # more than anybody has
    for n in range(3 * SIBLINGS):
        await database.transaction(add(n))
    assert await numbers(database) == list(range(3 * SIBLINGS))


async def test_who_is_left_alone_waits_no_more(database: Database, monkeypatch) -> None:
    monkeypatch.setattr(commits, "WITHIN_S", 3600.0)
    monkeypatch.setattr(commits, "DELAY_S", 0.1)
    await together(database, *(add(n) for n in range(SIBLINGS)))
    await database.transaction(add(1))  # this one may wait for those of before …
    monkeypatch.setattr(commits, "DELAY_S", 3600.0)
    for n in range(SIBLINGS):  # … and these know that they are gone
        await database.transaction(add(n))
    assert len(await numbers(database)) == 2 * SIBLINGS + 1


async def test_what_waits_for_more_is_written_when_the_database_closes(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(commits, "WITHIN_S", 3600.0)
    monkeypatch.setattr(commits, "DELAY_S", 3600.0)
    opened = await Database.open(tmp_path / "closed.db")
    await opened.transaction(lambda c: c.execute("CREATE TABLE t (n INTEGER NOT NULL) STRICT"))
    await together(opened, *(add(n) for n in range(SIBLINGS)))
    last = asyncio.create_task(opened.transaction(add(1)))
    await asyncio.sleep(0)
    await opened.read(lambda c: None)  # the thread would have had time for it
    assert not last.done()
    await opened.close()
    assert await last == 1
    again = await Database.open(tmp_path / "closed.db")
    assert len(await numbers(again)) == SIBLINGS + 1
    await again.close()
