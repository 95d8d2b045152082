"""What a grid by the embedded model takes users, beside plain diffusers: each in a process of its
own, as `easel run` and as a script would start it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.bench import studio
from bot.bench.child import Child
from bot.bench.figures import Figure, Section, times
from bot.bench.neighbour import neighbour
from bot.bench.studio import Studio
from bot.models.cards import EMBEDDED_CARD
from bot.service.choice import Choice

TITLE = "What users get"
HOW = (
    f"Four pictures of {EMBEDDED_CARD.native}², {EMBEDDED_CARD.steps} steps, guidance"
    f" {EMBEDDED_CARD.guidance:g}, on the CPU. Easel: a worker process as `easel run` starts it,"
    " from handing a job over to the last encoded picture, previews included, once what makes it"
    " faster is ready. Plain diffusers: a stock pipeline with the same weights, each precision in a"
    " process of its own with torch's own threads and no variables of ours. All have drawn a grid"
    " before; then they take turns; medians. The neighbour is another process that wants one core"
    " all the time."
)
EASEL, HALF, FULL = "Easel", "bfloat16", "float32"
IDLE, BUSY = "idle", "beside a busy neighbour"
AIMS: Mapping[tuple[str, str], float] = {(IDLE, FULL): 2.5, (IDLE, HALF): 1.9, (BUSY, HALF): 3.0}
ALONE: Mapping[tuple[str, str], float] = {(IDLE, FULL): 1.2, (BUSY, FULL): 3.0}
"""Where the processor has no bfloat16."""
_PLAIN = "bot.bench.plain"

Draw = Callable[[], Awaitable[float]]
"""Draws one grid and says how many seconds it took."""


@dataclass(frozen=True)
class Run:
    """How many turns in quiet, and beside a neighbour, of how many steps; plain diffusers in which
    precisions. It may take half a minute beside a neighbour: no turn begins after `patience_s`."""

    turns: int = 5
    beside: int = 5
    patience_s: float = 25.0
    steps: int = EMBEDDED_CARD.steps
    precisions: Sequence[str] = (FULL, HALF)


QUICK = Run(turns=1, beside=1)


@dataclass(frozen=True)
class Seen:
    """Seconds of grids: the first after loading, by who drew; those in turns, by where as well.
    `engine` is what drew for Easel in the end, `trouble` why it was not what it should be."""

    first: Mapping[str, float]
    turns: Mapping[tuple[str, str], Sequence[float]]
    engine: str
    trouble: str = ""


async def measure(quick: bool) -> Section:
    """Quiet first, then beside a neighbour."""
    seen = await play(QUICK if quick else Run())
    drawn = f"Easel drew by {seen.engine}." + (f" {seen.trouble}." if seen.trouble else "")
    return Section(TITLE, HOW, figures_of(seen), [drawn])


async def play(run: Run) -> Seen:
    """Everybody starts and draws alone; then they take turns."""
    async with contextlib.AsyncExitStack() as stack:
        draws = await _plain(stack, run)
        first = {who: await draw() for who, draw in draws.items()}
        ours = await stack.enter_async_context(Studio(studio.settings()))

        async def draw() -> float:
            return (await ours.drawn(ours.request(Choice(steps=run.steps)))).seconds

        first[EASEL] = await draw()
        engine = (await ours.hastened(Choice(steps=run.steps))).engine
        draws[EASEL] = draw
        turns = await _turns(run, IDLE, draws)
        async with neighbour():
            turns |= await _turns(run, BUSY, draws)
        return Seen(first, turns, engine, ours.trouble)


async def _plain(stack: contextlib.AsyncExitStack, run: Run) -> dict[str, Draw]:
    """A process for each precision that this processor has."""
    children = {
        dtype: await stack.enter_async_context(Child(_PLAIN, untuned=True))
        for dtype in run.precisions
    }
    source = EMBEDDED_CARD.source
    said = await asyncio.gather(
        *(child.ask(source=source, dtype=dtype) for dtype, child in children.items())
    )
    return {
        dtype: functools.partial(_grid, child, run.steps, itertools.count(1))
        for (dtype, child), each in zip(children.items(), said, strict=True)
        if dtype == FULL or each["native"]
    }


async def _grid(child: Child, steps: int, numbers: Iterator[int]) -> float:
    card = EMBEDDED_CARD
    asked = {
        "prompt": f"a cat in the forest, drawing {next(numbers)}",
        "count": 4,
        "side": card.native,
        "steps": steps,
        "guidance": card.guidance,
    }
    return (await child.ask(**asked))["seconds"]


async def _turns(
    run: Run, where: str, draws: Mapping[str, Draw]
) -> dict[tuple[str, str], list[float]]:
    seconds: dict[tuple[str, str], list[float]] = {(where, who): [] for who in draws}
    began = time.monotonic()
    for _ in range(run.turns if where == IDLE else run.beside):
        if time.monotonic() - began > run.patience_s:
            break
        for who, draw in draws.items():
            seconds[where, who].append(await draw())
    return seconds


def figures_of(seen: Seen) -> list[Figure]:
    """Ratios first, then what they are made of."""
    usual = {key: statistics.median(each) for key, each in seen.turns.items()}
    aims = AIMS if (IDLE, HALF) in usual else ALONE
    rows = [
        times(
            f"{where}: as fast as plain diffusers in {who}",
            usual[where, who] / usual[where, EASEL],
            aims.get((where, who)),
        )
        for where, who in usual
        if who != EASEL
    ]
    rows += [
        Figure(f"{where}: a grid by {_name(who)}", f"{seconds:.3g} s")
        for (where, who), seconds in usual.items()
    ]
    rows += [
        Figure(f"the first grid after loading by {_name(who)}", f"{seconds:.3g} s")
        for who, seconds in seen.first.items()
    ]
    return rows


def _name(who: str) -> str:
    return who if who == EASEL else f"plain diffusers, {who}"
