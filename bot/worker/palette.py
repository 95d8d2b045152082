"""The colours of a picture as a few numbers, and giving them to another: its pixels are moved and
turned so that they have the same mean and the same covariance (Pitié & Kokaram 2007).

Knows pictures; not requests, and not torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

Array = np.ndarray[Any, np.dtype[np.float64]]

_SIDE = 256
"""Pixels of the side of what is looked at."""
_LEAST = 1e-4
"""Of variance: a picture of one colour is divided by it."""
_UPPER = np.triu_indices(3)


def palette_of(image: Image.Image) -> list[float]:
    """The mean of red, green and blue from 0 to 1, and the upper half of their covariance."""
    small = image.copy()
    small.thumbnail((_SIDE, _SIDE))
    mean, spread = _moments(_pixels(small))
    return [round(float(each), 6) for each in (*mean, *spread[_UPPER])]


def recoloured(image: Image.Image, palette: Sequence[float], share: float) -> Image.Image:
    """The picture in other colours, by so much: 0 leaves it, 1 is wholly theirs."""
    pixels = _pixels(image)
    mean, spread = _moments(pixels)
    wanted = np.zeros((3, 3))
    wanted[_UPPER] = palette[3:9]
    wanted += np.triu(wanted, 1).T
    moved = (pixels - mean) @ _between(spread, wanted) + np.asarray(palette[:3])
    mixed = (1 - share) * pixels + share * moved
    whole = (mixed.clip(0, 1) * 255).round().astype(np.uint8)
    return Image.fromarray(whole.reshape(image.height, image.width, 3))


def _pixels(image: Image.Image) -> Array:
    return np.asarray(image.convert("RGB"), dtype=np.float64).reshape(-1, 3) / 255


def _moments(pixels: Array) -> tuple[Array, Array]:
    centred = pixels - (mean := pixels.mean(0))
    return mean, centred.T @ centred / len(pixels) + _LEAST * np.eye(3)


def _between(spread: Array, wanted: Array) -> Array:
    """The symmetric matrix that turns one covariance into another and moves pixels least."""
    root = _root(spread)
    inverse = np.linalg.inv(root)
    return inverse @ _root(root @ wanted @ root) @ inverse


def _root(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(0))) @ vectors.T
