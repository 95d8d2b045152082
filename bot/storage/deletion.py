"""Results that their owners want no more: nothing of them is left but what the books need."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from bot.domain.delivery import GivenUp
from bot.domain.job import DELETED, Job
from bot.domain.request import GenerationRequest
from bot.domain.usual import HIDDEN
from bot.storage import removals, rows
from bot.storage.database import Database


class DeletionRepository:
    """Deletes what is known of results."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def delete(self, job: Job) -> bool:
        """Forget a result: pictures, likes, words, what it was made from; its messages go soon. Its
        job stays as one that cost credits. False where that was done before."""

        def run(connection: sqlite3.Connection) -> bool:
            gone = connection.execute("DELETE FROM results WHERE job_id = ?", (job.id,))
            if not gone.rowcount:
                return False
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job.id,)).fetchone()
            removals.insert_all(connection, row)
            connection.execute("DELETE FROM images WHERE job_id = ?", (job.id,))
            connection.execute("DELETE FROM job_inputs WHERE job_id = ?", (job.id,))
            # Without its source, so that the picture can be taken out of its grid anew.
            connection.execute(
                "UPDATE jobs SET request = ?, source_job = NULL, source_tile = NULL WHERE id = ?",
                (rows.written(_left(job)), job.id),
            )
            connection.execute(
                "UPDATE deliveries SET given_up = ? WHERE job_id = ? AND message_id = 0"
                " AND given_up IS NULL AND kind <> 'end'",
                (GivenUp.WITHDRAWN.value, job.id),
            )
            return True

        return await self._database.transaction(run)


def _left(job: Job) -> GenerationRequest:
    """Nothing but that it was deleted, and whether it was its owner's alone: what still arrives of
    it is looked for where that says."""
    lost = GenerationRequest.lost({}, DELETED)
    kept = tuple(pair for pair in job.request.extra if pair[0] == HIDDEN)
    return replace(lost, extra=(*kept, *lost.extra))
