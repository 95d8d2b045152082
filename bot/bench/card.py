"""`easel bench --card`: models of well-known shapes with random weights on an NVIDIA card, by a
worker process and by plain diffusers."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bot.bench import sharing
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
from bot.domain.errors import EaselError, InvalidPrompt
from bot.domain.prompt.parameter import quoted
from bot.models import box
from bot.service.choice import Choice
from bot.settings import Settings
from bot.worker.causes import one_line

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
    Shape("FLUX.1", _FLUX, 1024, steps=28, aims=Aims(share=0.67), large=True, turns=1),
    Shape("FLUX.1", _FLUX, 1024, steps=28, speed="balanced", aims=Aims(share=0.93), large=True,
          turns=1),
)  # fmt: skip


Tell = Callable[[Seen], None]


def chosen(names: Sequence[str]) -> Sequence[Shape]:
    """Those of these models, all without names. Raises InvalidPrompt for another name."""
    known = [*dict.fromkeys(shape.configs.name for shape in SHAPES)]
    for name in names:
        if name not in known:
            raise InvalidPrompt(
                f"`--card` takes {', '.join(known)}, or nothing; not {quoted(name)}."
            )
    return [shape for shape in SHAPES if not names or shape.configs.name in names]


async def measure(names: Sequence[str] = (), minutes: float | None = None) -> Section:
    """One shape after the other, as long as there is time; what fails in one spoils no other.
    Raises InvalidPrompt for a name that is none, EaselError where there is no card."""
    shapes = chosen(names)
    if not card_memory.used():
        raise EaselError(
            "No NVIDIA card was found by nvidia-smi; `--shapes` measures the same on a CPU."
        )
    figures: list[Figure] = []
    notes: list[str] = []
    ends = None if minutes is None else time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as place:
        stand = Stand(Path(place))
        for number, shape in enumerate(shapes, 1):
            seen, trouble = await tried(shape, stand, ends)
            if seen:
                figures += figures_of(shape, seen)
                notes.append(note_of(shape, seen))
            if trouble:
                notes.append(f"{shape.name}, {shape.speed}: {trouble}")
            sys.stderr.write(f"measured: {shape.name}, {shape.speed}\n{seen}\n{trouble}\n")
            stand.leave(shape, shapes[number:])
    return Section(TITLE, HOW, figures, notes)


class Stand:
    """The folder `place`, where weights and what is compiled stay for the next shape, and what was
    found of the card."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._bounds: dict[str, Bound] = {}

    async def bound(self, shape: Shape, source: str) -> Bound | None:
        """Of a grid, while nobody else is on the card; None where it cannot be told."""
        asked = f"{source} {shape.choice}"
        if asked not in self._bounds:
            try:
                self._bounds[asked] = await _bound(shape, source)
            except EaselError as error:
                sys.stderr.write(f"{error}\n")
        return self._bounds.get(asked)

    def leave(self, done: Shape, later: Sequence[Shape]) -> None:
        """After a shape: of the largest models no two fit onto every disk."""
        if all(each.configs != done.configs for each in later):
            shutil.rmtree(self.place / done.configs.name, ignore_errors=True)


async def tried(shape: Shape, stand: Stand, ends: float | None) -> tuple[Seen | None, str]:
    """What was seen of a shape, and why that is not all; `ends` in monotonic seconds."""
    told: list[Seen] = []
    trouble = ""
    left = None if ends is None else ends - time.monotonic()
    if left is not None and left <= 0:
        return None, "there was no time for it."
    try:
        async with asyncio.timeout(left):
            await play(shape, stand, told.append)
    except TimeoutError:
        trouble = "there was no time for the rest."
    except Exception as error:  # whatever it is, the next may do
        trouble = f"the rest failed ({one_line(error)})."
    return (told[-1] if told else None), trouble


async def play(shape: Shape, stand: Stand, tell: Tell) -> None:
    """Tell what is seen, each time with what came to it. Raises EaselError, EngineError."""
    source = await weights(shape.configs, stand.place)
    seen = Seen(Turns((), (), (), ""), await stand.bound(shape, source))
    async with contextlib.AsyncExitStack() as stack:
        ours = await stack.enter_async_context(studio(shape, stand.place, source))
        await settle(ours, lambda: ours.drawn(ours.request(shape.choice)))
        seen = await _own(shape, ours, seen, tell)
        if shape.large:
            await stack.aclose()
        async with Child(_PLAIN, untuned=True) as plain:
            await plain.ask(source=source, dtype=DTYPE, device=DEVICE)
            seen = await _theirs(shape, plain, seen, tell)
            for _ in range(shape.turns - 1):
                seen = await _own(shape, ours, seen, tell)
                seen = await _theirs(shape, plain, seen, tell)
            if shape.crowd:
                seen = dataclasses.replace(
                    seen, equal=await _crowd(ours, shape.crowded),
                    crowded=await _calls(shape, plain, 1, FILLED),
                )  # fmt: skip
                tell(seen)
            if shape.sides:
                tell(dataclasses.replace(seen, mixed=await _crowd(ours, shape.mixed, 1)))


async def _own(shape: Shape, ours: Studio, seen: Seen, tell: Tell) -> Seen:
    grid = await ours.drawn(ours.request(shape.choice))
    turns = dataclasses.replace(
        seen.turns, grids=[*seen.turns.grids, grid.seconds], engine=grid.engine
    )
    seen = dataclasses.replace(seen, turns=turns, trouble=ours.trouble)
    tell(seen)
    return seen


async def _theirs(shape: Shape, plain: Child, seen: Seen, tell: Tell) -> Seen:
    turns = seen.turns
    if not turns.together:
        await _calls(shape, plain, shape.count)
    together = await _calls(shape, plain, shape.count)
    turns = dataclasses.replace(turns, together=[*turns.together, together])
    if shape.aims.apart:
        if not turns.apart:
            await _calls(shape, plain, 1)
        apart = await _calls(shape, plain, 1, shape.count)
        turns = dataclasses.replace(turns, apart=[*turns.apart, apart])
    seen = dataclasses.replace(seen, turns=turns)
    tell(seen)
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
    """Raises EaselError."""
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
