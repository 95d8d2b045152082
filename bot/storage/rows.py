"""Rows of the jobs table, and the values they are made of."""

from __future__ import annotations

import json
import sqlite3

from bot.domain.job import Failure, Job, JobStatus
from bot.domain.people import Origin
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.storage import blobs, inputs


def insert(connection: sqlite3.Connection, job: Job) -> None:
    """A new job with its inputs, whose owner was seen; belongs inside a transaction.

    Raises NotFound where a file that it is made from was dropped.
    """
    origin, source = job.origin, job.request.source
    connection.execute(
        _INSERT,
        (
            job.id, origin.guild, origin.channel, job.user, job.parent or "",
            origin.parent_message, job.action.value, source.job if source else "",
            source.index if source else 0, written(job.request), job.status.value, job.cost,
            job.running_limit, job.created_at, job.finished_at or 0.0, job.engine, job.batch or "",
            int(origin.age_restricted), origin.locale,
        ),
    )  # fmt: skip
    if job.request.inputs:
        inputs.insert(connection, job)
        blobs.use(connection, job)
    connection.execute(
        "INSERT INTO profiles (user_id, first_seen, last_seen) VALUES (?1, ?2, ?2)"
        " ON CONFLICT (user_id) DO UPDATE SET last_seen = excluded.last_seen",
        (job.user, job.created_at),
    )


# A None takes Python's module for SQLite longer than the column takes SQLite.
_INSERT = """
INSERT INTO jobs (id, guild_id, channel_id, user_id, parent_id, parent_message, action, source_job,
    source_tile, request, state, cost, running_limit, created_at, finished_at, engine, batch_id,
    age_limited, locale)
VALUES (?, ?, ?, ?, NULLIF(?, ''), ?, ?, NULLIF(?, ''), NULLIF(?, 0), ?, ?, ?, ?, ?, NULLIF(?, 0.0),
    ?, NULLIF(?, ''), ?, ?)
"""
RUNNING = "state IN ('waiting', 'running') AND state = 'running'"
"""In SQL; said like that SQLite looks through what has not ended alone."""
_written = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


def written(request: GenerationRequest) -> str:
    """A request as the table keeps it."""
    return _written(request.to_json())


def request_of(written: str) -> GenerationRequest:
    """What cannot be read is `Kind.LOST`: one bad row stops neither a start nor another row."""
    stored = None
    try:
        stored = json.loads(written)
        return GenerationRequest.from_json(stored)
    except ValueError as error:
        return GenerationRequest.lost(stored, str(error))


def job_of(row: sqlite3.Row) -> Job:
    """The job of a row of `SELECT *`."""
    failure = None
    if row["failure"] is not None:
        width, height = row["smaller_width"], row["smaller_height"]
        smaller = None if width is None else Size(width, height)
        told = str(row["failure"]), str(row["reference"])
        failure = Failure(*told, smaller, row["failure_code"] or "unknown")
    return Job(
        id=row["id"],
        origin=Origin(row["guild_id"], row["channel_id"], row["parent_message"], row["locale"]),
        user=row["user_id"],
        request=request_of(row["request"]),
        status=JobStatus(row["state"]),
        cost=row["cost"],
        created_at=row["created_at"],
        parent=row["parent_id"],
        attempt=row["attempt"],
        strikes=row["strikes"],
        running_limit=row["running_limit"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        failure=failure,
        notice=row["notice_id"],
        engine=row["engine"],
        batch=row["batch_id"],
    )
