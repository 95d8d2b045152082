"""Data: chunks of ideas with their pictures, as latents once an autoencoder is there.

A chunk is two files: `NNNN.json` (the ideas, and the seed of each picture) and `NNNN.pt` (the
latents, half precision, or the pixels, and where the objects are). Chunk n always holds the same
ideas; drawing can stop and go on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from torch.nn.functional import avg_pool2d

from bot.training.captions import Idea, draw_training_idea
from bot.training.pictures import picture_and_cover
from bot.training.vocabulary import THINGS
from bot.training.workplace import Workplace, load_tensors, save_json, save_tensors

CHUNK = 2000  # pictures in a chunk
_SEEDS = 1_000_000  # seeds below this are kept for evaluation


@dataclass(frozen=True)
class Examples:
    """Pictures to learn from.

    `latents`: float16, (n, 4, 32, 32); `cover`: uint8, (n, 1, 32, 32), 255 where an object is.
    """

    latents: torch.Tensor
    cover: torch.Tensor
    ideas: Sequence[Idea]


@dataclass(frozen=True)
class Course:
    """Which objects are taught: the first `objects`, the first `known` of them less often."""

    objects: int
    known: int = 0
    known_weight: float = 0.5

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(thing.name for thing in THINGS[: self.objects])

    @property
    def weights(self) -> np.ndarray:
        weights = np.ones(self.objects)
        weights[: self.known] = self.known_weight
        return weights


def draw_ideas(course: Course, number: int, count: int = CHUNK) -> list[tuple[Idea, int]]:
    """The ideas of chunk `number` and the seeds of their pictures."""
    rng = np.random.default_rng([17, number])
    first = _SEEDS + number * count
    return [
        (draw_training_idea(rng, course.names, course.weights), first + offset)
        for offset in range(count)
    ]


def draw_pixels(ideas: list[tuple[Idea, int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures of the ideas, and how far objects cover each latent pixel.

    uint8, shapes (n, 3, 128, 128) and (n, 1, 32, 32).
    """
    drawn = [picture_and_cover(idea, seed) for idea, seed in ideas]
    pixels = torch.from_numpy(np.stack([pixels for pixels, _ in drawn]))
    cover = torch.from_numpy(np.stack([cover for _, cover in drawn]))[:, None]
    return pixels.permute(0, 3, 1, 2).contiguous(), avg_pool2d(cover.float(), 4).byte()


@torch.no_grad()
def encode(autoencoder: AutoencoderTiny, pixels: torch.Tensor, batch: int = 50) -> torch.Tensor:
    """Latents of the pictures: float16, shape (n, 4, 32, 32)."""
    device = next(autoencoder.parameters()).device
    parts = []
    for part in pixels.split(batch):
        scaled = part.to(device).float() / 127.5 - 1
        parts.append(autoencoder.encode(scaled).latents.half().cpu())  # type: ignore[union-attr]
    return torch.cat(parts)


def write_chunks(
    place: Workplace,
    course: Course,
    numbers: range,
    autoencoder: AutoencoderTiny | None,
    say: Callable[[str], None] = print,
    count: int = CHUNK,
) -> None:
    """Draw the chunks that are not there yet; pixels are kept where there is no autoencoder."""
    place.prepare()
    for number in numbers:
        path = place.chunks / f"{number:04d}.pt"
        if path.exists():
            continue
        ideas = draw_ideas(course, number, count)
        pixels, cover = draw_pixels(ideas)
        kept = {"cover": cover}
        if autoencoder is None:
            kept["pixels"] = pixels
        else:
            kept["latents"] = encode(autoencoder, pixels)
        save_json(path.with_suffix(".json"), [[idea.as_json(), seed] for idea, seed in ideas])
        save_tensors(path, kept)
        say(f"chunk {number}: {count} pictures of {course.objects} objects")


def read_ideas(path: Path) -> list[Idea]:
    """The ideas of one chunk."""
    rows = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return [Idea.from_json(row) for row, _seed in rows]


def read_examples(place: Workplace, names: Sequence[str]) -> Examples:
    """What all chunks so far hold in which only these objects are shown."""
    latents, cover, ideas, taught = [], [], [], set(names)
    for path in sorted(place.chunks.glob("*.pt")):
        chunk = load_tensors(path)
        if "latents" not in chunk:
            continue
        told = read_ideas(path)
        fits = [place for place, idea in enumerate(told) if taught.issuperset(idea.objects)]
        latents.append(chunk["latents"][fits])
        cover.append(chunk["cover"][fits])
        ideas += [told[place] for place in fits]
    if not latents:
        raise FileNotFoundError(f"no latents in {place.chunks}: run `data` after `autoencoder`")
    return Examples(torch.cat(latents), torch.cat(cover), ideas)
