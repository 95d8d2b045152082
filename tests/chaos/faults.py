"""The table of faults: what each does, how often it comes, and where it can.

A fault returns when it is at its end: what was broken is whole again, and from then on it is
measured how long the bot takes.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.chaos.stage import Stage

Act = Callable[[Stage, random.Random], Awaitable[None]]
EVERYWHERE = ("local", "ray")


@dataclass(frozen=True)
class Fault:
    """`silent` is one while which an interaction may go without an answer, for nobody hears it or
    the answer does not arrive."""

    name: str
    act: Act
    weight: int
    silent: bool
    where: Sequence[str]

    @property
    def beside(self) -> bool:
        """Whether it may come with another: no two of them start and end processes."""
        return not self.act.__module__.endswith(("processes", "machines"))


FAULTS: dict[str, Fault] = {}


def fault(
    weight: int = 2, *, silent: bool = False, where: Sequence[str] = EVERYWHERE
) -> Callable[[Act], Act]:
    """Enter a function into the table, under its name."""

    def enter(act: Act) -> Act:
        name = act.__name__.replace("_", " ")
        FAULTS[name] = Fault(name, act, weight, silent, where)
        return act

    return enter


def table(executor: str, words: str = "") -> dict[str, Fault]:
    """Faults of this executor, those whose names contain one of the comma-separated `words`.

    Raises ValueError where none does.
    """
    from tests.chaos import clocks, disks, gateways, machines, places, processes, requests

    assert all((clocks, disks, gateways, machines, places, processes, requests))
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    found = {
        name: each
        for name, each in FAULTS.items()
        if executor in each.where and (not wanted or any(word in name for word in wanted))
    }
    if not found:
        raise ValueError(f"no fault is called {words!r}; there are: {', '.join(FAULTS)}")
    return found
