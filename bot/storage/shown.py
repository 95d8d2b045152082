"""Which job a message shows: its result, or its progress."""

from __future__ import annotations

from bot.domain.job import Job
from bot.storage.database import Database
from bot.storage.rows import job_of


class ShownRepository:
    """Messages that were posted, by their ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def job(self, message: int) -> Job | None:
        """None for a message that shows none."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT * FROM jobs WHERE id = (SELECT job_id FROM deliveries"
                " WHERE message_id = ?1 AND message_id <> 0 UNION ALL"
                " SELECT id FROM jobs WHERE notice_id = ?1 AND notice_id <> 0 LIMIT 1)",
                (message,),
            ).fetchone()
        )
        return row and job_of(row)

    async def unrecorded(self) -> list[Job]:
        """Jobs that were drawn alone and whose pictures are still owed, with no message known that
        shows their progress."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT j.* FROM deliveries d JOIN jobs j ON j.id = d.job_id"
                " WHERE d.message_id = 0 AND d.given_up IS NULL AND d.kind = 'result'"
                " AND j.notice_id = 0 AND j.attempt > 0 AND j.batch_id IS NULL ORDER BY d.id"
            ).fetchall()
        )
        return [job_of(row) for row in rows]
