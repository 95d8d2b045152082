"""Whose steps a worker makes next, and together. Pure: no clock, no engine.

An ideal machine would draw for everybody at once, with the same share for each person (GPS). Steps
are made here in the order in which that machine would be done with the attempts (PGPS: Parekh and
Gallager, A generalized processor sharing approach to flow control, 1993), so nobody is later than
there by more than a step. Its time is virtual: it has passed by 1 when everybody who waits has had
a work of 1, and a step's work is pictures × pixels × guidance. So an attempt of a few steps
overtakes one of many, which is not put off for ever, and the attempts of one person follow each
other.

Who has had much goes behind those who come with nothing (least attained service first): an attempt
begins in the ideal machine only when as much virtual time has passed as its person had work before.
So newcomers borrow time from it (Duda and Cheriton, Borrowed-virtual-time scheduling, 1999). `LEAD`
bounds the loan: who comes after that time is drawn after it, so no crowd puts it off for ever.

Who has the turn takes others of the same company along as far as that is worth it: those that the
ideal machine draws meanwhile, up to the knee; others only where they cost next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

Key = Hashable

LEAD = 12.0
"""An attempt is put off for what its person had before, up to so many times its own work."""


@dataclass(eq=False)
class _Member:
    """An attempt that needs `cost` for each step. In the ideal machine it is drawn from `begins`
    to `ends`, in virtual time, as others may be."""

    company: Hashable | None
    person: Hashable
    cost: float
    begins: float
    ends: float


@dataclass
class _Span:
    """From when to when a person is drawn for in the ideal machine."""

    begins: float
    ends: float


@dataclass(frozen=True)
class Limits:
    """How large a step may be, as sums of costs: it pays up to `most`, and up to `free` it takes
    hardly longer than for the one whose turn it is."""

    most: float
    free: float = 0.0


class Turns:
    """Everybody under way on one worker."""

    def __init__(self) -> None:
        self._members: dict[Key, _Member] = {}
        self._spans: dict[Hashable, _Span] = {}
        self._now = 0.0

    def __len__(self) -> int:
        return len(self._members)

    def join(
        self, key: Key, company: Hashable | None, cost: float, steps: int, person: Hashable = None,
        before: float = 0.0,
    ) -> None:  # fmt: skip
        """An attempt has `steps` steps before it; without a person it is by itself, without a
        company it shares its steps with nobody. Its person had `before` times its work already."""
        person = key if person is None else person
        begins = self._now + min(before, LEAD) * cost * steps
        span = self._spans.setdefault(person, _Span(begins, begins))
        begins = max(begins, span.ends)
        ends = span.ends = begins + cost * steps
        self._members[key] = _Member(company, person, cost, begins, ends)

    def leave(self, key: Key, left: int = 0) -> None:
        """An attempt is over, or not wanted any more with so many steps left."""
        member = self._members.pop(key)
        if member.person in self._spans:
            self._spans[member.person].ends -= member.cost * left
        if not self._members:
            self._spans, self._now = {}, 0.0

    def next(self, limits: Callable[[Key], Limits]) -> list[Key]:
        """Who makes the next step together, first the one whose turn it is; empty without anybody.
        `limits` tells how large a step with a key's company may be."""
        # Of equals who came first: sorting is stable.
        first, *others = sorted(self._members, key=lambda key: self._members[key].ends) or [None]
        if first is None:
            return []
        leader, known, keys = self._members[first], limits(first), [first]
        total = leader.cost
        for key in others:
            mate = self._members[key]
            most = known.most if mate.begins < leader.ends else known.free
            alike = leader.company is not None and mate.company == leader.company
            if alike and total + mate.cost <= most:
                total += mate.cost
                keys.append(key)
        return keys

    def stepped(self, key: Key) -> None:
        """An attempt has made a step: time passes by the work of it, shared by all who have
        some left in the ideal machine."""
        work = self._members[key].cost
        while work > 0 and (sharing := self._sharing()):
            until = min(self._now + work / sharing, *self._changes())
            if until == self._now:  # too little to be told
                break
            work -= (until - self._now) * sharing
            self._now = until
        self._spans = {who: span for who, span in self._spans.items() if span.ends > self._now}

    def _sharing(self) -> int:
        """How many persons the ideal machine draws for. Those who are put off have no share, for
        else time would slow down as newcomers come, unless there are no others."""
        waiting = [span for span in self._spans.values() if span.ends > self._now]
        return sum(span.begins <= self._now for span in waiting) or len(waiting)

    def _changes(self) -> Iterator[float]:
        """When that will be another number."""
        for span in self._spans.values():
            yield from (time for time in (span.begins, span.ends) if time > self._now)
