"""The board: one cell for each unfinished job, and nothing of those that ended."""

from __future__ import annotations

from dataclasses import replace

from bot.dispatch.board import Board
from bot.domain.job import JobStatus, JobUpdate
from tests.kit.values import a_job

RUNNING, SUCCEEDED = JobStatus.RUNNING, JobStatus.SUCCEEDED


def opened() -> tuple[Board, str]:
    board, job = Board(), a_job(status=RUNNING)
    board.open(job)
    return board, job.id


def test_progress_keeps_what_is_not_said_again() -> None:
    board, job_id = opened()
    cell = board.newest(job_id)
    assert cell is not None
    assert cell.value is not None
    job = cell.value.job
    board.progress(job_id, note="loading")
    board.progress(job_id, fraction=0.5)
    board.progress(job_id, preview=b"small")
    assert cell.value == JobUpdate(job, fraction=0.5, preview=b"small")
    board.progress(job_id, fraction=0.75)
    assert cell.value == JobUpdate(job, fraction=0.75, preview=b"small")


async def test_an_end_reaches_watchers_and_leaves_nothing_behind() -> None:
    board, job_id = opened()
    cell = board.newest(job_id)
    assert cell is not None
    assert cell.value is not None
    ended = replace(cell.value.job, status=SUCCEEDED)
    watching = board.watch(job_id)
    assert (await anext(watching)).job.status is RUNNING
    board.finish(ended)
    assert [update.job.status async for update in watching] == [SUCCEEDED]
    assert (len(board), job_id in board, board.newest(job_id)) == (0, False, None)


async def test_what_comes_after_the_end_is_not_heard() -> None:
    board, _ = opened()
    job = a_job()
    board.show(JobUpdate(job))
    board.progress(job.id, fraction=0.5)
    board.finish(job)
    assert len(board) == 1
    assert [update async for update in board.watch(job.id)] == []


async def test_who_watches_a_job_that_is_gone_is_done() -> None:
    board, job_id = opened()
    watching = board.watch(job_id)
    await anext(watching)
    board.close(job_id)
    assert [update async for update in watching] == []
    assert len(board) == 0
