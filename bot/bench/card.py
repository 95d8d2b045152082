"""`easel bench --card`: models of well-known shapes with random weights on an NVIDIA card, by a
worker process and by plain diffusers."""

from __future__ import annotations

import contextlib
import dataclasses
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.bench import sharing
from bot.bench.asking import Grid
from bot.bench.child import Child, Message
from bot.bench.figures import Figure, Section, at_least, times
from bot.bench.model import card_memory
from bot.bench.sharing import SHORT_STEPS, Compared
from bot.bench.studio import Studio
from bot.domain.errors import EaselError
from bot.models import box
from bot.service.requests import Choice
from bot.settings import Settings

TITLE = "On a card"
HOW = (
    "Random weights in the size of the published models. Easel: a worker process as `easel run`"
    " starts it, from handing a job over to the last encoded picture, previews included, once what"
    " makes it faster is ready. Plain diffusers: a stock pipeline in bfloat16 in a process of its"
    " own with no variables of ours. In turns; medians. The bound is what the operations of a grid"
    " take at the rate at which this card multiplies matrices."
)
GUIDANCE = 7.0
DEVICE, DTYPE = "cuda", "bfloat16"
_PLAIN, _WEIGHTS, _PROCESSOR = (
    "bot.bench.plain", "bot.bench.random_weights", "bot.bench.model.processor",
)  # fmt: skip
_REHEARSALS = 4, 12
"""Grids at least, and at most, until nothing is being compiled any more: what is worth it is known
by how often it was asked for."""
FILLED = 16
"""People that a worker has slots for."""


@dataclass(frozen=True)
class Aims:
    """Of a grid: against one call of plain diffusers, and one for each picture; a share of the
    bound; pictures a second. None: nothing was aimed at."""

    together: float | None = None
    apart: float | None = None
    share: float | None = None
    rate: float | None = None


@dataclass(frozen=True)
class Shape:
    """A grid of `count` pictures at a `speed` of the settings. `crowd`: whether people who share
    its steps are measured, too; `sides`: those of mixed jobs, where such are."""

    name: str
    configs: Path
    side: int
    steps: int = 20
    count: int = 4
    speed: str = "exact"
    aims: Aims = Aims()
    crowd: bool = False
    sides: Sequence[int] = ()
    turns: int = 3

    @property
    def choice(self) -> Choice:
        """A grid of it."""
        return Choice(self.count, self.side, self.side, steps=self.steps, guidance=GUIDANCE)

    @property
    def crowded(self) -> Sequence[Choice]:
        """One picture for each of those who fill a worker."""
        return [dataclasses.replace(self.choice, count=1)] * FILLED

    @property
    def mixed(self) -> Sequence[Choice]:
        """As without a card, in sizes for one."""
        mixed = dataclasses.replace(sharing.Run(), sides=self.sides).mixed if self.sides else ()
        return [dataclasses.replace(each, guidance=GUIDANCE) for each in mixed]


_SD, _XL = box.FOLDER / "sd1", box.FOLDER / "sdxl"
SHAPES = (
    Shape("Stable Diffusion 1.5", _SD, 512, aims=Aims(1.5, 2.5, 0.45), crowd=True),
    # Mixed companies have so many shapes that most are not worth a compilation.
    Shape("Stable Diffusion 1.5", _SD, 512, speed="eager", sides=(512, 768)),
    Shape("SDXL", _XL, 1024, aims=Aims(rate=1.7)),
    Shape("SDXL", _XL, 1024, speed="fast", aims=Aims(rate=2.4)),
)


@dataclass(frozen=True)
class Bound:
    """Seconds that a grid takes at least on `card`, whose matrix products run at `tflops`."""

    seconds: float
    tflops: float
    card: str


@dataclass(frozen=True)
class Turns:
    """Seconds of grids by Easel, and by plain diffusers in one call and in one for each picture;
    `engine` is what drew the last of Easel's."""

    grids: Sequence[float]
    together: Sequence[float]
    apart: Sequence[float]
    engine: str


