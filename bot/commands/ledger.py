"""`easel ledger`: the book of credits for the operator, while the bot runs or not."""

from __future__ import annotations

import argparse
import contextlib
import csv
import sqlite3
import sys
import time
from collections.abc import Iterator

from bot.app import database_of
from bot.domain.errors import EaselError
from bot.domain.people import Account
from bot.settings import Settings
from bot.storage import statements
from bot.storage.database import newest

_LINES = 100_000


def ledger(settings: Settings, options: argparse.Namespace) -> int:
    """Do what the options say; 0 well, 1 where the book does not balance.

    Raises EaselError without a database, or for one of another version.
    """
    with opened(settings) as connection:
        match options.deed:
            case "verify":
                return _verify(connection)
            case "export":
                return _export(connection, options.server, options.user)
            case _:
                return _statement(connection, options.user, options.server)


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[sqlite3.Connection]:
    """To read one state of the database, beside a bot or not. Raises EaselError without one, or for
    one of another version."""
    path = database_of(settings)
    if not path.is_file():
        raise EaselError(f"There is no database in {settings.data_dir} yet: nothing to read.")
    address = f"{path.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version != newest():
            raise EaselError(
                f"The database has schema version {version} and this program's is {newest()};"
                " start the bot of this version once."
            )
        connection.execute("BEGIN")  # one state of it, whatever the bot does meanwhile
        yield connection


def _verify(connection: sqlite3.Connection) -> int:
    found = statements.faults(connection)
    count = connection.execute("SELECT COUNT(*) FROM ledger").fetchone()[0]
    for fault in found:
        sys.stdout.write(f"{fault}\n")
    verdict = "does not balance" if found else "balances"
    sys.stdout.write(f"The book of {count:,} entries {verdict}.\n")
    return 1 if found else 0


def _export(connection: sqlite3.Connection, server: int | None, user: int | None) -> int:
    writer = csv.writer(sys.stdout)
    writer.writerow(statements.COLUMNS)
    writer.writerows(map(statements.written, statements.exported(connection, server, user)))
    return 0


def _statement(connection: sqlite3.Connection, user: int, server: int | None) -> int:
    rows = connection.execute(
        "SELECT guild_id FROM accounts WHERE user_id = ?1 AND (?2 IS NULL OR guild_id = ?2)"
        " UNION SELECT guild_id FROM buckets WHERE user_id = ?1 AND (?2 IS NULL OR guild_id = ?2)"
        " ORDER BY guild_id",
        (user, server),
    ).fetchall()
    if not rows:
        raise EaselError(f"Nobody of the id {user} has credits there.")
    for row in rows:
        account = Account(row[0], user)
        sys.stdout.write(f"Server {account.guild}\n" if account.guild else "Direct messages\n")
        for each in reversed(statements.statement(connection, account, _LINES)):
            pool = " (pool)" if each.pool else ""
            what = each.job or each.reason or each.source
            line = f"  {statements.moment(each.at)}  {each.amount:+5}  {each.kind}{pool}  {what}"
            sys.stdout.write(f"{line.rstrip()}\n")
        held = connection.execute(_KEPT, (account.guild, user, time.time())).fetchone()
        sys.stdout.write(f"  lasting credits now: {held[0]}\n")
    return 0


_KEPT = (
    "SELECT COALESCE(SUM(balance), 0) FROM buckets WHERE guild_id = ? AND user_id = ?"
    " AND kind = 'lasting' AND (expires_at IS NULL OR expires_at > ?)"
)
