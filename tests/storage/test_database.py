"""Opening, migrating and transactions of the one SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import OutOfCredits, SettingsError, StoreUnavailable, UserError
from bot.domain.language import _, speak, speaking
from bot.domain.quota import Claim, Quota
from bot.language import language
from bot.storage.database import MIGRATIONS, Database, migrate
from bot.storage.jobs import JobRepository
from bot.storage.ledger import LedgerRepository
from tests.kit.values import MORNING, a_job


def raw(path: Path | str = ":memory:") -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def tables(connection: sqlite3.Connection) -> set[str]:
    return {
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    }


def version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "0001_first.sql").write_text("CREATE TABLE one (id INTEGER) STRICT;\n")
    return tmp_path / "steps"


def test_files_are_applied_in_order_with_their_record(folder: Path) -> None:
    (folder / "0002_second.sql").write_text(
        "-- with a trigger; and a semicolon in this comment\n"
        "CREATE TRIGGER only_one BEFORE INSERT ON one WHEN NEW.id <> 1\n"
        "BEGIN SELECT RAISE(ABORT, 'no; not that'); END;\n"
        "INSERT INTO one VALUES (1);\n-- the end\n"
    )
    connection = raw()
    assert migrate(connection, folder) == 2
    assert version(connection) == 2
    assert migrate(connection, folder) == 2
    assert connection.execute("SELECT COUNT(*) FROM one").fetchone()[0] == 1
    with pytest.raises(sqlite3.IntegrityError, match="no; not that"):
        connection.execute("INSERT INTO one VALUES (2)")
    connection.close()


def test_a_failing_file_leaves_nothing_and_no_record(folder: Path) -> None:
    (folder / "0002_bad.sql").write_text(
        "CREATE TABLE two (id INTEGER);\nINSERT INTO one VALUES (1);\n"
        "INSERT INTO nowhere VALUES (1);\n"
    )
    connection = raw()
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, folder)
    assert version(connection) == 1
    assert tables(connection) == {"one"}
    assert connection.execute("SELECT COUNT(*) FROM one").fetchone()[0] == 0
    assert not connection.in_transaction
    # Once the file is mended it goes on from there.
    (folder / "0002_bad.sql").write_text("CREATE TABLE two (id INTEGER);\n")
    assert migrate(connection, folder) == 2
    connection.close()


def test_a_newer_schema_is_refused_and_untouched(folder: Path) -> None:
    connection = raw()
    connection.execute("PRAGMA user_version = 9")
    with pytest.raises(SettingsError, match=r"version 9, newer than this program's 1"):
        migrate(connection, folder)
    assert (tables(connection), version(connection)) == (set(), 9)
    connection.close()


def test_shipped_migrations_are_numbered_without_gaps() -> None:
    numbers = [int(file.name[:4]) for file in sorted(MIGRATIONS.glob("*.sql"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_table_is_strict() -> None:
    connection = raw()
    migrate(connection)
    listed = connection.execute("PRAGMA table_list").fetchall()
    loose = [row["name"] for row in listed if row["type"] == "table" and not row["strict"]]
    assert [name for name in loose if not name.startswith("sqlite_")] == []
    connection.close()


async def test_open_creates_folders_and_sets_pragmas(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "deep" / "down" / "easel.sqlite3")

    def pragmas(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.read(pragmas) == ["wal", 2, 1, 5000]
    await database.close()


async def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    first = await Database.open(tmp_path / "easel.sqlite3")
    job = a_job()
    await JobRepository(first).submit([job], Claim(Quota()), 10)
    await first.close()
    second = await Database.open(tmp_path / "easel.sqlite3")
    assert await JobRepository(second).get(job.id) == job
    await second.close()


async def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "easel.sqlite3"
    path.write_text("This is a letter and no database. " * 100)
    with pytest.raises(SettingsError) as caught:
        await Database.open(path)
    said = str(caught.value)
    assert "easel.sqlite3 cannot be opened" in said
    assert "\n" not in said
    assert path.read_text().startswith("This is a letter")


async def test_a_newer_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    connection = raw(tmp_path / "easel.sqlite3")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(SettingsError, match="update Easel"):
        await Database.open(tmp_path / "easel.sqlite3")


@pytest.mark.parametrize("place", ["folder", "file/easel.sqlite3"])
async def test_an_impossible_place_is_refused_in_one_sentence(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be opened"):
        await Database.open(tmp_path / place)


async def test_an_exception_rolls_back_and_comes_out(database: Database) -> None:
    def run(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO profiles VALUES (1, 0, 0, 0.0, 0.0, 0.0, NULL)")
        raise KeyError("out of here")

    with pytest.raises(KeyError, match="out of here"):
        await database.transaction(run)
    count = await database.transaction(
        lambda c: c.execute("SELECT COUNT(*) FROM profiles").fetchone()[0]
    )
    assert count == 0


def fill(connection: sqlite3.Connection) -> None:
    """Write enough to need new pages."""
    connection.executemany(
        "INSERT INTO audit (guild_id, actor_id, deed, detail, created_at)"
        " VALUES (1, 1, 'deed', ?, 0.0)",
        [("x" * 1000,) for _ in range(50)],
    )


def audited(connection: sqlite3.Connection) -> int:
    return connection.execute("SELECT COUNT(*) FROM audit").fetchone()[0]


async def test_a_lock_of_another_program_is_trouble_that_passes(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "easel.sqlite3", busy_s=0.01)
    other = raw(tmp_path / "easel.sqlite3")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable) as caught:
        await database.transaction(fill)
    assert caught.value.code == "locked"
    assert await database.read(audited) == 0
    other.execute("ROLLBACK")
    await database.transaction(fill)
    assert await database.read(audited) == 50
    other.close()
    await database.close()


@pytest.mark.parametrize(
    ("code", "breaks", "mends"),
    [
        ("full", "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 100000"),
        ("read_only", "PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
    ],
)
async def test_trouble_of_the_disk_rolls_back_and_passes(
    database: Database, code: str, breaks: str, mends: str
) -> None:
    await database.read(lambda c: c.execute(breaks).fetchall())
    with pytest.raises(StoreUnavailable) as caught:
        await database.transaction(fill)
    assert caught.value.code == code
    assert await database.read(audited) == 0
    await database.read(lambda c: c.execute(mends).fetchall())
    await database.transaction(fill)
    assert await database.read(audited) == 50


async def test_an_extended_code_of_the_disk_is_known_by_its_kind(database: Database) -> None:
    def unreadable(_connection: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise error

    for call in (database.read, database.transaction):
        with pytest.raises(StoreUnavailable, match="disk I/O error") as caught:
            await call(unreadable)
        assert caught.value.code == "io"


async def test_a_damaged_page_is_trouble_of_the_store(tmp_path: Path) -> None:
    path = tmp_path / "easel.sqlite3"
    database = await Database.open(path)
    for _again in range(3):
        await database.transaction(fill)
    await database.close()
    with path.open("r+b") as file:
        file.seek(-60 * 1024, 2)
        file.write(b"\xff" * 60 * 1024)
    database = await Database.open(path)
    with pytest.raises(StoreUnavailable) as caught:
        await database.read(lambda c: c.execute("SELECT SUM(LENGTH(detail)) FROM audit").fetchall())
    assert caught.value.code == "damaged"
    await database.close()


async def test_no_transaction_waits_for_a_report(database: Database) -> None:
    written, order = threading.Event(), []

    def slow(connection: sqlite3.Connection) -> tuple[int, int]:
        before = audited(connection)
        assert written.wait(20)
        return before, audited(connection)

    async def report() -> tuple[int, int]:
        found = await database.report(slow)
        order.append("report")
        return found

    task = asyncio.create_task(report())
    await asyncio.sleep(0)
    await database.transaction(fill)
    order.append("transaction")
    written.set()
    before, after = await task
    assert order == ["transaction", "report"]
    # What it reads is of one moment; the next report is of another.
    assert before == after
    assert await database.report(audited) == 50


async def test_a_report_cannot_write_and_hurts_nothing(database: Database) -> None:
    with pytest.raises(StoreUnavailable, match="readonly"):
        await database.report(fill)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await database.report(lambda c: c.execute("SELECT * FROM nowhere"))
    await database.transaction(fill)
    assert await database.report(audited) == 50


async def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "100% mine? #1" / "easel.sqlite3"
    database = await Database.open(path)
    await database.transaction(fill)
    assert await database.report(audited) == 50
    await database.close()
    assert path.exists()


async def test_a_mistake_in_a_statement_is_no_trouble_of_the_store(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await database.transaction(lambda c: c.execute("SELECT * FROM nowhere"))
    await database.transaction(fill)


async def test_a_locked_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    other = raw(tmp_path / "easel.sqlite3")
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SettingsError, match="cannot be opened: database is locked"):
        await Database.open(tmp_path / "easel.sqlite3", busy_s=0.01)
    other.close()


async def test_a_cancelled_task_does_not_cut_a_transaction_in_half(database: Database) -> None:
    def run(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO profiles VALUES (1, 0, 0, 0.0, 0.0, 0.0, NULL)")
        connection.execute("INSERT INTO profiles VALUES (2, 0, 0, 0.0, 0.0, 0.0, NULL)")

    task = asyncio.create_task(database.transaction(run))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    count = await database.read(lambda c: c.execute("SELECT COUNT(*) FROM profiles").fetchone()[0])
    assert count == 2


async def test_transactions_do_not_mix(database: Database) -> None:
    def double(connection: sqlite3.Connection) -> None:
        before = connection.execute("SELECT COALESCE(MAX(user_id), 0) FROM profiles").fetchone()[0]
        connection.execute(
            "INSERT INTO profiles VALUES (?, 0, 0, 0.0, 0.0, 0.0, NULL)", (before + 1,)
        )

    await asyncio.gather(*(database.transaction(double) for _ in range(30)))
    count = await database.read(lambda c: c.execute("SELECT COUNT(*) FROM profiles").fetchone()[0])
    assert count == 30


async def test_each_is_refused_in_their_own_language(database: Database) -> None:
    """Also those whose transactions are run together, and again because of one another."""

    def refuse(connection: sqlite3.Connection) -> None:
        raise UserError(_("Queue full"))

    async def asked(code: str, by: Callable[..., Awaitable[Any]]) -> str:
        speak(language(code))
        with pytest.raises(UserError) as refused:
            await by(refuse)
        return str(refused.value)

    codes, roads = ["en-US", "de", "ja"], (database.transaction, database.read, database.report)
    said = await asyncio.gather(*(asked(code, by) for by in roads for code in codes))
    with speaking(language("de")):
        german = _("Queue full")
    assert said[:3] == said[3:6] == said[6:]
    assert said[0] == "Queue full"
    assert said[1] == german
    assert len(set(said)) == 3


async def test_fifty_submits_against_a_balance_of_five(database: Database) -> None:
    jobs, quota = JobRepository(database), Quota(credits=5, running=3, waiting=100)
    wanted = [a_job() for _ in range(50)]
    ended = await asyncio.gather(
        *(jobs.submit([job], Claim(quota), 1000) for job in wanted), return_exceptions=True
    )
    refused = [error for error in ended if not isinstance(error, list)]
    assert len(refused) == 45
    assert all(isinstance(error, OutOfCredits) for error in refused)
    stored = await jobs.unfinished()
    assert len(stored) == 5

    balance = await LedgerRepository(database).balance(wanted[0].account, quota, MORNING)
    assert (balance.allowance_left, balance.held, balance.allowance) == (0, 5, 5)
    rows = await database.read(
        lambda c: c.execute("SELECT kind, job_id, amount FROM ledger ORDER BY id").fetchall()
    )
    assert {row["job_id"] for row in rows} == {job.id for job in stored}
    assert [(row["kind"], row["amount"]) for row in rows] == [("hold", -1)] * 5