@dataclass(frozen=True)
class Seen:
    """`crowded` are the seconds of as many calls of one picture as `equal` has jobs."""

    turns: Turns
    bound: Bound
    trouble: str = ""
    equal: Compared | None = None
    crowded: float = 0.0
    mixed: Compared | None = None


async def measure() -> Section:
    """One shape after the other. Raises EaselError, also where there is no card."""
    if not card_memory.used():
        raise EaselError(
            "No NVIDIA card was found by nvidia-smi; `--shapes` measures the same on a CPU."
        )
    figures: list[Figure] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as place:
        for shape in SHAPES:
            seen = await play(shape, Path(place))
            figures += figures_of(shape, seen)
            sys.stderr.write(f"measured: {shape.name}, {shape.speed}\n{seen}\n")
            notes.append(note_of(shape, seen))
    return Section(TITLE, HOW, figures, notes)


async def play(shape: Shape, place: Path) -> Seen:
    """Weights and what is compiled stay in `place`, for the next. Raises EaselError."""
    source = await weights(shape.configs, place)
    bound = await _bound(shape, source)
    async with contextlib.AsyncExitStack() as stack:
        ours = await stack.enter_async_context(studio(shape, place, source))
        plain = await stack.enter_async_context(Child(_PLAIN, untuned=True))
        await plain.ask(source=source, dtype=DTYPE, device=DEVICE)
        await settle(ours, lambda: ours.drawn(ours.request(shape.choice)))
        seen = Seen(await _turns(shape, ours, plain), bound, ours.trouble)
        if shape.crowd:
            equal = await _crowd(ours, shape.crowded)
            crowded = await _calls(shape, plain, 1, FILLED)
            seen = dataclasses.replace(seen, equal=equal, crowded=crowded)
        if shape.sides:
            seen = dataclasses.replace(seen, mixed=await _crowd(ours, shape.mixed, 1))
        return seen


async def weights(configs: Path, place: Path) -> str:
    """The folder of a model of this size."""
    folder = place / configs.name
    if not folder.is_dir():
        async with Child(_WEIGHTS) as child:
            await child.ask(configs=str(configs), folder=str(folder))
    return str(folder)


def studio(shape: Shape, place: Path, source: str) -> Studio:
    """The worker of a shape."""
    data = place / "data"
    return Studio(Settings(data_dir=data, device=DEVICE, model=source, speed=shape.speed))


async def settle(ours: Studio, rehearse: Callable[[], Awaitable[object]]) -> None:
    """Rehearse until nothing is compiled any more that this asks for."""
    least, most = _REHEARSALS
    for number in range(1, most):
        await rehearse()
        if not await ours.settled() and number >= least:
            break


async def _bound(shape: Shape, source: str) -> Bound:
    rate, work = await _asked(shape, source)
    return Bound(work["teraflop"] / rate["tflops"], rate["tflops"], rate["name"])


async def _asked(shape: Shape, source: str) -> Sequence[Message]:
    unasked = Studio(Settings(device=DEVICE, model=source))
    request = unasked.request(shape.choice)
    questions: Sequence[Message] = (
        {"device": DEVICE, "dtype": DTYPE},
        {
            "card": dataclasses.asdict(unasked.card),
            "request": request.wire(),
            "places": {"cache_dir": "", "token": ""},
        },
    )
    answers: list[Message] = []
    for question in questions:
        async with Child(_PROCESSOR) as child:
            answers.append(await child.ask(**question))
    if trouble := next((each["trouble"] for each in answers if "trouble" in each), ""):
        raise EaselError(f"This card cannot be measured: {trouble}.")
    return answers


async def _turns(shape: Shape, ours: Studio, plain: Child) -> Turns:
    """After a rehearsal of plain diffusers."""
    await _calls(shape, plain, shape.count)
    await _calls(shape, plain, 1)
    grids: list[Grid] = []
    together: list[float] = []
    apart: list[float] = []
    for _ in range(shape.turns):
        grids.append(await ours.drawn(ours.request(shape.choice)))
        together.append(await _calls(shape, plain, shape.count))
        if shape.aims.apart:
            apart.append(await _calls(shape, plain, 1, shape.count))
    return Turns([grid.seconds for grid in grids], together, apart, grids[-1].engine)


