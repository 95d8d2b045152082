"""What an attempt asks for, as values that a drawing needs. Imported in a worker only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from bot import imaging
from bot.domain.errors import RenderFailed
from bot.domain.framing import Frame
from bot.engine.seam import Attempt
from bot.worker.families.family import Size
from bot.worker.palette import recoloured
from bot.worker.surroundings import Surroundings

PREVIEWS = 3
"""Previews of each job."""
REPEATED = 4
"""Times that a picture counts at most of what the lightest one beside it does."""


def to_draw(attempt: Attempt, dtype: torch.dtype) -> list[int]:
    """In half precision always the whole grid: kernels round by the number of rows, and a picture
    is to be the same whichever of its grid are missing."""
    if dtype is torch.float32:
        return list(attempt.indices)
    return sorted(set(attempt.indices) | set(range(attempt.request.get("count", 1))))


def size_of(request: Mapping[str, Any]) -> Size:
    """In pixels."""
    return request["width"], request["height"]


def loras_of(attempt: Attempt) -> list[str]:
    """Keys of those that are on."""
    loras: Mapping[str, float] = attempt.request.get("loras") or {}
    return [key for key, weight in loras.items() if weight]


def generators_of(request: Mapping[str, Any], indices: Sequence[int]) -> list[torch.Generator]:
    """A picture's own, on the CPU, so that every device starts from the same noise."""
    seeds = [request["seeds"][index] for index in indices]
    return [torch.Generator("cpu").manual_seed(seed) for seed in seeds]


@dataclass(frozen=True)
class Start:
    """What a drawing starts from besides words: a picture, and a mask that is light where it is to
    be drawn anew, both in the size to be drawn, which are those of what is drawn `around` an old
    one; and the `palette` that it ends with, and the share of it. Where it is `closed`, opposite
    edges are to go on in each other."""

    picture: Image.Image | None = None
    mask: Image.Image | None = None
    palette: Sequence[float] = ()
    closed: bool = False
    around: Surroundings | None = None

    def covering(self, cell: int) -> Image.Image | None:
        """The mask for latents in cells of so many pixels along a side."""
        return self.around.mask(cell) if self.around else self.mask

    def left(self, request: Mapping[str, Any]) -> tuple[int, float]:
        """Steps and strength of a start from a picture; at least one step is left to be drawn."""
        usual = 1.0 if self.mask else 0.6
        strength = min(1.0, max(0.01, request.get("strength") or usual))
        return max(request["steps"], math.ceil(1 / strength)), strength

    def made(self, request: Mapping[str, Any], whole: int, left: int) -> int:
        """How many of the `left` steps of a schedule of `whole` are made before it is to stop; at
        least one."""
        end = math.ceil(whole * request.get("stop", 1.0) - 1e-6)
        return min(left, max(1, end - (whole - left)))

    def pasted(self, drawn: Image.Image) -> Image.Image:
        """What was drawn, in its colours, where the mask is light; the old pixels elsewhere."""
        if self.palette:
            drawn = recoloured(drawn, self.palette[:-1], self.palette[-1])
        if self.around:
            return self.around.joined(drawn)
        if not (self.picture and self.mask):
            return drawn
        return Image.composite(drawn, self.picture, self.mask)


def start_of(attempt: Attempt) -> Start:
    """Raises RenderFailed("bad_input")."""
    meant = attempt.request.get("meant") or {}
    palette, closed = meant.get("palette") or (), bool(meant.get("tile"))
    if frame := attempt.request.get("frame"):
        around = _surroundings(attempt, Frame(*frame))
        return Start(around.canvas, around.mask(), palette, closed, around)
    picture, mask = _picture(attempt, "source"), _picture(attempt, "mask")
    if mask and not picture:
        raise RenderFailed("bad_input", "A mask needs the picture that it covers.")
    return Start(picture, mask and mask.convert("L"), palette, closed)


def _surroundings(attempt: Attempt, frame: Frame) -> Surroundings:
    name, size = attempt.request.get("source"), size_of(attempt.request)
    if not name:
        raise RenderFailed("bad_input", "A frame needs the picture that is in it.")
    try:
        return Surroundings.of(_decoded(attempt, "source", name), frame, size)
    except ValueError as error:
        raise RenderFailed("bad_input", str(error)) from None


def source_of(attempt: Attempt) -> Image.Image:
    """The picture that is drawn from, in its own size. Raises RenderFailed("bad_input")."""
    return _decoded(attempt, "source", attempt.request.get("source") or "")


def images_of(attempt: Attempt) -> list[Image.Image]:
    """Pictures that are prompts, the heavier ones several times: attention to what is there twice
    is attention of twice the weight. Raises RenderFailed("bad_input")."""
    named = attempt.request.get("images") or ()
    least = min((weight for _, weight in named if weight > 0), default=1.0)
    times = [min(REPEATED, max(1, round(weight / least))) for _, weight in named]
    pictures = [_decoded(attempt, "image", name) for name, _ in named]
    return [each for each, count in zip(pictures, times, strict=True) for _ in range(count)]


Sight = tuple[float, bool]
"""The weight of pictures that are prompts, all together, and whether only their style counts."""
BLIND: Sight = (0.0, False)


def sight_of(request: Mapping[str, Any]) -> Sight:
    """`BLIND` where there are none."""
    weights = [weight for _, weight in request.get("images") or ()]
    weight = sum(weights) / len(weights) if weights else 0.0
    return (weight, bool(request.get("style"))) if weight else BLIND


def _picture(attempt: Attempt, role: str) -> Image.Image | None:
    name, size = attempt.request.get(role), size_of(attempt.request)
    if not name:
        return None
    picture = _decoded(attempt, role, name)
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def _decoded(attempt: Attempt, role: str, name: str) -> Image.Image:
    data = attempt.inputs.get(name)
    if data is None:
        raise RenderFailed("bad_input", f"The {role} picture was not handed over.")
    try:
        return imaging.decode(data)
    except imaging.PictureError as error:
        raise RenderFailed("bad_input", str(error)) from None


def shown(steps: int) -> frozenset[int]:
    """After which of so many steps there is a preview."""
    due = {round(steps * part / (PREVIEWS + 1)) for part in range(1, PREVIEWS + 1)}
    return frozenset(due - {0, steps})
