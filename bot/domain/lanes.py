"""Who is next of those in more and those in less of a hurry: a fair queue for each speed, and turns
between these. Pure, as `JobQueue` is.

Turbo is before fast, and fast before relaxed, within two bounds:

- While both wait, somebody in turbo gets no more than `TURBO` times the work of somebody in fast.
  What is taken in turbo is owed, and while anything is owed fast goes first, where each work pays
  for as much as that. With somebody new in turbo nothing is owed any more, so everybody's first is
  before all others.
- A relaxed job is next once `RELAX` times its own work was taken while it, or those before it, were
  first of the relaxed; so many of them take no more than their share from all others together.

In each lane people and servers share as in any fair queue. What somebody has drawn at once counts
in all lanes together; of turbo more is allowed. A relaxed job never has the right of a newcomer, to
have others paused. Every operation takes O(log n), but for `order` and `places`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.domain.lines import Entry, Path, placed, played
from bot.domain.queue import JobQueue
from bot.domain.speed import Speed

TURBO = 2.0
"""Times as much work of somebody in turbo as of somebody in fast."""
RELAX = 8.0
"""Times its own work that a relaxed job lets by."""

STEPS = 16
"""In which it is reckoned how two lanes take turns."""

_OTHER = {Speed.TURBO: Speed.FAST, Speed.FAST: Speed.TURBO}


class Lanes:
    """A fair queue for each speed, used as one."""

    def __init__(self) -> None:
        self._queues = {speed: JobQueue() for speed in Speed}
        self._work = dict.fromkeys(Speed, 0.0)
        self._owed = self._passed = 0.0

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def __contains__(self, job: object) -> bool:
        return any(job in queue for queue in self._queues.values())

    @property
    def running(self) -> int:
        """Number of jobs taken and not yet done."""
        return sum(queue.running for queue in self._queues.values())

    def lengths(self) -> dict[Speed, int]:
        """How many wait in each lane."""
        return {speed: len(queue) for speed, queue in self._queues.items()}

    @property
    def remembered(self) -> int:
        """Persons and servers of whom something is known, present or not, in each lane."""
        return sum(queue.remembered for queue in self._queues.values())

    def add(self, entry: Entry, *, front: bool = False) -> None:
        """As `JobQueue.add`. Raises ValueError when the job is waiting or running already."""
        queue = self._queues[entry.speed]
        if entry.speed is Speed.TURBO and not queue.persons.here(entry.path[1]):
            self._owed = min(self._owed, 0.0)
        queue.add(entry, front=front)
        self._weigh(entry, 1)
        if entry.speed is Speed.RELAX and front:
            self._passed = max(self._passed, RELAX * entry.work)
        self._share_limit(entry.path)

    def heads(self) -> list[Entry]:
        """Of each model the first job whose person may run one more, in fair order."""
        found: dict[str, Entry] = {}
        for entry in self._ranked():
            found.setdefault(entry.model, entry)
        return [self._with_behind(self._told(entry)) for entry in found.values()]

    def next(self) -> Entry | None:
        """Take the first of `heads`; None when there is none."""
        first = next(self._ranked(), None)
        return first and self.take(first.job)

    def take(self, job: str) -> Entry:
        """Take a job that waits. Raises KeyError for another."""
        worth = self._worth()
        told = self._told(self._queue_of(job).take(job))
        self._weigh(told, -1)
        self._count(told, worth)
        self._share_limit(told.path)
        return told

    def done(self, job: str) -> None:
        """A taken job ended or goes back: its person's slot is free. Unknown ones are ignored."""
        for queue in self._queues.values():
            if (entry := queue.done(job)) is not None:
                self._share_limit(entry.path)

    def remove(self, job: str) -> bool:
        """Take a waiting job out; False when it is not waiting."""
        for queue in self._queues.values():
            if (entry := queue.remove(job)) is not None:
                self._weigh(entry, -1)
                return True
        return False

    def order(self) -> Iterator[Entry]:
        """Waiting entries in the order in which one worker would take them now."""
        return played(self._twin())

    def places(self) -> Iterator[tuple[str, int, float]]:
        """For each waiting job its place (from 1) and the work that waits ahead of it."""
        return placed(self.order())

    def place(self, job: str) -> tuple[int, float] | None:
        """What `places` says of one job, at once; None when it is not waiting.

        As good as `JobQueue.place` for its lane; jobs of other lanes count as much as their mean,
        and people of a lane have as many each.
        """
        for speed, queue in self._queues.items():
            if (place := queue.place(job)) is not None:
                others = list(self._before(speed, place[1]))
                count, work = (sum(each) for each in zip(place, *others, strict=True))
                return int(count), work
        return None

    def jobs(self) -> list[str]:
        """Everything that waits, in no order."""
        return [job for queue in self._queues.values() for job in queue.jobs()]

    # Inside

    def _ranked(self) -> Iterator[Entry]:
        """The heads of all lanes in fair order; a relaxed one that is due comes twice."""
        relaxed = self._queues[Speed.RELAX].heads()
        if relaxed and self._passed >= RELAX * relaxed[0].work:
            yield relaxed[0]
        first = Speed.FAST if self._owed > 0 else Speed.TURBO
        yield from self._queues[first].heads()
        yield from self._queues[_OTHER[first]].heads()
        yield from relaxed

    def _told(self, entry: Entry) -> Entry:
        """With what its person attained in all lanes in which jobs are as urgent."""
        if entry.speed is Speed.RELAX:
            return replace(entry, attained=max(entry.attained, entry.work))
        also = self._queues[_OTHER[entry.speed]].persons.attained(entry.path[1])
        return replace(entry, attained=entry.attained + also)

    def _with_behind(self, entry: Entry) -> Entry:
        waiting = sum(queue.count(entry.model) for queue in self._queues.values())
        return replace(entry, behind=waiting - 1)

    def _queue_of(self, job: str) -> JobQueue:
        found = next((queue for queue in self._queues.values() if job in queue), None)
        if found is None:
            raise KeyError(job)
        return found

    def _worth(self) -> float:
        """How much owed work of turbo each work of fast pays for."""
        turbo, fast = (self._queues[speed].persons.waiting for speed in (Speed.TURBO, Speed.FAST))
        return TURBO * turbo / max(1, fast)

    def _count(self, taken: Entry, worth: float) -> None:
        """Whose turn it is once this was taken. Where only one lane could have a turn, for limits
        or models, no more than one job's worth is owed, or paid ahead."""
        if taken.speed is Speed.RELAX:
            self._passed = 0.0
            return
        self._passed = self._passed + taken.work if self._queues[Speed.RELAX] else 0.0
        if not self._queues[_OTHER[taken.speed]]:
            self._owed = 0.0
        elif taken.speed is Speed.TURBO:
            self._owed = max(self._owed, min(self._owed, 0.0) + taken.work)
        else:
            self._owed = min(self._owed, max(self._owed, 0.0) - taken.work * worth)

    def _share_limit(self, path: Path) -> None:
        """A person's jobs of all lanes count against one limit."""
        running = {speed: queue.running_of(path) for speed, queue in self._queues.items()}
        for speed, queue in self._queues.items():
            queue.beside(path, sum(running.values()) - running[speed])

    def _weigh(self, entry: Entry, sign: int) -> None:
        """Know how much work waits in a lane; nothing is left of fractions."""
        weight = self._work[entry.speed] + sign * entry.work
        self._work[entry.speed] = weight if self._queues[entry.speed] else 0.0

    def _before(self, speed: Speed, work: float) -> Iterator[tuple[int, float]]:
        """How many jobs of each other lane, and what work, are taken before one that has this work
        before it in its own."""
        if speed is Speed.RELAX:
            passing = RELAX * (work + self._mean(speed)) - self._passed
            for hasty in _OTHER:
                yield (some := self._some(hasty, passing))
                passing -= some[1]
            return
        meanwhile = self._meanwhile(speed, work)
        if speed is Speed.TURBO:
            other = self._some(Speed.FAST, meanwhile)
        else:
            other = self._some(Speed.TURBO, meanwhile, lambda jobs: math.floor(jobs) + 1)
        yield other
        yield self._some(Speed.RELAX, (self._passed + work + other[1]) / RELAX, math.floor)

    def _meanwhile(self, speed: Speed, work: float) -> float:
        """The work of the other of turbo and fast that is taken before one that has this work
        before it in its own."""
        turbo, fast, whole = -self._owed, 0.0, self._work[Speed.FAST]
        for step in self._steps(work if speed is Speed.FAST else whole):
            people = self._left(Speed.TURBO, turbo), self._left(Speed.FAST, fast)
            paid = step * TURBO * people[0] / people[1]
            if speed is Speed.TURBO and turbo + paid >= work:
                return fast + step * max(0.0, work - turbo) / paid
            turbo, fast = turbo + paid, fast + step
        return turbo if speed is Speed.FAST else whole

    def _steps(self, work: float) -> Iterator[float]:
        """Some work of fast jobs, one by one, or, of many, in `STEPS`: people leave meanwhile, and
        with them what each job pays for."""
        step = max(self._mean(Speed.FAST), work / STEPS)
        while work > 0:
            yield min(step, work)
            work -= step

    def _left(self, speed: Speed, taken: float) -> float:
        """People of a lane who still wait once some of its work was taken; at least one."""
        jobs = len(self._queues[speed])
        left = jobs * (1 - max(0.0, taken) / self._work[speed]) if jobs else 0.0
        return max(1.0, min(self._queues[speed].persons.waiting, left))

    def _mean(self, speed: Speed) -> float:
        return self._work[speed] / max(1, len(self._queues[speed]))

    def _some(
        self, speed: Speed, work: float, rounded: Callable[[float], int] = math.ceil
    ) -> tuple[int, float]:
        """As many jobs of a lane as come to some work, and what they really come to."""
        mean = self._mean(speed)
        count = max(0, min(rounded(work / mean), len(self._queues[speed]))) if mean else 0
        return count, count * mean

    def _twin(self) -> Lanes:
        """The same waiting entries and turns, without limits, to be played through."""
        twin = Lanes()
        twin._queues = {speed: queue.twin() for speed, queue in self._queues.items()}
        twin._owed, twin._passed = self._owed, self._passed
        return twin
