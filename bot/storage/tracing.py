"""What was made of somebody's pictures, by whomever, as the lineage of jobs tells. Reads alone."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection

from bot.domain import erasure as left
from bot.domain.action import Kind
from bot.domain.erasure import Doomed, Erasure
from bot.storage import proposals
from bot.storage.rows import request_of


class Grew(Exception):
    """More hold a picture's very pixels than were known of: they came meanwhile."""


_OWNERS = {"user": "user_id", "server": "guild_id"}
_FAMILY = """
WITH RECURSIVE family (id) AS (
    SELECT id FROM jobs_of_people WHERE {owner} = :owner AND created_at <= :before
    UNION SELECT j.id FROM jobs j JOIN family f ON j.parent_id = f.id
)
SELECT j.id, j.parent_id, j.action, j.state, j.request,
    j.{owner} = :owner AND j.created_at <= :before AS own,
    CASE WHEN p.{owner} <> :owner THEN p.request END AS of_another
FROM family JOIN jobs j ON j.id = family.id LEFT JOIN jobs p ON p.id = j.parent_id
ORDER BY j.created_at, j.rowid
"""
_OFFERS = """
SELECT id, plan, CASE WHEN json_valid(plan) THEN json_extract(plan, '$.under[0]') END AS parent_id
FROM proposals
"""


class Tracing:
    """Takes jobs of a family, parents first, and then the offers under them."""

    def __init__(self) -> None:
        self.family: set[str] = set()
        self._whole: set[str] = set()
        self._said: dict[str, frozenset[str]] = {}
        self._jobs: list[str] = []
        self._reworded: list[str] = []
        self._unfinished: list[str] = []
        self._offers: list[str] = []

    @property
    def doomed(self) -> Doomed:
        return Doomed(
            tuple(self._jobs), tuple(self._reworded), tuple(self._unfinished), tuple(self._offers)
        )

    def take(self, row: sqlite3.Row) -> None:
        request, job, parent = request_of(row["request"]), row["id"], row["parent_id"]
        said = self._said.get(parent, frozenset())
        if row["own"]:
            others = row["of_another"]
            said |= left.words(request) - (left.words(request_of(others)) if others else set())
        self.family.add(job)
        self._said[job] = said
        if row["state"] in ("waiting", "running"):
            self._unfinished.append(job)
        if row["own"] or (parent in self._whole and row["action"] in left.WHOLE):
            self._whole.add(job)
            if not (left.erased(request) and request.kind is Kind.LOST):
                self._jobs.append(job)
        elif left.repeats(request, said):
            self._reworded.append(job)

    def offer(self, row: sqlite3.Row) -> None:
        """What hangs under a job that loses its words came of these, however they were changed;
        under others of the family it counts what it says."""
        parent = row["parent_id"]
        if parent not in self.family:
            return
        requests, *_ = proposals.read(row["plan"])
        lost = parent in self._whole or parent in self._reworded
        if lost or any(left.repeats(request, self._said[parent]) for request in requests):
            self._offers.append(row["id"])


def traced(connection: sqlite3.Connection, erasure: Erasure) -> Tracing:
    """Everything of an erasure."""
    tracing = Tracing()
    named = {"owner": erasure.owner, "before": erasure.asked_at}
    for row in connection.execute(_FAMILY.format(owner=_OWNERS[erasure.scope]), named):
        tracing.take(row)
    for row in connection.execute(_OFFERS):
        tracing.offer(row)
    return tracing


def copies(connection: sqlite3.Connection, job: str) -> list[str]:
    """A job, and all whose pictures hold the very pixels of its own."""
    marks = ", ".join("?" * len(left.WHOLE))
    rows = connection.execute(
        "WITH RECURSIVE whole (id) AS (SELECT ? UNION SELECT j.id FROM jobs j JOIN whole w"
        f" ON j.parent_id = w.id WHERE j.action IN ({marks})) SELECT id FROM whole",
        (job, *(action.value for action in left.WHOLE)),
    )
    return [row["id"] for row in rows]


def require_all(connection: sqlite3.Connection, job: str, known: Collection[str]) -> None:
    """Raises Grew where others have its pixels than these."""
    if not {*copies(connection, job)} <= {*known}:
        raise Grew(job)


def taken_down(connection: sqlite3.Connection, job: str) -> bool:
    """Whether moderators deleted a picture whose very pixels this job's hold, or its own."""
    marks = ", ".join("?" * len(left.WHOLE))
    row = connection.execute(
        "WITH RECURSIVE origin (id) AS (SELECT ? UNION SELECT j.parent_id FROM jobs j JOIN origin o"
        f" ON j.id = o.id WHERE j.action IN ({marks})) SELECT 1 FROM reports"
        " WHERE answer = 'deleted' AND job_id IN (SELECT id FROM origin)",
        (job, *(action.value for action in left.WHOLE)),
    ).fetchone()
    return row is not None


def solely_theirs(connection: sqlite3.Connection, erasure: Erasure) -> set[str]:
    """Files of a person that others use at most in what they made of this person's pictures."""
    used = connection.execute(
        "SELECT digest, user_id FROM blob_uses WHERE digest IN (SELECT digest FROM blob_uses"
        " WHERE user_id = ? AND used_at <= ?)",
        (erasure.owner, erasure.asked_at),
    ).fetchall()
    family = traced(connection, erasure).family
    within: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for row in connection.execute(
        "SELECT i.digest, i.job_id, j.user_id FROM job_inputs i JOIN jobs j ON j.id = i.job_id"
        " WHERE i.tile_job IS NULL"
    ):
        within[row["digest"], row["user_id"]].append(row["job_id"] in family)
    others = {
        row["digest"]
        for row in used
        if row["user_id"] != erasure.owner
        and not all(within[row["digest"], row["user_id"]] or [False])
    }
    return {row["digest"] for row in used} - others
