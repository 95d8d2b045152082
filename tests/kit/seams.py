"""Where an old picture ends and what was drawn around it begins: how far neighbouring pixels are
from each other there, and elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

Array = np.ndarray[Any, np.dtype[np.float64]]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


def pixels(picture: Image.Image) -> Array:
    return np.asarray(picture.convert("RGB"), dtype=np.float64)


def jump(picture: Image.Image, box: Box) -> float:
    """The mean difference between the last pixels of the old picture and the first new ones."""
    left, top, right, bottom = box
    image, steps = pixels(picture), []
    for turned, first, last, begin, end in (
        (image, left, right, top, bottom), (image.swapaxes(0, 1), top, bottom, left, right)
    ):  # fmt: skip
        edges = [edge for edge in (first, last) if 0 < edge < turned.shape[1]]
        steps += [abs(turned[begin:end, edge] - turned[begin:end, edge - 1]) for edge in edges]
    return float(np.concatenate(steps).mean())


def jumps_inside(picture: Image.Image, box: Box) -> tuple[float, float]:
    """The mean and the highest of the same across each line of the old picture."""
    left, top, right, bottom = box
    old = pixels(picture)[top:bottom, left:right]
    across = abs(np.diff(old, axis=1)).mean((0, 2))
    down = abs(np.diff(old, axis=0)).mean((1, 2))
    every = np.concatenate([across, down])
    return float(every.mean()), float(every.max())


def across_lines(picture: Image.Image) -> tuple[Array, Array]:
    """How far on the mean the pixels of each column are from those of the next, and of each row."""
    image = pixels(picture)
    return abs(np.diff(image, axis=1)).mean((0, 2)), abs(np.diff(image, axis=0)).mean((1, 2))
