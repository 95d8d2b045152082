"""Renderings for the captioner to learn from, in chunks: what the shipped model draws of ideas, and
real ones, such as that model learnt from itself, which take a fiftieth of the time.

A chunk is two files: `NNNN.json` (the ideas) and `NNNN.pt` (the views). Chunk n always holds the
same ideas, drawn from the same seeds; drawing can stop and go on. Chunks from `REAL` on are real.
Those from `HELD_OUT` on, by the model, are for the evaluation only: their seeds are in no other
chunk, nor the combinations of every second one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from torch.nn import functional

from bot.training.captions import Idea, draw_idea, held_out, plain_caption
from bot.training.pictures import picture
from bot.training.sampling import Sampling, draw
from bot.training.workplace import load_tensors, save_json, save_tensors

CHUNK, REAL_CHUNK = 128, 256  # pictures in a chunk
REAL = 2_000  # the first chunk of real renderings
HELD_OUT = 9_000  # the first chunk that is kept for the evaluation
SIDE = 64  # pixels along each side of what the captioner sees
_SEEDS = 1_000_000  # of real renderings; those below are kept for evaluation
_CROWDED = ("beside", "hold", "lounge")  # every second one is passed over: one object comes first
_FULL, _QUICK = Sampling(steps=8), Sampling(steps=4)


@dataclass(frozen=True)
class Renderings:
    """Pictures as the captioner sees them, and what each was asked to show."""

    views: torch.Tensor
    ideas: list[Idea]

    def __add__(self, other: Renderings) -> Renderings:
        return Renderings(torch.cat([self.views, other.views]), self.ideas + other.ideas)


def views_of(pixels: torch.Tensor) -> torch.Tensor:
    """Pictures of any size as the captioner sees them: uint8, (n, 3, SIDE, SIDE)."""
    small = functional.interpolate(pixels.float(), (SIDE, SIDE), mode="bilinear", antialias=True)
    return small.round().clamp(0, 255).to(torch.uint8)


def shown_ideas(number: int, names: tuple[str, ...], count: int = CHUNK) -> list[Idea]:
    """The ideas of chunk `number` about these objects."""
    rng = np.random.default_rng([29, number])
    new = number >= HELD_OUT and number % 2 == 0
    weights, found = np.ones(len(names)), []
    while len(found) < count:
        idea = draw_idea(rng, names, weights)
        if idea.layout == "stack" or (idea.layout in _CROWDED and rng.random() < 0.5):
            continue  # "on top of" is not claimed
        if held_out(idea) is new:
            found.append(idea)
    return found


def write_renderings(
    pipeline: StableDiffusionPipeline,
    folder: Path,
    numbers: Iterable[int],
    names: tuple[str, ...],
    say: Callable[[str], None] = print,
    count: int = CHUNK,
) -> None:
    """Have the model draw the chunks that are not there yet: most in four steps, some in eight."""
    for number in _missing(folder, numbers):
        ideas = shown_ideas(number, names, count)
        sampling = _FULL if number >= HELD_OUT or number % 4 == 0 else _QUICK
        pixels = draw(pipeline, [plain_caption(idea) for idea in ideas], sampling, 100 + number)
        _write(folder, number, Renderings(views_of(pixels), ideas))
        say(f"renderings {number}: {count} pictures of {len(names)} objects")


def write_real(
    folder: Path, numbers: Iterable[int], names: tuple[str, ...], count: int = REAL_CHUNK
) -> None:
    """Draw the chunks of real renderings that are not there yet."""
    for number in _missing(folder, numbers):
        ideas, first = shown_ideas(number, names, count), _SEEDS + number * count
        drawn = [picture(idea, first + place) for place, idea in enumerate(ideas)]
        pixels = torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2)
        _write(folder, number, Renderings(views_of(pixels), ideas))


def read_renderings(folder: Path, numbers: Iterable[int]) -> Renderings:
    """Those of these chunks that are there. Raises FileNotFoundError where none is."""
    views, ideas = [], []
    for path in (folder / f"{number:04d}.pt" for number in numbers):
        if path.exists():
            views.append(load_tensors(path)["views"])
            rows = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            ideas += [Idea.from_json(row) for row in rows]
    if not views:
        raise FileNotFoundError(f"no renderings in {folder}: run `renderings` first")
    return Renderings(torch.cat(views), ideas)


def _missing(folder: Path, numbers: Iterable[int]) -> Iterator[int]:
    return (number for number in numbers if not (folder / f"{number:04d}.pt").exists())


def _write(folder: Path, number: int, shown: Renderings) -> None:
    path = folder / f"{number:04d}.pt"
    save_json(path.with_suffix(".json"), [idea.as_json() for idea in shown.ideas])
    save_tensors(path, {"views": shown.views})
