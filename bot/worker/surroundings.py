"""An old picture inside a new one: what is drawn around it starts from, and how the two meet.

Knows pictures and where they lie; not latents or models. Imported in a worker only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from bot import imaging
from bot.domain.framing import Frame

Array = np.ndarray[Any, np.dtype[np.floating[Any]]]
Size = tuple[int, int]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""

_BAND = 1 / 4
"""The share of a picture's shorter side over which what is new takes on the colours of the old."""
_SLIGHT = 12.0
"""Of 255; a larger step is something that was drawn."""


@dataclass(frozen=True)
class Surroundings:
    """`canvas` is the new picture before anything is drawn: the old one in its `box`, and around it
    what goes on from its edges."""

    canvas: Image.Image
    box: Box

    @classmethod
    def of(cls, old: Image.Image, frame: Frame, size: Size) -> Surroundings:
        """An old picture of another size than its frame is resized by Lanczos's filter. Raises
        ValueError for a frame that holds nothing of the new picture."""
        left, top, right, bottom = box = frame.within(*size)
        if left >= right or top >= bottom:
            raise ValueError("The old picture lies outside of the new one.")
        x, y = frame.left, frame.top
        old = imaging.fitted(old, (frame.width, frame.height))
        kept = old.crop((left - x, top - y, right - x, bottom - y))
        spread = _padded(np.asarray(kept, dtype=np.float32), box, size)
        canvas = _whole(_softened(spread, _distance(box, size)))
        canvas.paste(kept, (left, top))
        return cls(canvas, box)

    def mask(self, cell: int = 1) -> Image.Image:
        """White where the picture is to be drawn; a cell of so many pixels along a side is drawn
        where it holds nothing of the old picture."""
        left, top, right, bottom = self.box
        mask = Image.new("L", self.canvas.size, 255)
        mask.paste(0, (left // cell * cell, top // cell * cell,
                       -(-right // cell) * cell, -(-bottom // cell) * cell))  # fmt: skip
        return mask

    def joined(self, drawn: Image.Image) -> Image.Image:
        """The old pixels, and around them what was drawn, moved towards their colours.

        By what old and drawn pixels differ at the frame's edges, the first new ones are moved as
        well, and others less within a band: the finer that difference is, the sooner it is lost, as
        of a membrane (Pérez et al. 2003). So the step from old to new is the one that was drawn,
        without the `_SLIGHT` one that decoders leave where latents meet.
        """
        old, new = (np.array(each, dtype=np.float32) for each in (self.canvas, drawn))
        left, top, right, bottom = self.box
        kept = np.s_[top:bottom, left:right]
        spread = (old - new)[kept]
        for inner, outer in _edges(self.box, drawn.size):
            spread[inner] += (new[kept][inner] - new[outer]).clip(-_SLIGHT, _SLIGHT)
        band = max(8.0, _BAND * min(drawn.size))
        far = np.minimum(band, _distance(self.box, drawn.size))
        near = _around((far > 0) & (far < band))
        spread = _padded(spread, self.box, drawn.size)[near]
        new[near] += _softened(spread, far[near]) * _fading(far[near], band)
        new[kept] = old[kept]
        return _whole(new)


def _edges(box: Box, size: Size) -> Iterator[tuple[Any, Any]]:
    """The lines of the box that something new is next to, and those next to them."""
    left, top, right, bottom = box
    if left > 0:
        yield np.s_[:, 0], np.s_[top:bottom, left - 1]
    if right < size[0]:
        yield np.s_[:, -1], np.s_[top:bottom, right]
    if top > 0:
        yield np.s_[0], np.s_[top - 1, left:right]
    if bottom < size[1]:
        yield np.s_[-1], np.s_[bottom, left:right]


def _padded(kept: Array, box: Box, size: Size) -> Array:
    """What is in the box, and beyond it the edge that is next."""
    left, top, right, bottom = box
    around = (top, size[1] - bottom), (left, size[0] - right), (0, 0)
    return np.pad(kept, around, "edge")


def _whole(array: Array) -> Image.Image:
    return Image.fromarray(array.clip(0, 255).round().astype(np.uint8))


def _distance(box: Box, size: Size) -> Array:
    """Of each pixel from the next one of the box, in pixels."""
    across, down = (
        np.maximum(0, np.maximum(first - place, place - last + 1))
        for first, last, place in (
            (box[0], box[2], np.arange(size[0])), (box[1], box[3], np.arange(size[1]))
        )
    )  # fmt: skip
    return np.hypot(across[None], down[:, None]).astype(np.float32)


def _around(where: Any) -> tuple[slice, slice]:
    """The smallest rows and columns with all that is true."""
    lines = (np.flatnonzero(where.any(axis)) for axis in (1, 0))
    down, across = (slice(*(line[[0, -1]] + (0, 1))) if len(line) else slice(0) for line in lines)
    return down, across


def _fading(far: Array, band: float) -> Array:
    """From 1 near the box to 0 at the end of the band."""
    return 0.5 + 0.5 * np.cos(np.pi * far / band)[..., None]


def _softened(spread: Array, far: Array) -> Array:
    """Blurred by as many pixels as it is far, of what is outside of the box."""
    octave, outside = np.log2(np.maximum(far, 1.0)), (far > 0).astype(np.float32)
    found = np.zeros_like(spread)
    for level in range(math.ceil(octave.max(initial=0)) + 1):
        weight = (1 - abs(octave - level)).clip(0, 1)
        share = np.maximum(_blurred(outside, 2**level), 1e-3)
        for band in range(3) if weight.any() else ():
            blurred = _blurred(spread[..., band] * outside, 2**level) / share
            found[..., band] += weight * blurred
    return found


def _blurred(array: Array, pixels: int) -> Array:
    """The mean over so many pixels along a side, as smooth as that allows."""
    height, width = array.shape
    small = max(1, width // pixels), max(1, height // pixels)
    if pixels == 1:
        return array
    image = Image.fromarray(array).resize(small, Image.Resampling.BOX)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
