"""Which job starts next, and on which worker. Pure: plain values in, one choice out.

Jobs are looked at in fair order, of each model the first, and each by its estimated start:

- A job starts on the free worker where it is drawn soonest: at once where its model is in memory,
  after a load elsewhere; of equals on the one that draws quicker. Where one that still draws or
  loads is expected to begin it sooner than that load takes, or to be done with it sooner because it
  draws quicker, the job waits for that one, unless those of its model that wait behind it lose more
  by that than it gains: each of them would have that worker later by one drawing, or as much of one
  as is the worker's share of what all draw of the model. So a slow worker draws what a quick one
  has no time for, and no more. A job is never handed to a worker that is loading.
- It joins those that a worker draws already where its pictures share their steps without anybody's
  loss, as far as the batch knee is known; or where it is done long before them, so that a job of
  four steps does not wait for one of fifty. Of several such workers it goes where the fewest are
  drawn beside it.
- The first job of somebody who had nothing in the queue does not wait for what others have beyond
  their own first: it is handed over as if that were not drawn there, and the worker pauses it. As
  jobs of either sort join only where there is room beside their own, a worker never holds more than
  twice what pays at once, and the short ones that overtake.
- Nothing joins a job that is drawn alone because it may have been why a worker died, nor does such
  a job join others.
- What cannot start now holds up nobody: the next in order is looked at, and the job keeps its
  place. But nobody joins what is drawn on the worker for which it waits, or that would never be
  free for it: fairness comes before batching. A worker that failed to load a model is passed over
  for that model alone, until it may be tried again.
- While anybody waits for the models that a worker has, it keeps to them until it has had the newest
  for as long as loading the other one takes. From then on fair order decides alone. What fits
  beside them may be loaded at any time.

So a model that nobody has gets a worker at the latest when it has been first in fair order for its
own load time and one drawing, however many jobs come for the others; and workers that somebody
waits for spend no more time on such loads than on drawing in between. Where nobody waits for what
a worker has, loading costs nobody anything, and nothing is waited for.

Of each model only the first job is looked at; of those behind it only how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.lines import Entry

OVERTAKES = 0.5
"""A job with at most this share of the work that is left of any other is drawn before them."""


@dataclass(frozen=True)
class Beside:
    """What a job would find on a worker that draws: room for so many `pictures` that share steps
    with those of the `others`, of none of which less work than `left` is left. Those who would be
    paused for it do not count."""

    pictures: int = 0
    left: float = 0.0
    others: int = 0

    def open_to(self, entry: Entry) -> bool:
        """Whether it could begin."""
        return entry.pictures <= self.pictures or entry.work <= OVERTAKES * self.left


def paused_for(entry: Entry, drawn: Iterable[Entry]) -> frozenset[str]:
    """The jobs, of those that are drawn on a worker, that would be paused for another one."""
    if entry.attained or entry.alone:
        return frozenset()
    return frozenset(other.job for other in drawn if other.attained)


@dataclass(frozen=True)
class Standing:
    """How a worker stands that can work at all. Times are in seconds.

    `free` says that it can be handed a job now; else it could begin with one in `busy_s`, which is
    infinite where nothing is known about that. `models` are in its memory, with what it is loading
    just now; it has had the newest for `kept_s`. `failed` are not to be tried again yet. `load_s`
    holds how long it needs to load each model that somebody waits for, `draw_s` how long to draw
    the same amount of work with it, where that is known; `fitting` are those for which nobody would
    have to leave. If it is not `idle`, `beside` says what a job of each shape would find there.
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
    beside: Mapping[tuple[str, int], Beside] = field(default_factory=dict)
    fitting: frozenset[str] = frozenset()

    def open_to(self, entry: Entry) -> bool:
        """Whether it could be handed a job now."""
        if not self.free or self.idle:
            return self.free
        if entry.alone or entry.model not in self.models:
            return False
        return self._beside(entry).open_to(entry)

    def start_s(self, entry: Entry) -> float:
        """Time until it would draw a job that came first; infinite while its model failed."""
        if entry.model in self.failed:
            return math.inf
        load_s = 0.0 if entry.model in self.models else self.load_s[entry.model]
        return load_s if self.open_to(entry) else self.busy_s + load_s

    def end_s(self, entry: Entry) -> float:
        """Time until it would have drawn a job that came first."""
        return self.start_s(entry) + self.drawing_s(entry)

    def drawing_s(self, entry: Entry) -> float:
        """How long that takes; 0 where nothing is known about it."""
        return self.draw_s.get(entry.model, 0.0) * entry.work

    def cost(self, entry: Entry) -> tuple[float, bool, float, bool, int, int]:
        """What speaks against it for a job: a late start, that it is busy, slow drawing (in company
        it takes up to twice as long), that others are paused for it or beside it, how many are, and
        how many models it has to lose."""
        others = 0 if self.idle else self._beside(entry).others
        draw_s = self.draw_s.get(entry.model, 0.0) * (2 if others else 1)
        busy, lost = not self.open_to(entry), 0 if entry.model in self.fitting else len(self.models)
        return self.start_s(entry), busy, draw_s, not self.idle, others, lost

    def would_take(self, model: str, others: Collection[str]) -> bool:
        """Whether a job of a model may be its next although others wait, too."""
        if model in self.failed:
            return False
        return (
            model in self.models | self.fitting
            or self.models.isdisjoint(others)
            or self.kept_s >= self.load_s[model]
        )

    def _beside(self, entry: Entry) -> Beside:
        return self.beside.get(entry.shape, Beside())


@dataclass(frozen=True)
class Choice:
    """A job starts on a worker, which needs `load_s` before it draws."""

    job: str
    worker: str
    load_s: float


def route(waiting: Sequence[Entry], workers: Iterable[Standing]) -> Choice | None:
    """What starts now; None while nothing does. `waiting` is in fair order and holds of each model
    the first job."""
    workers, held = list(workers), dict[str, float]()
    for number, entry in enumerate(waiting):
        behind = {other.model for other in waiting[number + 1 :]}
        able = [one for one in workers if one.would_take(entry.model, behind)]
        ready = [one for one in able if one.open_to(entry) and one.id not in held]
        first = min(ready, key=lambda worker: worker.cost(entry), default=None)
        better = _better(entry, first, able, held)
        if better is not None:
            held[better.id] = held.get(better.id, 0.0) + better.drawing_s(entry)
        elif first is not None:
            return Choice(entry.job, first.id, first.start_s(entry))
    return None


def _better(
    entry: Entry, first: Standing | None, workers: Sequence[Standing], held: Mapping[str, float]
) -> Standing | None:
    """For whom a job waits rather than be drawn by `first`, which could begin now, if anybody can.
    Those who are held have others to draw before it."""
    busy = [one for one in workers if one.id in held or not one.open_to(entry)]
    best = min(busy, key=lambda one: one.end_s(entry) + held.get(one.id, 0.0), default=None)
    if best is None or first is None:
        return best
    gained = first.end_s(entry) - best.end_s(entry) - held.get(best.id, 0.0)
    lost = entry.behind * _share(entry, best, workers) * best.drawing_s(entry)
    return best if gained > lost else None


def _share(entry: Entry, one: Standing, workers: Sequence[Standing]) -> float:
    """How much of what all draw of a model that have it is drawn by one of them."""
    able = (other for other in workers if entry.model in other.models)
    seconds = {other.id: other.drawing_s(entry) for other in able}
    rates = {id: 1 / each for id, each in seconds.items() if each > 0}
    return rates[one.id] / sum(rates.values()) if one.id in rates else 1.0
