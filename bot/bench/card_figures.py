"""A model's shape that is measured on a card, what was seen of it, and what that comes to. Plain
values."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.bench import sharing
from bot.bench.figures import Figure, at_least, times
from bot.bench.sharing import Compared
from bot.service.choice import Choice

GUIDANCE = 7.0
FILLED = 16
"""People that a worker has slots for."""
CROWDED, MIXED = 2.5, 1.3
"""How many times as much sharing steps should draw, of equal and of mixed jobs."""


@dataclass(frozen=True)
class Aims:
    """Of a grid: against one call of plain diffusers, and one for each picture; a share of the
    bound; pictures a second. None: nothing was aimed at, and calls for each picture, which take
    longest, are not made."""

    together: float | None = None
    apart: float | None = None
    share: float | None = None
    rate: float | None = None


@dataclass(frozen=True)
class Shape:
    """A grid of `count` pictures at a `speed` of the settings. `crowd`: whether people who share
    its steps are measured, too; `sides`: those of mixed jobs, where such are. Of a `large` one no
    two fit onto every card: plain diffusers draw when Easel is gone, after its only turn."""

    name: str
    configs: Path
    side: int
    steps: int = 20
    count: int = 4
    speed: str = "exact"
    aims: Aims = Aims()
    crowd: bool = False
    sides: Sequence[int] = ()
    large: bool = False
    turns: int = 3

    def __post_init__(self) -> None:
        assert not self.large or (self.turns == 1 and not self.crowd and not self.sides)

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
    """`crowded` are the seconds of as many calls of one picture as `equal` has jobs; `bound` is
    None where it could not be told."""

    turns: Turns
    bound: Bound | None
    trouble: str = ""
    equal: Compared | None = None
    crowded: float = 0.0
    mixed: Compared | None = None


def figures_of(shape: Shape, seen: Seen) -> list[Figure]:
    """Ratios, then what they are made of."""
    what = f"{shape.name}, {shape.count} of {shape.side}², {shape.steps} steps, {shape.speed}"
    turns, aims = seen.turns, shape.aims
    grid = statistics.median(turns.grids)
    if turns.together:
        whole = statistics.median(turns.together)
        told = f"{what}: as fast as one call of plain diffusers"
        rows = [
            times(told, whole / grid, aims.together),
            Figure("… a grid by Easel / plain diffusers", f"{grid:.3g} / {whole:.3g} s"),
        ]
    else:
        rows = [Figure(f"{what}: a grid by Easel", f"{grid:.3g} s")]
    if seen.bound:
        rows.append(_share("… share of the bound", seen.bound.seconds / grid, aims.share))
    rows.append(_rate("… pictures a second", shape.count / grid, aims.rate))
    if turns.apart:
        apart = statistics.median(turns.apart)
        told = f"… as {shape.count} calls of plain diffusers, {apart:.3g} s"
        rows.append(times(told, apart / grid, aims.apart))
    if seen.equal:
        rows += _crowd_rows(seen, seen.equal)
    if seen.mixed:
        sides = " and ".join(f"{side}²" for side in shape.sides)
        told = f"… {len(shape.mixed)} mixed jobs of {sides}"
        rows += sharing.mixed_figures(told, shape.mixed, seen.mixed, MIXED)
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
        times(f"{told} one at a time", equal.gain, CROWDED),
        times(f"{told} by plain diffusers one at a time", seen.crowded / shared),
        Figure(
            "… until the last is drawn: shared / one at a time / plain, one at a time",
            f"{shared:.3g} / {sharing.whole(equal.alone):.3g} / {seen.crowded:.3g} s",
        ),
    ]


def note_of(shape: Shape, seen: Seen) -> str:
    """On what, and by what."""
    trouble = f" {seen.trouble}" if seen.trouble else ""
    drawn = f"{shape.name}, {shape.speed}: drawn by {seen.turns.engine}"
    if seen.bound is None:
        return f"{drawn}; what this card can do could not be told.{trouble}"
    return (
        f"{drawn} on {seen.bound.card}, whose matrix products run at"
        f" {seen.bound.tflops:.0f} TFLOP/s.{trouble}"
    )
