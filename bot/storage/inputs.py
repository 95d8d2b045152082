"""Rows that say what each job is made from, and so what unfinished jobs still need."""

from __future__ import annotations

import sqlite3

from bot.domain.job import Job

_UNFINISHED = (
    "FROM jobs JOIN job_inputs ON job_id = id WHERE state IN ('waiting', 'running') AND tile_job IS"
)
NEEDED_TILES = f"SELECT tile_job, tile_idx {_UNFINISHED} NOT NULL"
"""Pictures that unfinished jobs are drawn from."""
NEEDED_BLOBS = f"SELECT digest {_UNFINISHED} NULL"
"""Other files that unfinished jobs are drawn from."""


def insert(connection: sqlite3.Connection, job: Job) -> None:
    """The inputs of a new job; belongs inside its transaction."""
    connection.executemany(
        "INSERT INTO job_inputs (job_id, place, role, digest, tile_job, tile_idx)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (job.id, place, each.role, each.digest, each.tile and each.tile.job,
             each.tile and each.tile.index)
            for place, each in enumerate(job.request.inputs)
        ],
    )  # fmt: skip