async def _calls(shape: Shape, plain: Child, count: int, calls: int = 1) -> float:
    """Seconds of so many calls of so many pictures."""
    seconds = 0.0
    for _ in range(calls):
        said = await plain.ask(
            prompt="a cat in the forest", count=count, side=shape.side, steps=shape.steps,
            guidance=GUIDANCE,
        )  # fmt: skip
        seconds += said["seconds"]
    return seconds


async def _crowd(ours: Studio, choices: Sequence[Choice], turns: int = 2) -> Compared:
    async def rehearse() -> None:
        await sharing.together(ours, [ours.request(each) for each in choices[:FILLED]])

    await settle(ours, rehearse)
    return await sharing.compared(ours, choices, turns)


def figures_of(shape: Shape, seen: Seen) -> list[Figure]:
    """Ratios, then what they are made of."""
    what = f"{shape.name}, {shape.count} of {shape.side}², {shape.steps} steps, {shape.speed}"
    turns, aims = seen.turns, shape.aims
    grid, together = statistics.median(turns.grids), statistics.median(turns.together)
    rows = [
        times(f"{what}: as fast as one call of plain diffusers", together / grid, aims.together),
        Figure("… a grid by Easel / plain diffusers", f"{grid:.3g} / {together:.3g} s"),
        _share("… share of the bound", seen.bound.seconds / grid, aims.share),
        _rate("… pictures a second", shape.count / grid, aims.rate),
    ]
    if turns.apart:
        apart = statistics.median(turns.apart)
        told = f"… as {shape.count} calls of plain diffusers, {apart:.3g} s"
        rows.append(times(told, apart / grid, aims.apart))
    if seen.equal:
        rows += _crowd_rows(seen, seen.equal)
    if seen.mixed:
        rows += _mixed_rows(shape, seen.mixed)
    return rows


def _share(what: str, value: float, aim: float | None) -> Figure:
    return Figure(what, f"{value:.3f}") if aim is None else at_least(what, value, aim)


def _rate(what: str, value: float, aim: float | None) -> Figure:
    if aim is None:
        return Figure(what, f"{value:.2f}")
    return Figure(what, f"{value:.2f}", f"≥ {aim:g}", value >= aim)


def _crowd_rows(seen: Seen, equal: Compared) -> list[Figure]:
    told = f"… {FILLED} people's pictures of one job each, steps shared: as many a second as"
    shared = sharing.whole(equal.shared)
    return [
        times(f"{told} one at a time", equal.gain, 2.5),
        times(f"{told} by plain diffusers one at a time", seen.crowded / shared),
        Figure(
            "… until the last is drawn: shared / one at a time / plain, one at a time",
            f"{shared:.3g} / {sharing.whole(equal.alone):.3g} / {seen.crowded:.3g} s",
        ),
    ]


def _mixed_rows(shape: Shape, mixed: Compared) -> list[Figure]:
    told = f"… {len(shape.mixed)} mixed jobs of {' and '.join(f'{side}²' for side in shape.sides)}"
    short = [place for place, each in enumerate(shape.mixed) if (each.steps or 0) <= SHORT_STEPS]
    alone, shared = (sharing.usual(waits, short) for waits in (mixed.alone, mixed.shared))
    share = shared / alone
    return [
        times(f"{told}, steps shared: as many a second as one at a time", mixed.gain, 1.3),
        Figure(
            "… their short ones' p50 of the wait, as a share of one at a time",
            f"{share:.2f}", "≤ 0.5", share <= 0.5,
        ),
        Figure("… p50 one at a time / shared", f"{alone:.3g} / {shared:.3g} s"),
    ]  # fmt: skip


def note_of(shape: Shape, seen: Seen) -> str:
    """On what, and by what."""
    trouble = f" {seen.trouble}" if seen.trouble else ""
    return (
        f"{shape.name}, {shape.speed}: drawn by {seen.turns.engine} on {seen.bound.card}, whose"
        f" matrix products run at {seen.bound.tflops:.0f} TFLOP/s.{trouble}"
    )
