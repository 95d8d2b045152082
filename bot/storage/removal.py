"""Results that their owners want no more: nothing of them is left but what the books need."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from bot.domain.delivery import Delivery, GivenUp, Kind
from bot.domain.job import DELETED, Job
from bot.domain.request import GenerationRequest
from bot.storage import rows
from bot.storage.database import Database


class RemovalRepository:
    """Deletes what is known of results."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remove(self, job: Job) -> Sequence[Delivery] | None:
        """Forget a result: pictures, likes, words, what it was made from. Its job stays as one that
        cost credits. Returns where it was posted; None where that was done before."""

        def run(connection: sqlite3.Connection) -> Sequence[Delivery] | None:
            gone = connection.execute("DELETE FROM results WHERE job_id = ?", (job.id,))
            if not gone.rowcount:
                return None
            connection.execute("DELETE FROM images WHERE job_id = ?", (job.id,))
            connection.execute("DELETE FROM job_inputs WHERE job_id = ?", (job.id,))
            # Without its source, so that the picture can be taken out of its grid anew.
            connection.execute(
                "UPDATE jobs SET request = ?, source_job = NULL, source_tile = NULL WHERE id = ?",
                (rows.written(GenerationRequest.lost({}, DELETED)), job.id),
            )
            connection.execute(
                "UPDATE deliveries SET given_up = ? WHERE job_id = ? AND message_id = 0"
                " AND given_up IS NULL AND kind <> 'end'",
                (GivenUp.WITHDRAWN.value, job.id),
            )
            return _posted(connection, job.id)

        return await self._database.transaction(run)


def _posted(connection: sqlite3.Connection, job_id: str) -> list[Delivery]:
    found = connection.execute(
        "SELECT * FROM deliveries WHERE job_id = ? AND message_id <> 0 AND kind <> 'end'",
        (job_id,),
    )
    return [
        Delivery(row["id"], row["job_id"], Kind(row["kind"]), row["channel_id"], row["nonce"],
                 message=row["message_id"])
        for row in found
    ]  # fmt: skip
