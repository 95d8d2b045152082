"""When a worker drew: an executor that takes notes, and what the notes come to.

Times are seconds of the machine's monotonic clock, which worker, bot and bench share.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.local import LocalExecutor
from bot.engine.seam import Attempt, Done, Event, Progress


@dataclass(frozen=True)
class Drawing:
    """One job on the worker, from the first moment of drawing to the last, and what drew it."""

    job: str
    begins: float
    ends: float
    engine: str = ""


class Watched(LocalExecutor):
    """The local executor, which notes the drawings that end well."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.drawings: list[Drawing] = []

    async def run_batch(
        self, worker_id: str, attempts: Sequence[Attempt]
    ) -> AsyncIterator[tuple[str, Event]]:
        """See the protocol. The last step of the simulated engine is the end of its drawing."""
        last: dict[str, float] = {}
        async with contextlib.aclosing(super().run_batch(worker_id, attempts)) as events:  # type: ignore[type-var]
            async for job, event in events:
                if isinstance(event, Progress):
                    last[job] = event.t
                elif isinstance(event, Done) and job in last:
                    begins = last[job] - event.seconds
                    self.drawings.append(Drawing(job, begins, last[job], event.engine))
                yield job, event


def busy_fraction(drawings: Sequence[Drawing]) -> float:
    """Seconds drawn over seconds from the first start to the last end. One worker."""
    drawn = sum(each.ends - each.begins for each in drawings)
    wall = max(each.ends for each in drawings) - min(each.begins for each in drawings)
    return drawn / wall


def gaps(drawings: Sequence[Drawing]) -> list[float]:
    """Seconds between the end of each drawing and the start of the next."""
    in_order = sorted(drawings, key=lambda each: each.begins)
    return [later.begins - earlier.ends for earlier, later in itertools.pairwise(in_order)]
