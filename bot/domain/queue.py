"""Who is next: a fair queue as plain bookkeeping. No clock, no I/O, no await.

Fairness by virtual counters (VTC, arXiv 2401.00588) at two levels. Every server and every person
has a counter of served work, a person one for all servers. Of the servers, the one is next for
which the larger of its own counter and that of its next person is least, so neither a server of
many nor a person on many servers gets more than one share; within a server, the person with the
least. Between those served alike, the one whose turn was longest ago is next, so a newcomer waits
for nobody's second job. Within a person's line, first come, first served.

Who is held by a limit of their own keeps their counter, for they wait as others do; who only runs
does not wait. Whoever has a line is remembered; of those who left, `Counters` says who.

A job whose model cannot be drawn just now is passed over by those of other models and keeps its
place: the first job of every model is known. Taking, adding and removing take O(log n) for each
model that waits, each time and not only in the mean, apart from forgetting who left: at most
`KEPT` at once.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Hashable, Iterator
from dataclasses import replace

from bot.domain.counters import Counters
from bot.domain.lines import Entry, Line, Lines, Path, placed, played
from bot.domain.ranking import Rankings

__all__ = ["Entry", "JobQueue"]


class JobQueue:
    """Waiting entries and the running counts that decide between them; `persons` knows who waits
    and what they had."""

    def __init__(self, *, limited: bool = True) -> None:
        self._limited = limited
        self.persons = Counters()
        self._servers = Counters()
        self._lines: dict[Path, Line] = {}
        self._by_server: dict[Hashable, Lines] = {}
        self._by_person: dict[Hashable, dict[Path, Line]] = {}
        self._where: dict[str, Entry] = {}
        self._count: Counter[str] = Counter()
        self._running: dict[str, Entry] = {}
        self._ready: Rankings[Hashable] = Rankings()
        self._numbers, self._turns = itertools.count(), 0

    def __len__(self) -> int:
        return len(self._where)

    def __contains__(self, job: object) -> bool:
        return job in self._where

    @property
    def running(self) -> int:
        """Number of jobs taken and not yet done."""
        return len(self._running)

    @property
    def remembered(self) -> int:
        """Persons and servers of whom something is known, present or not."""
        return len(self.persons) + len(self._servers)

    def add(self, entry: Entry, *, front: bool = False) -> None:
        """Append to the person's line, or put back in front of it after a lost worker, which gives
        the person and the server back what `next` counted, whatever the floor.

        Raises ValueError when the job is waiting or running already.
        """
        if entry.job in self._where or entry.job in self._running:
            raise ValueError(f"job {entry.job} is in the queue already")
        line, lines = self._line(entry.path), self._by_server[entry.path[0]]
        line.add(entry, front=front)
        self._where[entry.job], self._count[entry.model] = entry, self._count[entry.model] + 1
        lines.work += entry.work
        if not front and len(line.entries) > 1:
            lines.put(line, line.key_of_last())
            self._offer(line)
            return
        work = -entry.work if front else 0.0
        for counters, name in self._levels(entry.path):
            (counters.wait if len(line.entries) == 1 else counters.charge)(name, work)
        self._settle(entry.path[1])

    def heads(self) -> list[Entry]:
        """Of each model the first job whose person may run one more, in fair order."""
        found = []
        for model in self._ready:
            rank, server = self._ready.first(model)
            _, line = self._by_server[server].ready.first(model)
            entry = line.firsts[model]
            found.append((rank, line.entries.index(entry), self._told(entry)))
        return [entry for _, _, entry in sorted(found, key=lambda head: head[:2])]

    def next(self) -> Entry | None:
        """Take the first of `heads`; None when there is none."""
        heads = self.heads()
        return self.take(heads[0].job) if heads else None

    def take(self, job: str) -> Entry:
        """Take a job that waits. Raises KeyError for another."""
        entry = self._running[job] = self._where.pop(job)
        self._count -= Counter({entry.model: 1})
        told, line = self._told(entry), self._lines[entry.path]
        first = line.entries[0] is entry
        line.remove(entry)
        line.active += 1
        self._turns += 1
        for counters, name in self._levels(entry.path):
            counters.charge(name, entry.work, self._turns, rests=not line.entries)
        self._by_server[entry.path[0]].work -= entry.work
        if first:
            self._step(line)
        else:
            self._settle(entry.path[1])
        return told

    def done(self, job: str) -> Entry | None:
        """A taken job ended or goes back: its person's slot is free. Returns it, None when it was
        not taken."""
        entry = self._running.pop(job, None)
        if entry is not None:
            line = self._lines[entry.path]
            line.active -= 1
            self._offer(line)
            self._forget(line)
        return entry

    def beside(self, path: Path, running: int) -> None:
        """So many jobs of a person's that another queue gave away count against the limit, too."""
        line = self._lines.get(path)
        if line is not None and line.beside != running:
            line.beside = running
            self._offer(line)

    def remove(self, job: str) -> Entry | None:
        """Take a waiting job out; None when it is not waiting."""
        entry = self._where.pop(job, None)
        if entry is None:
            return None
        self._count -= Counter({entry.model: 1})
        line = self._lines[entry.path]
        line.remove(entry)
        self._by_server[entry.path[0]].work -= entry.work
        self._rest(line)
        self._settle(entry.path[1])
        self._forget(line)
        return entry

    def order(self) -> Iterator[Entry]:
        """Waiting entries in the order in which one worker would take them now."""
        return played(self.twin())

    def places(self) -> Iterator[tuple[str, int, float]]:
        """For each waiting job its place (from 1) and the work that waits ahead of it."""
        return placed(self.order())

    def place(self, job: str) -> tuple[int, float] | None:
        """What `places` says of one job, at once; None when it is not waiting.

        With one server the place of a person's first job is exact; else, and for the work ahead
        of it, entries count as much as the mean entry of their server.
        """
        entry = self._where.get(job)
        if entry is None:
            return None
        line = self._lines[entry.path]
        lines = self._by_server[entry.path[0]]
        key = line.keys[line.entries.index(entry)]
        before = lines.rank(key)
        work = before * lines.mean
        begins = self._servers[entry.path[0]] + work, self._servers.turn(entry.path[0])
        for server, others in self._by_server.items():
            if others is not lines and others.keys:
                mean = others.mean
                ahead = min(self._servers.ahead(server, mean, begins), len(others))
                before += ahead
                work += ahead * mean
        return before + 1, work

    def count(self, model: str) -> int:
        """How many jobs of a model wait."""
        return self._count[model]

    def jobs(self) -> list[str]:
        """Everything that waits, in no order."""
        return list(self._where)

    def waiting_of(self, path: Path) -> int:
        """How many jobs a person has waiting on a server."""
        line = self._lines.get(path)
        return len(line.entries) if line else 0

    def running_of(self, path: Path) -> int:
        """How many jobs of a person's on a server are taken and not yet done."""
        line = self._lines.get(path)
        return line.active if line else 0

    def twin(self) -> JobQueue:
        """The same waiting entries and counters, without limits, to be played through."""
        twin = JobQueue(limited=False)
        twin.persons, twin._servers = self.persons.copy(), self._servers.copy()
        twin._turns = self._turns
        twin._where, twin._count = dict(self._where), self._count.copy()
        for line in self._lines.values():
            if line.entries:
                twin._copy(line)
        for server, lines in twin._by_server.items():
            twin._offer_server(server, lines)
        return twin

    # Inside

    def _told(self, entry: Entry) -> Entry:
        return replace(entry, attained=self.persons.attained(entry.path[1]))

    def _line(self, path: Path) -> Line:
        line = self._lines.get(path)
        if line is None:
            line = self._lines[path] = Line(path, next(self._numbers))
            self._by_person.setdefault(path[1], {})[path] = line
            self._by_server.setdefault(path[0], Lines()).count += 1
        return line

    def _levels(self, path: Path) -> tuple[tuple[Counters, Hashable], ...]:
        return (self._servers, path[0]), (self.persons, path[1])

    def _rest(self, line: Line) -> None:
        """Something was taken out of a line: it may have been all."""
        if not line.entries:
            for counters, name in self._levels(line.path):
                counters.rest(name)

    def _step(self, line: Line) -> None:
        """The first of a line was taken."""
        server, person = line.path
        lines = self._by_server[server]
        if len(self._by_person[person]) > 1 or not line.keys:
            self._settle(person)
            return
        lines.drop(line)
        if line.entries:
            lines.drop(line)
            served, turn = self.persons[person], self.persons.turn(person)
            lines.put(line, (served, False, 0.0, turn, line.number), first=True)
        self._offer(line)

    def _settle(self, person: Hashable) -> None:
        """Something happened to a person's counter or lines: keys and ranks follow."""
        served, turn = self.persons[person], self.persons.turn(person)
        for line in self._by_person[person].values():
            if self._limited:
                self._by_server[line.path[0]].rekey(line, line.keyed(served, turn))
            self._offer(line)

    def _offer(self, line: Line) -> None:
        server = line.path[0]
        lines = self._by_server[server]
        lines.offer(line, self._rank(line), self._limited)
        self._offer_server(server, lines)

    def _offer_server(self, server: Hashable, lines: Lines) -> None:
        served, turn = self._servers[server], self._servers.turn(server)
        for model in {*self._ready, *lines.ready}:
            rank = None
            if model in lines.ready:
                first, _ = lines.ready.first(model)
                rank = max(served, first[0]), turn, *first
            self._ready.put(model, server, rank)

    def _rank(self, line: Line) -> tuple[float, int, int]:
        person = line.path[1]
        return self.persons[person], self.persons.turn(person), line.number

    def _forget(self, line: Line) -> None:
        if line.entries or line.active:
            return
        server, person = line.path
        del self._lines[line.path], self._by_person[person][line.path]
        self._by_server[server].count -= 1
        if not self._by_person[person]:
            del self._by_person[person]
            self.persons.leave(person)
        if not self._by_server[server].count:
            del self._by_server[server]
            self._servers.leave(server)
        if not self._lines:
            self.persons, self._servers = Counters(), Counters()

    def _copy(self, line: Line) -> None:
        server, person = line.path
        copy = Line(line.path, line.number, deque(line.entries), firsts=dict(line.firsts))
        self._lines[line.path] = copy
        self._by_person.setdefault(person, {})[line.path] = copy
        lines = self._by_server.setdefault(server, Lines())
        lines.count += 1
        for model in copy.firsts:
            lines.ready.put(model, copy, self._rank(copy))
