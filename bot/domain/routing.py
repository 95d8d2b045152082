"""Which job starts next, and on which worker. Pure: plain values in, one choice out.

Jobs are looked at in fair order, of each model the first, and each by its estimated start:

- A job starts on the free worker where it is drawn soonest: at once where its model is in memory,
  after a load elsewhere; of equals on the one that draws quicker. Where a worker that still draws
  or loads is expected to begin it sooner than that, the job waits; it is never handed to a worker
  that is loading.
- It joins those that a worker draws already where its pictures share their steps without anybody's
  loss, as far as the batch knee is known; or where it is done long before them, so that a job of
  four steps does not wait for one of fifty. Nothing joins a job that is drawn alone because it may
  have been why a worker died, nor does such a job join others.
- What cannot start now holds up nobody: the next in order is looked at, and the job keeps its
  place. But nobody joins what is drawn on the worker for which it waits, or that would never be
  free for it: fairness comes before batching. A worker that failed to load a model is passed over
  for that model alone, until it may be tried again.
- While anybody waits for the models that a worker has, it keeps to them until it has had the newest
  for as long as loading the other one takes. From then on fair order decides alone.

So a model that nobody has gets a worker at the latest when it has been first in fair order for its
own load time and one drawing, however many jobs come for the others; and workers that somebody
waits for spend no more time on such loads than on drawing in between. Where nobody waits for what
a worker has, loading costs nobody anything, and nothing is waited for.

Only the first job of a model counts: that many wait behind it is no reason here to have another
worker load the model, which is for whoever loads ahead of need.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.lines import Entry

OVERTAKES = 0.5
"""A job with at most this share of the work that is left of any other is drawn before them."""


@dataclass(frozen=True)
class Standing:
    """How a worker stands that can work at all. Times are in seconds.

    `free` says that it can be handed a job now; else it could begin with one in `busy_s`, which is
    infinite where nothing is known about that. `models` are in its memory, with what it is loading
    just now; it has had the newest for `kept_s`. `failed` are not to be tried again yet. `load_s`
    holds how long it needs to load each model that somebody waits for, `draw_s` how long to draw
    the same amount of work with it, where that is known. If it is not `idle`, so many pictures of
    each shape may join those that it draws as `rooms` says, and of none of them less work than
    `left` is left.
    """

    id: str
    free: bool
    models: frozenset[str] = frozenset()
    load_s: Mapping[str, float] = field(default_factory=dict)
    busy_s: float = math.inf
    kept_s: float = math.inf
    failed: frozenset[str] = frozenset()
    draw_s: Mapping[str, float] = field(default_factory=dict)
    idle: bool = True
    rooms: Mapping[tuple[str, int], int] = field(default_factory=dict)
    left: float = 0.0

    def open_to(self, entry: Entry) -> bool:
        """Whether it could be handed a job now."""
        if not self.free or self.idle:
            return self.free
        if entry.alone or entry.model not in self.models:
            return False
        fits = entry.pictures <= self.rooms.get(entry.shape, 0)
        return fits or entry.work <= OVERTAKES * self.left

    def start_s(self, entry: Entry) -> float:
        """Time until it would draw a job that came first; infinite while its model failed."""
        if entry.model in self.failed:
            return math.inf
        load_s = 0.0 if entry.model in self.models else self.load_s[entry.model]
        return load_s if self.open_to(entry) else self.busy_s + load_s

    def cost(self, entry: Entry) -> tuple[float, bool, float, bool, int]:
        """What speaks against it for a job: a late start, that it is busy, slow drawing (in company
        it takes up to twice as long), company, and how many models it has to lose."""
        draw_s = self.draw_s.get(entry.model, 0.0) * (1 if self.idle else 2)
        busy = not self.open_to(entry)
        return self.start_s(entry), busy, draw_s, not self.idle, len(self.models)

    def would_take(self, model: str, others: Collection[str]) -> bool:
        """Whether a job of a model may be its next although others wait, too."""
        if model in self.failed:
            return False
        return (
            model in self.models
            or self.models.isdisjoint(others)
            or self.kept_s >= self.load_s[model]
        )


@dataclass(frozen=True)
class Choice:
    """A job starts on a worker, which needs `load_s` before it draws."""

    job: str
    worker: str
    load_s: float


def route(waiting: Sequence[Entry], workers: Iterable[Standing]) -> Choice | None:
    """What starts now; None while nothing does. `waiting` is in fair order and holds of each model
    the first job."""
    workers, held = list(workers), set[str]()
    for number, entry in enumerate(waiting):
        behind = {other.model for other in waiting[number + 1 :]}
        able = [
            one for one in workers if one.id not in held and one.would_take(entry.model, behind)
        ]
        first = min(able, key=lambda worker: worker.cost(entry), default=None)
        if first is None:
            continue
        if not first.open_to(entry):
            held.add(first.id)
        elif first.start_s(entry) <= _soonest(entry, workers):
            return Choice(entry.job, first.id, first.start_s(entry))
    return None


def _soonest(entry: Entry, workers: Sequence[Standing]) -> float:
    """When the first that is busy now would begin a job."""
    busy = (worker.start_s(entry) for worker in workers if not worker.open_to(entry))
    return min(busy, default=math.inf)
