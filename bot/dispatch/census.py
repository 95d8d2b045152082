"""How many jobs wait and since when, as one value."""

from __future__ import annotations

from collections.abc import Collection

from bot.dispatch.aside import Waits
from bot.domain.lanes import Lanes
from bot.domain.snapshots import Census
from bot.domain.speed import Speed


def census(waiting: Collection[Waits], queue: Lanes, drawing: int, now: float) -> Census:
    """Of everything that waits, of which what is not in the `queue` waits aside."""
    since: dict[Speed, float] = {}
    for each in waiting:
        entry = each.entry
        earlier = entry.since < since.get(entry.speed, now)
        if earlier and entry.job in queue:  # which costs more than all else here
            since[entry.speed] = entry.since
    lengths = queue.lengths()
    oldest = {speed: now - since.get(speed, now) for speed in lengths}
    return Census(lengths, oldest, len(waiting) - len(queue), drawing)
