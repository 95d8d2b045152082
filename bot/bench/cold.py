"""From a cold start to a picture, and to one by what the model was converted to meanwhile: how long
that takes, and how late the bot's event loop is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.bench.figures import Figure, Section, below, milliseconds, spread
from bot.bench.stage import Seen, Stage, new_folder, stage, unrest
from bot.executors import converted_folder
from bot.settings import Settings
from bot.worker.converted.store import Store

MOST_MS = 50
TITLE = "A cold start"
HOW = (
    "A bot with an empty folder starts, and somebody asks for a grid of the embedded model at once;"
    " when its networks are converted, which begins as soon as it is loaded, for another one. Then"
    " the bot starts again with the same folder. Seconds from starting its process until the grid"
    " is visible; lag as above, between those moments."
)
_POLL_S = 0.1
_PATIENCE_S = 240.0


@dataclass(frozen=True)
class Run:
    """`engine` is the factory of a simulated one, with its `options`; "" is the real one."""

    engine: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Start:
    """What was seen until the first grid, and from there until the first after the conversion.

    `calm` is the lag of an idle process meanwhile; `made` are the times at which what was found
    converted in the end had been written.
    """

    first: Seen
    first_s: float
    converted: Seen
    converted_s: float
    calm: Sequence[float]
    made: Sequence[int]

    @property
    def engine(self) -> str:
        """What drew last."""
        return self.converted.drawings[-1].engine


async def measure(quick: bool) -> Section:
    """Two starts; being quick makes no difference."""
    starts = await play(Run())
    notes = [
        f"{name}: drawn by {each.first.drawings[-1].engine}, then by {each.engine}."
        for name, each in zip(("First start", "Second start"), starts, strict=True)
    ]
    return Section(TITLE, HOW, figures_of(*starts), notes)


async def play(run: Run) -> tuple[Start, Start]:
    """The second in the folder that the first has filled."""
    folder = new_folder()
    return await _started(run, folder), await _started(run, folder)


async def _started(run: Run, folder: str) -> Start:
    began = time.monotonic()
    store = converted_folder(Settings(data_dir=Path(folder)))
    async with (
        unrest() as calm,
        stage(engine=run.engine, options=run.options, folder=folder) as place,
    ):
        first = await _grid(place)
        first_s = time.monotonic() - began
        await place.mark()
        while Store(store).busy:  # noqa: ASYNC110 - nobody could wake us
            await asyncio.sleep(_POLL_S)
        converted = await _grid(place)
        converted_s = time.monotonic() - began
    made = sorted(file.stat().st_mtime_ns for file in store.glob("*/*"))
    return Start(first, first_s, converted, converted_s, calm, made)


async def _grid(place: Stage) -> Seen:
    """What was seen since the last mark, when another grid is visible."""
    before = len(place.results)
    [person] = place.people(1)
    await person.slash("imagine", prompt="a lighthouse on a cliff in a storm")
    await place.results_of(before + 1, _PATIENCE_S)
    return await place.report()


def figures_of(first: Start, second: Start) -> list[Figure]:
    """Lag, times, and whether the second start found what the first had made."""
    rows: list[Figure] = []
    for name, start in (("cold start", first), ("second start", second)):
        for until, seen in (
            ("first", start.first),
            ("converted", start.converted),
        ):
            what = f"{name}, until the {until} grid: lag of the bot's loop"
            rows.append(below(f"{what}, maximum", milliseconds(seen.lag, 1.0), MOST_MS, "ms"))
            rows.append(Figure("… p50 / p99 / maximum", spread(seen.lag)))
        rows += [
            Figure("… of an idle process beside it", spread(start.calm)),
            Figure(f"{name}: until the first grid is visible", f"{start.first_s:.1f} s"),
            Figure("… until one by the converted networks", f"{start.converted_s:.1f} s"),
        ]
    again = first.made != second.made
    rows.append(Figure("second start: converted again", "yes" if again else "no", "no", not again))
    return rows
