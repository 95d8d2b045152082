"""The newest state of every unfinished job, for whoever watches it.

Holds a cell for each job from the moment it waits until it ends. Knows nothing about why a job's
state changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.dispatch.latest import Latest
from bot.dispatch.together import Together
from bot.domain.job import Job, JobUpdate
from bot.domain.lines import Entry


class Board:
    """Newest values by job id: written by the dispatcher and its drawings, read by watchers."""

    def __init__(self) -> None:
        self.together = Together()
        self._cells: dict[str, Latest[JobUpdate]] = {}

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._cells

    def __len__(self) -> int:
        return len(self._cells)

    def open(self, job: Job) -> Entry:
        """The job is unfinished from now on; returns what the queue is to know of it."""
        self._cells.setdefault(job.id, Latest())
        self.show(JobUpdate(job))
        return Entry.of(job)

    def show(self, update: JobUpdate) -> None:
        """Replace what is known of a job; nothing happens where it has ended."""
        cell = self._cells.get(update.job.id)
        if cell is not None:
            cell.set(update)
            self.together.show(update)

    def progress(self, job_id: str, *, fraction: float | None = None, preview: bytes | None = None,
                 note: str = "") -> None:  # fmt: skip
        """A running job came further; what is not said again stays as it was."""
        before = self.newest(job_id)
        if before is None or before.value is None:
            return
        old = before.value
        self.show(
            JobUpdate(
                old.job,
                fraction=old.fraction if fraction is None else fraction,
                preview=old.preview if preview is None else preview,
                note=note,
            )
        )

    def finish(self, job: Job) -> None:
        """The job has ended: its watchers see that and are done."""
        if job.id in self._cells:
            last = JobUpdate(job, fraction=1.0)
            self._cells[job.id].set(last)
            self.close(job.id)
            self.together.show(last)

    def close(self, job_id: str) -> None:
        """Nothing more is known of a job; its watchers are done."""
        if cell := self._cells.pop(job_id, None):
            cell.close()

    def newest(self, job_id: str) -> Latest[JobUpdate] | None:
        """The cell of an unfinished job; None when it has ended or is unknown."""
        return self._cells.get(job_id)

    async def watch(self, job_id: str) -> AsyncIterator[JobUpdate]:
        """Newest values of an unfinished job up to its end; nothing for others."""
        cell = self._cells.get(job_id)
        if cell is not None:
            async for update in cell:
                yield update
