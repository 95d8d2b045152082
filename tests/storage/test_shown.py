"""bot.storage.shown: which job a message shows."""

from __future__ import annotations

from pathlib import Path

from bot.domain.delivery import Delivery
from tests.kit.app import House


async def test_results_and_progress_are_found_and_nothing_else(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        waits = await house.imagine("a fox")
        await house.service.outbox.set_notice(waits.id, 41)
        drawn = await house.draw("an owl")
        row = await house.parts.outbox.of_job(drawn.id)
        assert isinstance(row, Delivery)
        await house.service.outbox.delivered(row, 42)
        found = [await house.parts.shown.job(message) for message in (41, 42, 43, 0)]
        assert [job and job.id for job in found] == [waits.id, drawn.id, None, None]


async def test_no_table_is_walked_through(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        for index in ("deliveries_of_message", "jobs_of_notice"):
            table, column = (
                ("deliveries", "message_id") if "message" in index else ("jobs", "notice_id")
            )
            plan = await house.database.read(
                lambda c, t=table, n=column: c.execute(
                    f"EXPLAIN QUERY PLAN SELECT 1 FROM {t} WHERE {n} = ?1 AND {n} <> 0", (5,)
                ).fetchall()
            )
            assert index in plan[0]["detail"]


async def test_what_is_drawn_and_owed_without_a_known_progress_message(tmp_path: Path) -> None:
    async with House(tmp_path) as house:
        recorded, posted, lost = [await house.draw(f"fox {n}") for n in range(3)]
        await house.imagine("one that waits")
        await house.service.outbox.set_notice(recorded.id, 41)
        row = await house.parts.outbox.of_job(posted.id)
        assert isinstance(row, Delivery)
        await house.service.outbox.delivered(row, 42)
        assert [job.id for job in await house.service.outbox.unrecorded()] == [lost.id]
