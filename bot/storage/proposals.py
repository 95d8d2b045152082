"""Plans whose price somebody was told, until they say yes or no, or a day is over."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from bot.domain.errors import NotFound
from bot.domain.job import Job
from bot.domain.language import _
from bot.domain.people import Origin
from bot.domain.proposal import FORGOTTEN, Answer, Proposal
from bot.domain.quota import Claim
from bot.domain.request import GenerationRequest
from bot.storage import admission
from bot.storage.database import Database

KEPT = 10
"""Unanswered ones of one account; the oldest makes room, since each may hold forty long prompts."""


class ProposalRepository:
    """Proposals by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, proposal: Proposal, jobs: Sequence[Job], claim: Claim, queue_limit: int
    ) -> None:
        """Keep it, if the jobs that it stands for might be submitted now. Raises QueueFull and
        OutOfCredits as that does."""

        def run(connection: sqlite3.Connection) -> None:
            admission.check(connection, jobs, claim, queue_limit)
            _insert(connection, proposal)
            _make_room(connection, proposal)

        await self._database.transaction(run)

    async def get(self, id: str) -> Proposal | None:
        return await self._database.read(lambda c: _get(c, id))

    async def leave(self, id: str) -> None:
        """It will not be drawn. Raises NotFound where it was answered before."""
        await self._database.transaction(lambda c: answer(c, id, Answer.LEFT))

    async def forget(self, before: float) -> None:
        """Those from before that time are forgotten, answered or not."""
        await self._database.transaction(
            lambda c: c.execute("DELETE FROM proposals WHERE created_at < ?", (before,))
        )


def answer(connection: sqlite3.Connection, id: str, said: Answer) -> None:
    """The first answer counts; belongs inside the transaction that does what it says. Raises
    NotFound for another one."""
    first = connection.execute(
        "UPDATE proposals SET answer = ?, plan = '' WHERE id = ? AND answer IS NULL",
        (said.value, id),
    ).rowcount
    if not first:
        before = _get(connection, id)
        if before is not None:
            before.require_open()
        raise NotFound(_(FORGOTTEN))


def _insert(connection: sqlite3.Connection, proposal: Proposal) -> None:
    origin = proposal.origin
    asked = {
        "requests": [each.to_json() for each in proposal.requests],
        "prices": proposal.prices,
        "under": [proposal.parent, origin.parent_message],
        "waived": proposal.waived,
    }
    plan = json.dumps(asked, ensure_ascii=False)
    connection.execute(
        "INSERT INTO proposals (id, guild_id, channel_id, user_id, plan, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (proposal.id, origin.guild, origin.channel, proposal.user, plan, proposal.created_at),
    )


def _make_room(connection: sqlite3.Connection, newest: Proposal) -> None:
    connection.execute(
        "DELETE FROM proposals WHERE id IN (SELECT id FROM proposals WHERE guild_id = ?"
        " AND user_id = ? AND answer IS NULL ORDER BY created_at DESC, rowid DESC"
        " LIMIT -1 OFFSET ?)",
        (newest.origin.guild, newest.user, KEPT),
    )


def _get(connection: sqlite3.Connection, id: str) -> Proposal | None:
    row = connection.execute("SELECT * FROM proposals WHERE id = ?", (id,)).fetchone()
    if row is None:
        return None
    requests, prices, (parent, message), waived = read(row["plan"])
    return Proposal(
        id,
        Origin(row["guild_id"], row["channel_id"], message),
        row["user_id"],
        requests,
        prices,
        row["created_at"],
        None if row["answer"] is None else Answer(row["answer"]),
        parent,
        waived,
    )


_Under = tuple[str | None, int]
"""A job, and the message under which its button was pressed."""


def read(plan: str) -> tuple[tuple[GenerationRequest, ...], tuple[int, ...], _Under, int]:
    """Nothing where it was answered, or kept by another version that says it otherwise."""
    try:
        kept = json.loads(plan)
        parent, message = kept.get("under", (None, 0))
        requests = tuple(map(GenerationRequest.from_json, kept["requests"]))
        waived = int(kept.get("waived", 0))
        return requests, tuple(kept["prices"]), (parent, message), waived
    except (ValueError, LookupError, TypeError):
        return (), (), (None, 0), 0
