"""What it takes to make a picture four times as large by the embedded model on this CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot import imaging
from bot.bench import memory, studio
from bot.bench.asking import Grid
from bot.bench.figures import Figure, Section, below
from bot.bench.grainy import grainy
from bot.bench.studio import Studio
from bot.domain.action import Action, Press, Tile
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.models.cards import EMBEDDED_CARD, ModelCard
from bot.service import requests

TITLE = "Upscaling"
MEMORY_MIB = 1536
HOW = (
    "A picture of 512² is upscaled subtly, twice as large and then again, by a new worker process"
    f" as `easel run` starts it, on the CPU: by the embedded model in tiles of"
    f" {EMBEDDED_CARD.native}², from handing it over to the last encoded picture. Memory is the"
    " most that the worker held until then."
)
_TILE = Tile("b" * 32, 1)


@dataclass(frozen=True)
class Seen:
    """The pictures by a `side` more and more times as long, and what the worker held."""

    side: int
    pictures: Sequence[Grid]
    peak_mib: float


async def measure(quick: bool) -> Section:
    """Both presses in one worker."""
    seen = await play(64 if quick else 512)
    notes = [f"Drawn by {seen.pictures[-1].engine}."]
    return Section(TITLE, HOW, figures_of(seen), notes)


async def play(side: int) -> Seen:
    """Raises EaselError."""
    made: list[Grid] = []
    async with Studio(studio.settings()) as ours:
        parent = replace(ours.request(), size=Size(side, side), count=1)
        picture = imaging.encode_tile(grainy(side, seed=1))
        for _ in range(2):
            parent, picture = await _pressed(ours, ours.card, parent, picture, made)
        peak = memory.peak_of(ours.process or 0) or 0.0
    return Seen(side, made, peak)


async def _pressed(
    ours: Studio, card: ModelCard, parent: GenerationRequest, picture: bytes,
    made: list[Grid],
) -> tuple[GenerationRequest, bytes]:  # fmt: skip
    """What a press under a picture comes to."""
    asked = requests.pressed(card, parent, Press(Action.UPSCALE_SUBTLE, _TILE))
    grid = await ours.drawn(asked.identified({_TILE: "source"}), {"source": picture})
    made.append(grid)
    return asked, grid.pictures[0]


def figures_of(seen: Seen) -> list[Figure]:
    """Seconds of each press, then memory."""
    sides = [seen.side * 2**press for press in range(len(seen.pictures) + 1)]
    rows = [
        Figure(f"{before}² → {after}²", f"{each.seconds:.3g} s")
        for (before, after), each in zip(pairwise(sides), seen.pictures, strict=True)
    ]
    whole = f"{seen.side}² → {seen.side * 4}²: peak memory of the worker"
    return [*rows, below(whole, seen.peak_mib, MEMORY_MIB, "MiB")]
