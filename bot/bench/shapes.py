"""`easel bench --shapes`: models of well-known shapes with random weights on a CPU, by a worker
process and by plain diffusers."""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.bench import memory
from bot.bench.child import Child, Message
from bot.bench.figures import Figure, Section, below, times
from bot.bench.studio import Studio
from bot.models import box
from bot.service.choice import Choice
from bot.settings import Settings

TITLE = "The shapes of well-known models"
EASEL = "Easel"
HOW = (
    "Random weights in the size of the published models, on the CPU. Easel: a worker process as"
    " `easel run` starts it, once what makes it faster is ready. Plain diffusers: a process of its"
    " own with no variables of ours, which makes a few steps; the others are taken to last as long"
    " as the median of these. In turns; medians."
)
_GUIDANCE = 7.0
_PLAIN, _WEIGHTS = "bot.bench.plain", "bot.bench.random_weights"


@dataclass(frozen=True)
class Shape:
    """A grid of `count` pictures, of `steps` steps, of which the rivals make `few`; `rivals` are
    the precisions of plain diffusers and how many times as fast Easel should be."""

    name: str
    configs: Path
    side: int
    count: int
    steps: int
    few: int
    rivals: Sequence[tuple[str, float | None]]
    turns: int = 2


SHAPES = (
    Shape(
        "Stable Diffusion 1.5", box.FOLDER / "sd1", 256, 4, 20, 4,
        (("float32", 5.0), ("bfloat16", 1.9)),
    ),
    Shape("SDXL", box.FOLDER / "sdxl", 1024, 1, 2, 2, (("bfloat16", None),), turns=1),
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """Seconds of grids by Easel and by plain diffusers in each precision, and of their steps.
    `promised_mib` is what a worker takes care to have for a model and for drawing with it,
    `held_mib` the most that it took."""

    grids: Mapping[str, Sequence[float]]
    steps: Mapping[str, Sequence[float]]
    engine: str
    trouble: str
    held_mib: float
    promised_mib: float


async def measure() -> Section:
    """One shape after the other. Raises EaselError."""
    figures: list[Figure] = []
    notes: list[str] = []
    for shape in SHAPES:
        seen = await play(shape)
        figures += figures_of(shape, seen)
        sys.stderr.write(f"measured: {shape.name}\n{seen}\n")
        notes.append(f"{shape.name}: drawn by {seen.engine}." + f" {seen.trouble}".rstrip())
    return Section(TITLE, HOW, figures, notes)


async def play(shape: Shape) -> Seen:
    """Write the weights, let everybody draw once, then take turns. Raises EaselError."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as place:
        source, data = str(Path(place) / "model"), Path(place) / "data"
        async with Child(_WEIGHTS) as child:
            asked = {"configs": str(shape.configs), "folder": source}
            said = await child.ask(**asked)
        async with contextlib.AsyncExitStack() as stack:
            # Nobody else is in memory while it is converted: that takes several times the model.
            settings = Settings(data_dir=data, device="cpu", model=source)
            ours = await stack.enter_async_context(Studio(settings))
            first = await ours.hastened(_choice(shape, shape.few))
            plain = {dtype: await _plain(stack, source, dtype, shape) for dtype, _ in shape.rivals}
            grids, steps = await _turns(shape, ours, plain)
            held = memory.peak_of(ours.process or 0) or 0.0
            promised = said["promised_mib"] + said["copies"] * _converted_mib(data)
            return Seen(grids, steps, first.engine, ours.trouble, held, promised)


def _converted_mib(data: Path) -> float:
    return sum(file.stat().st_size for file in data.rglob("*.bin")) / 2**20


def _choice(shape: Shape, steps: int) -> Choice:
    return Choice(shape.count, shape.side, shape.side, steps=steps, guidance=_GUIDANCE)


async def _plain(stack: contextlib.AsyncExitStack, source: str, dtype: str, shape: Shape) -> Child:
    child = await stack.enter_async_context(Child(_PLAIN, untuned=True))
    await child.ask(source=source, dtype=dtype)
    await _call(child, shape)
    return child


async def _call(child: Child, shape: Shape) -> Message:
    return await child.ask(
        prompt="a cat in the forest", count=shape.count, side=shape.side, steps=shape.few,
        guidance=_GUIDANCE,
    )  # fmt: skip


async def _turns(
    shape: Shape, ours: Studio, plain: Mapping[str, Child]
) -> tuple[Mapping[str, list[float]], Mapping[str, list[float]]]:
    grids: dict[str, list[float]] = {who: [] for who in (EASEL, *plain)}
    steps: dict[str, list[float]] = {who: [] for who in grids}
    for _ in range(shape.turns):
        grid = await ours.drawn(ours.request(_choice(shape, shape.steps)))
        grids[EASEL].append(grid.seconds)
        steps[EASEL] += grid.steps
        for dtype, child in plain.items():
            said = await _call(child, shape)
            step = statistics.median(said["steps"])
            grids[dtype].append(said["seconds"] + (shape.steps - shape.few) * step)
            steps[dtype] += said["steps"]
    return grids, steps


def figures_of(shape: Shape, seen: Seen) -> list[Figure]:
    """Ratios, then what they are made of."""
    what = f"{shape.name}, {shape.count} of {shape.side}², {shape.steps} steps"
    grid = {who: statistics.median(each) for who, each in seen.grids.items()}
    step = {who: statistics.median(each) for who, each in seen.steps.items()}
    rows: list[Figure] = []
    for dtype, aim in shape.rivals:
        rows.append(
            times(f"{what}: as fast as plain diffusers in {dtype}", grid[dtype] / grid[EASEL], aim)
        )
        rows.append(times(f"… a step, against {dtype}", step[dtype] / step[EASEL]))
    rows += [
        Figure(f"… {who}: a grid / a step", f"{grid[who]:.3g} / {step[who]:.3g} s") for who in grid
    ]
    told = "… the most memory that the worker held, beside what it takes care to have"
    return [*rows, below(told, seen.held_mib, round(seen.promised_mib), "MiB")]
