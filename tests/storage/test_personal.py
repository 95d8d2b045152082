"""Every table of the schema has somebody who decided what of it is a person's."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.storage.database import migrate
from bot.storage.personal import HOLDINGS

OF_PEOPLE = ("user", "actor", "owner", "reporter", "person", "audience", "untold", "target")
"""Words in names of columns that hold who somebody is."""


@pytest.fixture
def schema(tmp_path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(tmp_path / "easel.sqlite3", isolation_level=None)
    migrate(connection)
    return connection


def tables(schema: sqlite3.Connection) -> list[str]:
    rows = schema.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND name NOT LIKE 'prompts_%'"
    )
    return [name for (name,) in rows]


def columns(schema: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in schema.execute(f"PRAGMA table_info({table})")]


def unknown(schema: sqlite3.Connection) -> set[str]:
    """Tables of which neither export nor deletion knows, and columns with people of those that are
    said to hold none."""
    held = {holding.table: holding for holding in HOLDINGS}
    found = set(tables(schema)) - held.keys()
    for name in set(tables(schema)) & held.keys():
        said = held[name].mine or ""
        for column in columns(schema, name):
            if any(word in column for word in OF_PEOPLE) and column not in said:
                found.add(f"{name}.{column}")
    return found


def test_every_table_is_known_with_every_column_of_people(schema: sqlite3.Connection) -> None:
    assert unknown(schema) == set()
    assert sorted(holding.table for holding in HOLDINGS) == sorted(tables(schema))
    assert all(holding.forgotten for holding in HOLDINGS)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("CREATE TABLE diaries (user_id INTEGER, said TEXT)", {"diaries"}),
        ("CREATE TABLE weather (sunny INTEGER)", {"weather"}),
        ("ALTER TABLE kept ADD COLUMN owner_id INTEGER", {"kept.owner_id"}),
        ("ALTER TABLE likes ADD COLUMN actor_id INTEGER", {"likes.actor_id"}),
    ],
)
def test_a_new_table_or_column_is_noticed(
    schema: sqlite3.Connection, change: str, found: set[str]
) -> None:
    schema.execute(change)
    assert unknown(schema) == found


def test_every_condition_can_be_asked(schema: sqlite3.Connection) -> None:
    for holding in HOLDINGS:
        if holding.mine is not None:
            query = f"SELECT * FROM {holding.table} WHERE {holding.mine}"
            assert schema.execute(query, {"user": 1}).fetchall() == []
        assert {*holding.structured} <= {*columns(schema, holding.table)}
