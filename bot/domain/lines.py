"""The parts of a queue: a person's line on a server, and a server's lines in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain.job import Job
from bot.domain.ordered import Ordered
from bot.domain.ranking import Rank, Rankings
from bot.domain.speed import Speed

Path = tuple[Hashable, Hashable]
"""(server, person)."""

Key = tuple[float, bool, float, int, int]
"""Where an entry stands on its server: the work its person has had when it begins, whether another
of theirs comes before it, when that one begins, the person's last turn (of a first entry), the
line's number. Taking the first of a line leaves the keys behind the second as they are."""


@dataclass(frozen=True)
class Entry:
    """A waiting job. `path` is (server, person); `work` is its size in any one unit; `limit` is how
    many jobs of this person may run at once on this server. It has `pictures` of `pixels` each. One
    that is to be drawn `alone` may have been why a worker died. It was asked for at `since`, in
    UTC seconds since the epoch. When it is given away, it is said what its person has `attained`,
    work of other jobs since they last had nothing in the queue, and how many more jobs of its model
    wait `behind` it."""

    job: str
    path: Path
    work: float
    limit: int = 3
    model: str = ""
    pictures: int = 1
    pixels: int = 0
    alone: bool = False
    speed: Speed = Speed.FAST
    since: float = field(default=0.0, compare=False)
    attained: float = field(default=0.0, compare=False)
    behind: int = field(default=0, compare=False)

    @classmethod
    def of(cls, job: Job, suspect: bool = False) -> Entry:
        """What the queue is to know of a job. One that is `suspect` was being drawn, with others,
        when a worker died."""
        request, speed = job.request, Speed.of(job.request.extra)
        return cls(
            job.id, (job.origin.guild, job.user), request.work, job.running_limit * speed.at_once,
            request.model, request.count, request.size.pixels,
            alone=suspect or job.strikes > 0, speed=speed, since=job.created_at,
        )  # fmt: skip

    @property
    def shape(self) -> tuple[str, int]:
        """Jobs of one shape may share their steps."""
        return self.model, self.pixels

    @property
    def before(self) -> float:
        """What its person has attained, as a multiple of its own work."""
        return self.attained / self.work if self.work > 0 else 0.0


@dataclass(eq=False)
class Line:
    """What one person waits for on one server. `number` grows with every line that is begun;
    `firsts` is the first entry of each model; `active` of them are drawn, and `beside` more of the
    person's that another queue gave away."""

    path: Path
    number: int
    entries: deque[Entry] = field(default_factory=deque)
    keys: deque[Key] = field(default_factory=deque)
    active: int = 0
    beside: int = 0
    firsts: dict[str, Entry] = field(default_factory=dict)

    def add(self, entry: Entry, *, front: bool = False) -> None:
        """Append an entry, or put it before the others."""
        if front:
            self.entries.appendleft(entry)
            self.firsts[entry.model] = entry
        else:
            self.entries.append(entry)
            self.firsts.setdefault(entry.model, entry)

    def remove(self, entry: Entry) -> None:
        """Take an entry out, wherever it stands."""
        self.entries.remove(entry)
        if self.firsts[entry.model] is entry:
            del self.firsts[entry.model]
            alike = (other for other in self.entries if other.model == entry.model)
            if following := next(alike, None):
                self.firsts[entry.model] = following

    def may_run(self, model: str, limited: bool) -> bool:
        """Whether its first entry of a model may be taken; `limited` says whether limits count."""
        first = self.firsts.get(model)
        return first is not None and (not limited or self.active + self.beside < first.limit)

    def keyed(self, served: float, turn: int) -> list[Key]:
        """The keys of its entries for what its person has had so far."""
        keys = [(served, False, 0.0, turn, self.number)] if self.entries else []
        for entry in self.entries:
            keys.append(self._after(keys[-1], entry))
        return keys[:-1]

    def _after(self, key: Key, entry: Entry) -> Key:
        return key[0] + entry.work, True, key[0], 0, self.number

    def key_of_last(self) -> Key:
        """The key of an entry that was just appended behind others."""
        return self._after(self.keys[-1], self.entries[-2])


class Lines:
    """A server's lines. `keys` are those of all its waiting entries, in order; `ready` are the
    lines of which something may be taken, for each model whose turn it is first."""

    def __init__(self) -> None:
        self.count = 0
        self.work = 0.0
        self.keys: Ordered[Key] = Ordered()
        self.ready: Rankings[Line] = Rankings()

    def __len__(self) -> int:
        """Entries that wait."""
        return len(self.keys)

    @property
    def mean(self) -> float:
        """Work of an entry."""
        count = len(self.keys)
        return self.work / count if count else 0.0

    def rank(self, key: Key) -> int:
        """How many entries come before this one."""
        return self.keys.rank(key)

    def rekey(self, line: Line, keys: list[Key]) -> None:
        """Give a line's entries other keys."""
        while line.keys:
            self.drop(line)
        for key in keys:
            self.put(line, key)

    def put(self, line: Line, key: Key, *, first: bool = False) -> None:
        """Insert a key behind a line's others, or before them."""
        self.keys.add(key)
        (line.keys.appendleft if first else line.keys.append)(key)

    def drop(self, line: Line) -> None:
        """Take a line's first key out."""
        self.keys.remove(line.keys.popleft())

    def offer(self, line: Line, rank: Rank, limited: bool) -> None:
        """Know a line under a rank for each model of which something may be taken."""
        for model in {*self.ready, *line.firsts}:
            self.ready.put(model, line, rank if line.may_run(model, limited) else None)


class Playable(Protocol):
    """A queue that can be played through."""

    def next(self) -> Entry | None:
        """Take the first."""
        ...

    def done(self, job: str, /) -> object:
        """A taken job ended."""
        ...


def placed(order: Iterable[Entry]) -> Iterator[tuple[str, int, float]]:
    """Of jobs in their order, each with its place (from 1) and the work ahead of it."""
    work = 0.0
    for place, entry in enumerate(order, start=1):
        yield entry.job, place, work
        work += entry.work


def played(twin: Playable) -> Iterator[Entry]:
    """The order in which one worker takes what waits in a queue, which is empty then."""
    while (entry := twin.next()) is not None:
        twin.done(entry.job)
        yield entry
