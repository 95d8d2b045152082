"""Jobs that were asked for together and are shown by one message, as one newest value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain.job import Job, JobStatus, JobUpdate


@dataclass(frozen=True)
class BatchUpdate:
    """A snapshot for watchers: that of each job, in the order in which they were asked for.
    `unposted` counts results that could not be posted."""

    updates: tuple[JobUpdate, ...]
    unposted: int = 0

    @property
    def job(self) -> Job:
        """The first, which stands for all."""
        return self.updates[0].job

    def count(self, status: JobStatus) -> int:
        """How many of them are there."""
        return len(self.of(status))

    def of(self, status: JobStatus) -> list[JobUpdate]:
        """Those that are there, in their order."""
        return [each for each in self.updates if each.job.status is status]

    @property
    def ended(self) -> int:
        """How many are over, however they ended."""
        return sum(each.finished for each in self.updates)

    @property
    def finished(self) -> bool:
        return self.ended == len(self.updates)

    @property
    def well(self) -> bool:
        """Whether every picture was drawn and posted."""
        return not self.unposted and self.count(JobStatus.SUCCEEDED) == len(self.updates)

    @property
    def position(self) -> int | None:
        """The best place in line; None once one of them is drawn."""
        places = [each.position for each in self.of(JobStatus.WAITING) if each.position]
        begun = self.of(JobStatus.RUNNING)
        return None if begun or not places else min(places)

    @property
    def wait_s(self) -> float | None:
        """Seconds until the last of those that wait is begun."""
        waits = [each.wait_s for each in self.of(JobStatus.WAITING) if each.wait_s is not None]
        return max(waits, default=None)

    @property
    def preview(self) -> bytes | None:
        """Of the first of those that are being drawn."""
        return next((each.preview for each in self.of(JobStatus.RUNNING) if each.preview), None)

    @property
    def note(self) -> str:
        """What the first that has something to say says."""
        return next((each.note for each in self.updates if each.note and not each.finished), "")

    def brought_up(self, newest: Mapping[str, JobUpdate]) -> BatchUpdate:
        """With newer states of some, by job id."""
        return replace(
            self, updates=tuple(newest.get(each.job.id, each) for each in self.updates)
        )  # fmt: skip


Progress = JobUpdate | BatchUpdate
"""What a progress message shows."""
