"""Which job starts next, and on which worker. Pure: plain values in, one choice out.

Jobs are looked at in fair order, of each model the first, and each by its estimated start:

- A job starts on the free worker where it is drawn soonest: at once where its model is in memory,
  after a load elsewhere; of equals on the one that draws quicker. Where a worker that still draws
  or loads is expected to begin it sooner than that, the job waits; it is never handed to a worker
  that is loading.
- What cannot start now holds up nobody: the next in order is looked at, and the job keeps its
  place. A worker that failed to load a model is passed over for that model alone, until it may be
  tried again.
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


@dataclass(frozen=True)
class Standing:
    """How a worker stands that can work at all. Times are in seconds.

    `free` says that it can be handed a job now; else it could begin with one in `busy_s`, which is
    infinite where nothing is known about that. `models` are in its memory, with what it is loading
    just now; it has had the newest for `kept_s`. `failed` are not to be tried again yet. `load_s`
    holds how long it needs to load each model that somebody waits for, `draw_s` how long to draw
    the same amount of work with it, where that is known.
    """

    id: str
    free: bool
    models: frozenset[str] = frozenset()
    load_s: Mapping[str, float] = field(default_factory=dict)
    busy_s: float = math.inf
    kept_s: float = math.inf
    failed: frozenset[str] = frozenset()
    draw_s: Mapping[str, float] = field(default_factory=dict)

    def start_s(self, model: str) -> float:
        """Time until it would draw a job of a model that came first; infinite while it failed."""
        if model in self.failed:
            return math.inf
        load_s = 0.0 if model in self.models else self.load_s[model]
        return load_s if self.free else self.busy_s + load_s

    def cost(self, model: str) -> tuple[float, float, int]:
        """What speaks against it for a job of a model: a late start, slow drawing, and how many
        models it has to lose."""
        return self.start_s(model), self.draw_s.get(model, 0.0), len(self.models)

    def may_take(self, model: str, others: Collection[str]) -> bool:
        """Whether it may begin with a job of a model now although others wait, too."""
        if not self.free or model in self.failed:
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
    workers = list(workers)
    for number, entry in enumerate(waiting):
        behind = {other.model for other in waiting[number + 1 :]}
        if worker := _best(entry.model, behind, workers):
            return Choice(entry.job, worker.id, worker.start_s(entry.model))
    return None


def _best(model: str, behind: Collection[str], workers: Sequence[Standing]) -> Standing | None:
    """The worker that takes a job of a model now."""
    able = [worker for worker in workers if worker.may_take(model, behind)]
    best = min(able, key=lambda worker: worker.cost(model), default=None)
    if best is None:
        return None
    busy = (worker.start_s(model) for worker in workers if not worker.free)
    return best if best.start_s(model) <= min(busy, default=math.inf) else None
