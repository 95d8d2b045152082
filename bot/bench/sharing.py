"""What it brings everybody that people who wait share each step, on a worker as users have it."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.bench import studio
from bot.bench.figures import Figure, Section, below, times
from bot.bench.studio import Studio
from bot.domain.request import GenerationRequest
from bot.models.cards import EMBEDDED_CARD
from bot.service.choice import Choice

TITLE = "Shared steps"
HOW = (
    "Jobs of one picture by the embedded model, each of another person with a prompt of their own,"
    " all there from the beginning. They are handed to the worker process by"
    " `LocalExecutor.run_batch`, without queue and Discord: all of them as it has free slots (16),"
    " or the next only when the one before has ended. In turns, after a rehearsal; medians; what"
    " makes drawing faster is ready."
)
EQUAL, MIXED = 1.7, 1.2
SHORT_WAIT = 0.5
_REHEARSED = 16
SHORT_STEPS = 8
"""A job of so many steps at most is short."""

Waits = Sequence[float]
"""Seconds from the beginning of all until each job was drawn, in the order of the jobs."""


@dataclass(frozen=True)
class Run:
    """Equal jobs, and of others the sides and steps; how many turns of the
    former: the latter, which take long, have one."""

    equal: Sequence[Choice] = (Choice(1),) * 16
    sides: Sequence[int] = (EMBEDDED_CARD.native, EMBEDDED_CARD.native * 3 // 2)
    steps: Sequence[int] = (50, 4, 8, 6, 12, 4, 20, 5)
    repeats: int = 4
    turns: int = 5

    @property
    def mixed(self) -> Sequence[Choice]:
        """One after the other, every size with every number of steps."""
        sides = itertools.cycle(self.sides)
        each = [(next(sides), steps) for _ in range(self.repeats) for steps in self.steps]
        return [Choice(1, side, side, steps=steps) for side, steps in each]


QUICK = Run((Choice(1),) * 2, steps=(2, 1), repeats=1, turns=1)


@dataclass(frozen=True)
class Compared:
    """The same jobs in each turn, one at a time and with shared steps."""

    alone: Sequence[Waits]
    shared: Sequence[Waits]

    @property
    def gain(self) -> float:
        """How many times as much is drawn in a second."""
        return whole(self.alone) / whole(self.shared)


@dataclass(frozen=True)
class Seen:
    """`engine` is what drew in the end, `trouble` why that is not what it should be."""

    equal: Compared
    mixed: Compared
    engine: str
    trouble: str = ""


async def measure(quick: bool) -> Section:
    """Equal jobs, then mixed ones."""
    run = QUICK if quick else Run()
    seen = await play(run)
    drawn = f"Drawn by {seen.engine}." + (f" {seen.trouble}." if seen.trouble else "")
    return Section(TITLE, HOW, figures_of(run, seen), [drawn])


async def play(run: Run) -> Seen:
    """All on one worker."""
    async with Studio(studio.settings()) as ours:
        engine = (await ours.hastened(run.equal[0])).engine
        equal = await compared(ours, run.equal, run.turns)
        mixed = await compared(ours, run.mixed, 1)
        return Seen(equal, mixed, engine, ours.trouble)


async def compared(ours: Studio, choices: Sequence[Choice], turns: int) -> Compared:
    """In turns, after a rehearsal: how many pay in a step is learned from steps."""

    def jobs() -> Sequence[GenerationRequest]:
        return [ours.request(choice) for choice in choices]

    await together(ours, jobs()[:_REHEARSED])
    alone: list[Waits] = []
    shared: list[Waits] = []
    for _ in range(turns):
        alone.append(await one_by_one(ours, jobs()))
        shared.append(await together(ours, jobs()))
    return Compared(alone, shared)


async def one_by_one(ours: Studio, wanted: Sequence[GenerationRequest]) -> Waits:
    """The next when the one before has ended."""
    began = time.monotonic()
    waits: list[float] = []
    for request in wanted:
        await ours.drawn(request)
        waits.append(time.monotonic() - began)
    return waits


async def together(ours: Studio, wanted: Sequence[GenerationRequest]) -> Waits:
    """As the worker has slots."""
    began = time.monotonic()

    async def wait(request: GenerationRequest) -> float:
        await ours.drawn(request)
        return time.monotonic() - began

    return await asyncio.gather(*map(wait, wanted))


def figures_of(run: Run, seen: Seen) -> list[Figure]:
    """Rates, and how long short jobs wait."""
    equal = f"{len(run.equal)} jobs of one size"
    mixed = f"{len(run.mixed)} jobs of two sizes, {min(run.steps)} to {max(run.steps)} steps"
    return [
        times(f"{equal}, steps shared: as many a second as one at a time", seen.equal.gain, EQUAL),
        *_seconds(seen.equal),
        *mixed_figures(mixed, run.mixed, seen.mixed, MIXED),
    ]


def mixed_figures(
    what: str, choices: Sequence[Choice], seen: Compared, aim: float
) -> list[Figure]:  # fmt: skip
    """Of jobs of many lengths: how many a second, and how long the short ones wait."""
    short = [place for place, each in enumerate(choices) if (each.steps or 0) <= SHORT_STEPS]
    alone, shared = (_usual(waits, short) for waits in (seen.alone, seen.shared))
    return [
        times(f"{what}, steps shared: as many a second as one at a time", seen.gain, aim),
        *_seconds(seen),
        below(
            f"… those of {SHORT_STEPS} steps at most: p50 of the wait, as a share of one at a time",
            shared / alone,
            SHORT_WAIT,
        ),
        Figure("… p50 one at a time / shared", f"{alone:.3g} / {shared:.3g} s"),
    ]


def _seconds(seen: Compared) -> list[Figure]:
    told = f"{whole(seen.alone):.3g} / {whole(seen.shared):.3g} s"
    return [Figure("… until the last is drawn, one at a time / shared", told)]


def whole(turns: Sequence[Waits]) -> float:
    """Seconds until the last is drawn."""
    return statistics.median(max(waits) for waits in turns)


def _usual(turns: Sequence[Waits], places: Sequence[int]) -> float:
    """The median wait of the jobs at some places, of a usual turn."""
    return statistics.median(statistics.median(waits[place] for place in places) for waits in turns)
