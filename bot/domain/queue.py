"""Who is next: a fair queue as plain bookkeeping. No clock, no I/O, no await.

Fairness by virtual counters (VTC, arXiv 2401.00588): every user has a counter of served work, the
user with the least is served next, and one who comes back from idleness starts level with the
least-served user present, so that nobody saves up claims. Between users served alike, the one whose
turn was longest ago is next, so a newcomer waits for nobody's second job. Within a user, first
come, first served.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A waiting job. `work` is its size in any one unit; `alone` keeps it out of shared batches;
    `limit` is how many jobs of this user may run at once."""

    job: str
    user: object
    work: float
    limit: int = 3
    alone: bool = False


class JobQueue:
    """Waiting entries and the running counts that decide between them."""

    def __init__(self) -> None:
        self._lines: dict[object, deque[Entry]] = {}
        self._where: dict[str, Entry] = {}
        self._running: dict[str, Entry] = {}
        self._active: dict[object, int] = {}
        self._served: dict[object, float] = {}
        self._turn: dict[object, int] = {}
        self._turns = 0

    def __len__(self) -> int:
        return len(self._where)

    def __contains__(self, job: object) -> bool:
        return job in self._where

    @property
    def running(self) -> int:
        """Number of jobs taken and not yet done."""
        return len(self._running)

    def add(self, entry: Entry, *, front: bool = False) -> None:
        """Append to the user's line, or put back in front of it after a lost worker, which gives
        the user back what `next` counted for it.

        Raises ValueError when the job is waiting or running already.
        """
        if entry.job in self._where or entry.job in self._running:
            raise ValueError(f"job {entry.job} is in the queue already")
        served = self._served.get(entry.user, 0.0) - (entry.work if front else 0.0)
        if not self._present(entry.user):
            served = max(served, min(map(self._served.__getitem__, self._users()), default=0.0))
        self._served[entry.user] = served
        line = self._lines.setdefault(entry.user, deque())
        (line.appendleft if front else line.append)(entry)
        self._where[entry.job] = entry

    def next(self) -> Entry | None:
        """Take the next job whose user may run one more; None when there is none."""
        best = min(
            (user for user in self._lines if self._may_run(user)),
            key=lambda user: (self._served[user], self._turn.get(user, 0)),
            default=None,
        )
        if best is None:
            return None
        entry = self._lines[best].popleft()
        self._forget_line(best)
        del self._where[entry.job]
        self._running[entry.job] = entry
        self._active[best] = self._active.get(best, 0) + 1
        self._served[best] += entry.work
        self._turns += 1
        self._turn[best] = self._turns
        return entry

    def done(self, job: str) -> None:
        """A taken job ended or goes back: its user's slot is free. Unknown jobs are ignored."""
        entry = self._running.pop(job, None)
        if entry is None:
            return
        self._active[entry.user] -= 1
        if not self._active[entry.user]:
            del self._active[entry.user]
        self._forget_counters()

    def remove(self, job: str) -> bool:
        """Take a waiting job out; False when it is not waiting."""
        entry = self._where.pop(job, None)
        if entry is None:
            return False
        self._lines[entry.user].remove(entry)
        self._forget_line(entry.user)
        self._forget_counters()
        return True

    def order(self) -> Iterator[Entry]:
        """Waiting entries in the order in which one worker would take them now."""
        lines = [deque(line) for line in self._lines.values()]
        heap = [
            (self._served[user], self._turn.get(user, 0), rank)
            for rank, user in enumerate(self._lines)
        ]
        heapq.heapify(heap)
        turns = self._turns
        while heap:
            served, _, rank = heapq.heappop(heap)
            entry = lines[rank].popleft()
            yield entry
            turns += 1
            if lines[rank]:
                heapq.heappush(heap, (served + entry.work, turns, rank))

    def ahead(self) -> dict[str, tuple[int, float]]:
        """For each waiting job its place (from 1) and the work that comes before it: waiting
        entries ahead of it and everything running."""
        work = sum(entry.work for entry in self._running.values())
        places: dict[str, tuple[int, float]] = {}
        for place, entry in enumerate(self.order(), start=1):
            places[entry.job] = (place, work)
            work += entry.work
        return places

    def place(self, job: str) -> tuple[int, float] | None:
        """What `ahead` says of one job, without ordering the whole queue where its user has no
        other waiting; None when it is not waiting."""
        entry = self._where.get(job)
        if entry is None:
            return None
        if len(self._lines[entry.user]) > 1:
            return self.ahead()[job]
        before = list(self._before(entry.user))
        running = sum(each.work for each in self._running.values())
        return len(before) + 1, running + sum(each.work for each in before)

    def _before(self, user: object) -> Iterator[Entry]:
        """Waiting entries of others that `order` has before the first one of `user`."""
        own, own_turn = self._served[user], self._turn.get(user, 0)
        earlier = True  # in the order of lines, which settles what counters and turns do not
        for other, line in self._lines.items():
            if other == user:
                earlier = False
                continue
            served, turn = self._served[other], self._turn.get(other, 0)
            first = served < own or (
                served == own and (turn < own_turn or (turn == own_turn and earlier))
            )
            for entry in line:
                # Later entries of a line come after a turn newer than any that was taken.
                if not first and served >= own:
                    break
                yield entry
                served, first = served + entry.work, False

    def waiting_of(self, user: object) -> int:
        return len(self._lines.get(user, ()))

    def _may_run(self, user: object) -> bool:
        return self._active.get(user, 0) < self._lines[user][0].limit

    def _present(self, user: object) -> bool:
        return user in self._lines or user in self._active

    def _users(self) -> set[object]:
        return self._lines.keys() | self._active.keys()

    def _forget_line(self, user: object) -> None:
        if not self._lines[user]:
            del self._lines[user]

    def _forget_counters(self) -> None:
        # Who left keeps the counter only while somebody is present to be compared with.
        if not self._lines and not self._active:
            self._served.clear()
            self._turn.clear()
