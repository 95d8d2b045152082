"""Whether anything grows while people use the bot for long: memory, handles, threads, tasks, the
lag of its loop, its queue and its files.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.bench import gauges
from bot.bench.figures import Figure, Section, milliseconds
from bot.bench.regulars import Regulars
from bot.bench.slope import slope
from bot.bench.stage import Stage, loaded, stage
from bot.domain.errors import EaselError
from bot.engine.local import SIMULATED

TITLE = "Soak"
HOW = (
    "The bot as a process, its worker as another, the sandbox with its people as a third; 40 people"
    " in 20 channels ask, press buttons, cancel, look at what there is and turn pages, one of them"
    " every {each_s:g} s; the engine takes half a second a grid. Everything is read every"
    " {every_s:g} s for {minutes:.3g} minutes, after {warm_minutes:.3g} minutes of warm-up, which"
    " begin with a rush: all of them do each of these things at once, so that pools of threads and"
    " connections are as large as they become. What is shown is the median of the first tenth and"
    " of the last, and the slope by least squares with its standard error, which allows for"
    " readings that resemble the one before. Flat is what grows by less than two standard errors,"
    " or by less than the bound."
)
_SHARE = 10


@dataclass(frozen=True)
class Run:
    """Readings every `every_s` seconds for `seconds`, after a rush and `warm_s`; one of the people
    does something every `each_s`."""

    seconds: float
    warm_s: float = 300.0
    every_s: float = 5.0
    each_s: float = 0.5
    people: int = 40
    channels: int = 20


@dataclass(frozen=True)
class Row:
    """One thing that is read. A change below `bound` in an hour is nothing; what has no bound may
    grow, for it holds what people made."""

    name: str
    unit: str
    bound: float | None = None


BOT, WORKER, SANDBOX = "memory of the bot", "memory of the worker", "memory of sandbox and people"
DATABASE, JOBS = "the database", "jobs drawn"
ROWS = (
    Row(BOT, "MiB", 5.0),
    Row(WORKER, "MiB", 5.0),
    Row("open handles of the bot", "", 1.0),
    Row("threads of the bot", "", 1.0),
    Row("asyncio tasks of the bot", "", 2.0),
    Row("event-loop lag, p50", "ms", 1.0),
    Row("event-loop lag, p99", "ms", 5.0),
    Row("jobs that wait", "", 1.0),
    Row("write-ahead log", "MiB", 1.0),
    Row(DATABASE, "MiB"),
    Row(SANDBOX, "MiB"),
)


@dataclass
class Seen:
    """Hours since the first reading, and what was read, by the names of `ROWS`; `jobs` were drawn
    meanwhile."""

    hours: list[float] = field(default_factory=list)
    read: dict[str, list[float]] = field(default_factory=lambda: {row.name: [] for row in ROWS})
    jobs: int = 0
    done: int = 0
    unanswered: int = 0
    slips: int = 0
    most_lag_ms: float = 0.0

    def add(self, hours: float, values: Sequence[float]) -> None:
        """One reading of everything."""
        self.hours.append(hours)
        for row, value in zip(ROWS, values, strict=True):
            self.read[row.name].append(value)


async def measure(minutes: float) -> Section:
    """A whole soak; says every minute how it goes. Raises EaselError where there is no /proc."""
    if not sys.platform.startswith("linux"):
        raise EaselError("A soak reads what processes hold from /proc, which only Linux has.")
    run = Run(60 * minutes, warm_s=min(300.0, 15 * minutes))
    return section(run, await play(run, _say))


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


async def play(run: Run, say: Callable[[str], None] = lambda text: None) -> Seen:
    """Live through it."""
    options = {"step_seconds": 0.05, "previews": 1}
    async with stage(engine=SIMULATED, options=options, model_steps=10) as place:
        regulars = Regulars(place, run.people, run.channels)
        await loaded(place, place.guests[0], 120)
        await regulars.rush()
        living = asyncio.create_task(regulars.keep_on(run.each_s))
        try:
            await asyncio.sleep(run.warm_s)
            seen = await _watch(run, place, regulars, say)
        finally:
            living.cancel()
        await regulars.rest()
        seen.done, seen.slips = regulars.done.total(), regulars.slips
        seen.unanswered = regulars.unanswered
        return seen


async def _watch(run: Run, place: Stage, regulars: Regulars, say: Callable[[str], None]) -> Seen:
    seen, began = Seen(), time.monotonic()
    await place.mark()
    for number in range(1, 1 + round(run.seconds / run.every_s)):
        await asyncio.sleep(began + number * run.every_s - time.monotonic())
        seen.add((time.monotonic() - began) / 3600, await _reading(place, seen))
        if number % max(1, round(60 / run.every_s)) == 0:
            say(f"{number * run.every_s / 60:.0f} min, {seen.jobs} jobs: {_newest(seen)}")
    return seen


async def _reading(place: Stage, seen: Seen) -> list[float]:
    """In the order of `ROWS`. What was measured between two readings is forgotten."""
    report = await place.report()
    await place.mark()
    seen.jobs += len(report.drawings)
    seen.most_lag_ms = max(seen.most_lag_ms, milliseconds(report.lag, 1.0))
    process, database = place.process, place.folder / "easel.sqlite3"
    log = gauges.size(database.with_name(database.name + "-wal"))
    return [
        gauges.resident(process),
        sum(map(gauges.resident, gauges.workers(process))),
        gauges.handles(process),
        gauges.threads(process),
        report.tasks,
        milliseconds(report.lag, 0.5),
        milliseconds(report.lag, 0.99),
        report.queue,
        log / (1 << 20),
        gauges.size(database) / (1 << 20),
        gauges.own(),
    ]


def _newest(seen: Seen) -> str:
    return ", ".join(f"{name} {values[-1]:.4g}" for name, values in seen.read.items())


def section(run: Run, seen: Seen) -> Section:
    """The part of the report."""
    how = HOW.format(
        each_s=run.each_s, every_s=run.every_s, minutes=run.seconds / 60,
        warm_minutes=run.warm_s / 60,
    )  # fmt: skip
    return Section(TITLE, how, figures_of(seen), notes_of(seen))


def figures_of(seen: Seen) -> list[Figure]:
    """A row for each thing that was read."""
    return [_figure(row, seen.hours, seen.read[row.name]) for row in ROWS]


def _figure(row: Row, hours: Sequence[float], values: Sequence[float]) -> Figure:
    line, tenth = slope(hours, values), max(1, len(values) // _SHARE)
    first, last = statistics.median(values[:tenth]), statistics.median(values[-tenth:])
    unit = f" {row.unit}" if row.unit else ""
    moved = f"{_signed(line.change)} ± {_short(line.error)}{unit} an hour"
    told = f"{first:.3g} → {last:.3g}{unit}; {moved}"
    if row.bound is None:
        return Figure(row.name, told)
    return Figure(row.name, told, f"flat, or < {row.bound:g}{unit} an hour", line.flat(row.bound))


def _short(value: float) -> str:
    """Never an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _signed(value: float) -> str:
    return ("−" if value < 0 else "+") + _short(abs(value))


def notes_of(seen: Seen) -> list[str]:
    """A sentence for each row that has a bound, and what happened meanwhile."""
    flat, grows = [], []
    for row in ROWS:
        if row.bound is not None:
            line = slope(seen.hours, seen.read[row.name])
            (flat if line.flat(row.bound) else grows).append(row.name)
    file = seen.read[DATABASE]
    kib = 1024 * (file[-1] - file[0]) / max(1, seen.jobs)
    said = [
        f"{seen.jobs:,} grids were drawn between the readings; {seen.done:,} times somebody did"
        f" something, and {seen.unanswered} times nobody answered; {seen.slips:,} times the button"
        f" had gone. Longest stall of the loop: {seen.most_lag_ms:.0f} ms.",
        f"The database has what people made: {kib:.1f} KiB for each grid. The sandbox keeps every"
        " message, file and request.",
        f"Flat: {', '.join(flat) or 'nothing'}.",
    ]
    return said + ([f"**Not flat**: {', '.join(grows)}."] if grows else [])
