"""`easel bench --card`: models of well-known shapes with random weights on an NVIDIA card, by a
worker process and by plain diffusers."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bot.bench import sharing
from bot.bench.asking import Grid
from bot.bench.card_figures import (
    FILLED,
    GUIDANCE,
    Aims,
    Bound,
    Seen,
    Shape,
    Turns,
    figures_of,
    note_of,
)
from bot.bench.child import Child, Message
from bot.bench.figures import Figure, Section
from bot.bench.model import card_memory
from bot.bench.sharing import Compared
from bot.bench.studio import Studio
from bot.domain.errors import EaselError
from bot.models import box
from bot.service.choice import Choice
from bot.settings import Settings

TITLE = "On a card"
HOW = (
    "Random weights in the size of the published models. Easel: a worker process as `easel run`"
    " starts it, from handing a job over to the last encoded picture, previews included, once what"
    " makes it faster is ready. Plain diffusers: a stock pipeline in bfloat16 in a process of its"
    " own with no variables of ours. In turns; medians. The bound is what the operations of a grid"
    " take at the rate at which this card multiplies matrices."
)
DEVICE, DTYPE = "cuda", "bfloat16"
_PLAIN, _WEIGHTS, _PROCESSOR = (
    "bot.bench.plain", "bot.bench.random_weights", "bot.bench.model.processor",
)  # fmt: skip
_REHEARSALS = 4, 12
"""Grids at least, and at most, until nothing is being compiled any more: what is worth it is known
by how often it was asked for."""
_SD, _XL, _FLUX = (box.FOLDER / name for name in ("sd1", "sdxl", "flux-dev"))
SHAPES = (
    Shape("Stable Diffusion 1.5", _SD, 512, aims=Aims(1.5, 2.5, 0.45), crowd=True),
    # Mixed companies have so many shapes that most are not worth a compilation.
    Shape("Stable Diffusion 1.5", _SD, 512, speed="eager", sides=(512, 768)),
    Shape("SDXL", _XL, 1024, aims=Aims(rate=1.7)),
    Shape("SDXL", _XL, 1024, speed="fast", aims=Aims(rate=2.4)),
    Shape("FLUX.1", _FLUX, 1024, steps=28, aims=Aims(share=0.67), turns=1),
    Shape("FLUX.1", _FLUX, 1024, steps=28, speed="balanced", aims=Aims(share=0.93), turns=1),
)


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
            await child.ask(configs=str(configs), folder=str(folder), device=DEVICE)
    return str(folder)


def studio(shape: Shape, place: Path, source: str) -> Studio:
    """The worker of a shape."""
    data = place / "data"
    return Studio(Settings(data_dir=data, device=DEVICE, model=source, speed=shape.speed))


async def settle(ours: Studio, rehearse: Callable[[], Awaitable[object]]) -> None:
    """Rehearse until nothing is compiled any more that this asks for."""
    least, most = _REHEARSALS
    for number in range(1, most + 1):
        await rehearse()
        if not await ours.settled() and number >= least:
            break


async def _bound(shape: Shape, source: str) -> Bound:
    """While nobody else is on the card. Raises EaselError."""
    unasked = Studio(Settings(device=DEVICE, model=source))
    work = {
        "card": dataclasses.asdict(unasked.card),
        "request": unasked.request(shape.choice).wire(),
        "places": {"cache_dir": "", "token": ""},
    }
    rate = await _told(device=DEVICE, dtype=DTYPE)
    grid = await _told(**work)
    return Bound(grid["teraflop"] / rate["tflops"], rate["tflops"], rate["name"])


async def _told(**asked: object) -> Message:
    async with Child(_PROCESSOR) as child:
        said = await child.ask(**asked)
    if "trouble" in said:
        raise EaselError(f"This card cannot be measured: {said['trouble']}.")
    return said


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
