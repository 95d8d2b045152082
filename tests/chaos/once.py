"""What people asked for once is drawn, and paid, once."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

COMMAND, COMPONENT = 2, 3
"""Types of interactions."""
Wish = tuple[int, str, str]
"""Who, by what action, and of which words or which job."""


def drawn_twice(rows: sqlite3.Connection, interactions: Iterable[Any]) -> Iterator[str]:
    """Wishes with more jobs than there were interactions; those that were stopped do not count."""
    wished = Counter(filter(None, map(_wish, interactions)))
    drawn = Counter(
        _job_of(row)
        for row in rows.execute(
            "SELECT user_id, action, parent_id, request FROM jobs"
            " WHERE state <> 'cancelled' AND action IN ('imagine', 'vary', 'reroll')"
        )
    )
    for wish, times in drawn.items():
        if times > wished[wish]:
            who, what, of = wish
            yield f"twice: {what} of {who} ({of}) was asked {wished[wish]} and made {times} times"


def _wish(it: Any) -> Wish | None:
    if it.type == COMMAND and it.name == "imagine":
        [words] = [each["value"] for each in it.data["options"] if each["name"] == "prompt"]
        return int(it.user_id), "imagine", words.partition(" --")[0]
    if it.type == COMPONENT:
        _, code, job, *_ = it.data["custom_id"].split(":")
        return int(it.user_id), code, job
    return None


def _job_of(row: sqlite3.Row) -> Wish:
    if row["action"] == "imagine":
        return row["user_id"], "imagine", json.loads(row["request"])["prompt"]["text"]
    return row["user_id"], row["action"], row["parent_id"]
