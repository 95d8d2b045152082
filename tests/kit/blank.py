"""A database of today in which nothing is. Hundreds of tests begin with one, and it takes ten times
as long to make as to open."""

from __future__ import annotations

import functools
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.storage.database import migrate


def put(path: Path) -> Path:
    """Have one there, unless there is one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_blank())
    return path


@functools.cache
def _blank() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "easel.sqlite3"
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
        connection.close()
        return path.read_bytes()
