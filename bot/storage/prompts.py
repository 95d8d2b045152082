"""What is looked for in prompts: terms and labels of each result, and queries over them.

The index takes both as they are. Migrations call the same functions by their names in SQL.
"""

from __future__ import annotations

import json
import sqlite3

from bot.domain.job import Job
from bot.domain.request import GenerationRequest
from bot.domain.terms import phrases, terms


def teach(connection: sqlite3.Connection) -> None:
    """Let SQL on this connection say `said(request)` and `labels(user, guild, action, hidden)`."""
    connection.create_function("said", 1, _said, deterministic=True)
    connection.create_function("labels", 4, labels, deterministic=True)


def _said(written: str) -> str:
    """The terms of a stored request's prompt, as far as it can be read."""
    stored = None
    try:
        stored = json.loads(written)
        request = GenerationRequest.from_json(stored)
    except ValueError as error:
        request = GenerationRequest.lost(stored, str(error))
    return said(request)


def said(request: GenerationRequest) -> str:
    """The terms of a request's prompt."""
    return " ".join(terms(request.prompt.text))


def labels(user: int, guild: int, action: str, hidden: int) -> str:
    """Under what somebody finds a result who looks for nothing that was said."""
    public = "" if hidden else f" {shown_on(guild)}"
    return f"{owned_by(user)} {asked_on(guild)} {done_by(action)}{public}"


def owned_by(user: int) -> str:
    return f"u{user}"


def asked_on(guild: int) -> str:
    return f"g{guild}"


def shown_on(guild: int) -> str:
    """Of what everybody there may see."""
    return f"s{guild}"


def done_by(action: str) -> str:
    return f"a{action.replace('_', 'z')}"


def insert(connection: sqlite3.Connection, number: int, job: Job) -> None:
    """The terms and labels of the result of this number; belongs inside its transaction."""
    connection.execute(
        "INSERT INTO prompts (rowid, said, labels) VALUES (?, ?, ?)",
        (
            number,
            said(job.request),
            labels(job.user, job.origin.guild, job.action.value, job.hidden),
        ),
    )


def query(search: str, *wanted: str) -> str:
    """FTS5's words for all labels that are wanted and everything that is looked for.

    The last of a word may be missing, as may its plural; one letter is itself alone.
    """
    parts = [f'labels : "{label}"' for label in wanted]
    parts += [f"said : {_phrase(each)}" for each in phrases(search)]
    return " AND ".join(parts)


def _phrase(found: tuple[str, ...]) -> str:
    begins = len(found) == 1 and len(found[0]) > 1
    return f'"{" ".join(found)}"{" *" if begins else ""}'
