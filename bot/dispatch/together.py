"""The newest states of jobs that one message shows, as one value for whoever watches them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from bot.dispatch.latest import Latest
from bot.domain.job import JobUpdate

States = dict[str, JobUpdate]


class Together:
    """Cells of batches by their first job, from the first state that is shown until all of those
    that were shown have ended. What had ended before this process began it does not know."""

    def __init__(self) -> None:
        self._cells: dict[str, Latest[States]] = {}

    def __len__(self) -> int:
        return len(self._cells)

    def show(self, update: JobUpdate) -> None:
        """Nothing happens for a job that is shown alone."""
        first = update.job.batch
        if first is None:
            return
        cell = self._cells.setdefault(first, Latest())
        known = cell.value or {}
        known[update.job.id] = update
        cell.set(known)
        if update.finished and all(each.finished for each in known.values()):
            del self._cells[first]
            cell.close()

    async def watch(self, first: str) -> AsyncIterator[Mapping[str, JobUpdate]]:
        """Newest states by job id, up to the end of all; nothing for others."""
        cell = self._cells.get(first)
        if cell is not None:
            async for known in cell:
                yield known
