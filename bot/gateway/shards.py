"""Which shards there are, and who is to hold which. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

MOST = 100_000
"""More shards than Discord would ever advise."""


def divide(count: int, parts: int) -> list[range]:
    """Shards 0 to `count` - 1 in up to `parts` runs, none of which is longer by two than another;
    no run is empty."""
    parts = min(parts, count)
    ends = [count * part // parts for part in range(parts + 1)] if parts else []
    return [range(*pair) for pair in itertools.pairwise(ends)]


def parse(text: str) -> range:
    """What "0-3" or "5" means. Raises ValueError for anything else."""
    found = re.fullmatch(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no run of shards")
    first, last = int(found[1]), int(found[2] or found[1])
    if not first <= last < MOST:
        raise ValueError(f"{text!r} is no run of shards")
    return range(first, last + 1)


def shown(shards: Iterable[int]) -> str:
    """As people write them, such as "0-3, 6"; "none" for none."""
    runs: list[list[int]] = []
    for shard in sorted(shards):
        if runs and shard == runs[-1][-1] + 1:
            runs[-1].append(shard)
        else:
            runs.append([shard])
    said = (f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
    return ", ".join(said) or "none"


def seats(free: Iterable[int], runs: Sequence[range]) -> list[list[int]]:
    """The free shards of each of the runs that has any, in their order."""
    left = set(free)
    found = [[shard for shard in run if shard in left] for run in runs]
    return [seat for seat in found if seat]
