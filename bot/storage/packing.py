"""Packs what is kept of a person, as an errand: `run` takes an order and answers.

Gathering writes `data.json` row by row, and the list of files that belong to it; packing puts the
next of these into a zip of at most so many bytes. A file that is larger than that goes on in pieces
of numbered names. Nothing is held in memory but a row and a buffer.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any

from bot.domain.action import Tile
from bot.storage.blobs import path_of
from bot.storage.files import ImageStore
from bot.storage.personal import HOLDINGS, Holding

DATA, LIST = "data.json", "files.jsonl"
_BUFFER = 1 << 20
_MARGIN = 1024
"""Bytes of a zip around one file of any name."""

Entry = tuple[str, str]
"""Where a file lies, and its name in the zip."""


def gather(order: Mapping[str, Any]) -> dict[str, Any]:
    """Write what the database says into the order's folder; answers how many files there are."""
    folder = Path(order["folder"])
    address = f"{Path(order['database']).absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        database.execute("BEGIN")
        with (folder / DATA).open("w", encoding="utf-8") as file:
            _write_tables(database, int(order["user"]), file)
        count = 0
        with (folder / LIST).open("w", encoding="utf-8") as listed:
            for entry in _files(database, order):
                listed.write(json.dumps(entry) + "\n")
                count += 1
    return {"files": count}


def _write_tables(database: sqlite3.Connection, user: int, file: IO[str]) -> None:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    file.write(f'{{"user": "{user}",\n"made_at": "{now}"')
    for holding in HOLDINGS:
        if holding.mine is None:
            continue
        file.write(f",\n{json.dumps(holding.table)}: [")
        query = f"SELECT * FROM {holding.table} WHERE {holding.mine}"
        for number, row in enumerate(database.execute(query, {"user": user})):
            said = json.dumps(_plain(row, holding), ensure_ascii=False)
            file.write(f"{',' if number else ''}\n{said}")
        file.write("]")
    file.write("}\n")


def _plain(row: sqlite3.Row, holding: Holding) -> dict[str, Any]:
    """A row as it is, with JSON inside it unfolded, and with the name of its file."""
    said = dict(row)
    for name in holding.structured:
        with contextlib.suppress(ValueError):
            said[name] = json.loads(said[name])
    if holding.table == "images" and said["evicted_at"] is None:
        said["file"] = _name(said)
    return said


def _name(image: Mapping[str, Any]) -> str:
    day = dt.datetime.fromtimestamp(image["created_at"], dt.UTC).date().isoformat()
    return f"pictures/{day}_{image['job_id']}_{image['idx']}.webp"


def _files(database: sqlite3.Connection, order: Mapping[str, Any]) -> Iterator[Entry]:
    yield str(Path(order["folder"]) / DATA), DATA
    named = {"user": int(order["user"])}
    store = ImageStore(Path(order["images"]))
    for row in database.execute(
        "SELECT i.* FROM images i JOIN jobs j ON j.id = i.job_id WHERE j.user_id = :user"
        " AND i.evicted_at IS NULL ORDER BY i.created_at, i.job_id, i.idx",
        named,
    ):
        yield str(store.path(Tile(row["job_id"], row["idx"]))), _name(row)
    for row in database.execute(
        "SELECT DISTINCT digest FROM blob_uses WHERE user_id = :user ORDER BY digest", named
    ):
        path = path_of(Path(order["blobs"]), row["digest"])
        yield str(path), f"uploads/{row['digest']}.webp"


def pack(order: Mapping[str, Any]) -> dict[str, Any]:
    """Put what follows the order's place (file, byte, piece) into its target; answers the place
    from which to go on, how many files are in it, and the names of those that are gone."""
    number, byte, piece = order["place"]
    room, missing = int(order["limit"]) - _MARGIN, []
    with zipfile.ZipFile(order["target"], "w") as archive, _listed(order) as listed:
        for path, name in islice(listed, number, None):
            left = _size(path) - byte
            if left > room:
                if not archive.namelist():  # it fits into no zip as a whole
                    piece += 1
                    _add(archive, path, f"{name}.{piece:03}", byte, room)
                    byte += room
                break
            if left < 0:
                missing.append(name)
            else:
                _add(archive, path, f"{name}.{piece + 1:03}" if piece else name, byte, left)
                room -= left + 2 * len(name) + 256
            number, byte, piece = number + 1, 0, 0
        count = len(archive.namelist())
    return {"place": [number, byte, piece], "packed": count, "missing": missing}


@contextlib.contextmanager
def _listed(order: Mapping[str, Any]) -> Iterator[Iterator[Entry]]:
    with (Path(order["folder"]) / LIST).open(encoding="utf-8") as listed:
        yield map(json.loads, listed)


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return -1


def _add(archive: zipfile.ZipFile, path: str, name: str, start: int, size: int) -> None:
    """So many bytes of a file from `start` on: pictures as they are stored, words made small."""
    said = zipfile.ZipInfo(name, dt.datetime.now(dt.UTC).timetuple()[:6])
    said.compress_type = zipfile.ZIP_DEFLATED if name.startswith(DATA) else zipfile.ZIP_STORED
    said.file_size = size
    with open(path, "rb") as source, archive.open(said, "w") as target:
        source.seek(start)
        while size > 0 and (some := source.read(min(_BUFFER, size))):
            target.write(some)
            size -= len(some)


def run(order: Mapping[str, Any]) -> dict[str, Any]:
    """Gather what there is, or pack the next part of it."""
    return gather(order) if order["do"] == "gather" else pack(order)
