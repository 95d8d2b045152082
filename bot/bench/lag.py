"""How late the bot's event loop is while it draws, encodes and uploads.

A peer's live preview was measured to stall its loop for 3,070 ms at a time.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from typing import Any

from bot.bench.figures import MEMORY_MIB, Figure, Section, below, milliseconds, percentile, spread
from bot.bench.stage import Seen, Stage, loaded, stage, unrest

P99_MS = 20
MOST_MS = 50
TITLE = "Event-loop lag"
HOW = (
    "A ticker in the bot's own loop is due every 5 ms; a stall counts as often as ticks were due."
    " The same ticker in an idle process shows at the same time how late this machine lets"
    " anybody run; and the CPU time of the loop's thread between two ticks is what the bot itself"
    " can be blamed for, whatever else runs."
)


@dataclass(frozen=True)
class Run:
    """`people` keep one job each in the queue for `seconds`."""

    name: str
    seconds: float
    people: int
    engine: str = ""
    side: int = 0
    step_s: float = 0.0
    steps: int = 10


def embedded(quick: bool) -> Run:
    """The model that ships with Easel, drawn for real."""
    return Run("real embedded model draws", 5 if quick else 20, people=3)


def grids(quick: bool) -> Run:
    """2048² grids of photographic pictures, which a GPU would draw in 1.5 s each."""
    return Run(
        "2048² grids are encoded and uploaded",
        5 if quick else 20,
        people=4,
        engine="bot.bench.grainy:create",
        side=1024,
        step_s=0.15,
    )


async def measure(quick: bool) -> Section:
    """Both loads, one after the other."""
    figures: list[Figure] = []
    notes: list[str] = []
    for run in (embedded(quick), grids(quick)):
        seen, calm, visible = await play(run)
        figures += figures_of(run.name, seen, calm)
        figures.append(
            below("… memory of the bot, highest", seen.memory["peak"], MEMORY_MIB, "MiB")
        )
        notes.append(note_of(run, seen, visible))
    return Section(TITLE, HOW, figures, notes)


async def play(run: Run) -> tuple[Seen, list[float], list[float]]:
    """What the bot saw, the idle process's lag, and seconds from drawn to visible."""
    settings: dict[str, Any] = {}
    if run.side:
        settings = {"model_native": run.side, "model_steps": run.steps}
    options = {"side": run.side, "step_seconds": run.step_s}
    async with stage(engine=run.engine, options=options, **settings) as place:
        people = place.people(run.people)
        await loaded(place, people[0], 120)
        async with unrest() as calm:
            await place.mark()
            await _keep_asking(place, run)
            seen = await place.report()
        return seen, calm, place.drawn_to_visible(seen.drawings)


async def _keep_asking(place: Stage, run: Run) -> None:
    """Everybody asks again as soon as their grid is out, until the time is over."""
    turns = itertools.cycle(place.guests)
    channels = itertools.cycle(place.channels(8))

    async def ask() -> None:
        await next(turns).slash(
            "imagine", prompt="a lighthouse on a cliff in a storm", channel=next(channels)
        )

    asking: set[asyncio.Task[None]] = set()

    def again(_: object) -> None:
        asking.add(asyncio.ensure_future(ask()))

    place.on_result = again
    for _ in place.guests:
        await ask()
    await asyncio.sleep(run.seconds)
    await place.results_of(1, 120)
    place.on_result = lambda message: None


def figures_of(name: str, seen: Seen, calm: list[float]) -> list[Figure]:
    return [
        below(f"{name}: p99", milliseconds(seen.lag, 0.99), P99_MS, "ms"),
        below(f"{name}: maximum", milliseconds(seen.lag, 1.0), MOST_MS, "ms"),
        Figure(f"{name}: p50 / p99 / maximum", spread(seen.lag)),
        Figure("… of an idle process beside it", spread(calm)),
        Figure("… CPU of the loop's own thread between two ticks", spread(seen.work)),
    ]


def note_of(run: Run, seen: Seen, visible: list[float]) -> str:
    """What happened meanwhile, so that a calm loop is not the calm of a bot with nothing to do."""
    devices = ", ".join(seen.devices)
    shown = f"; drawn → visible p95 {percentile(visible, 0.95):.2f} s" if visible else ""
    return (
        f"{run.name[0].upper()}{run.name[1:]}: {len(visible)} grids in {run.seconds:g} s, worker on"
        f" {devices}, bot used {seen.cpu / run.seconds:.0%} of a core{shown}."
    )
