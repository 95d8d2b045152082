"""How a picture is made larger before anything is drawn, and what of a drawing of it is kept.

Coarse colours stay those of the enlargement, as by a frequency split (of StableSR's colour fix,
Wang et al. 2024): the drawing gives what is finer, where the picture is lively already. For a model
makes of every tile what the words say of the whole: without that, each sky would have an owl.
Where little is to be new, no more is kept than moves pixels by `MOVED` in the root mean square.
Imported in a worker only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageStat

from bot.domain.upscaling import Detail

Array = np.ndarray[Any, np.dtype[np.float32]]

_RADIUS = {Detail.SUBTLE: 1 / 256, Detail.CREATIVE: 1 / 64}
"""Of a tile's side, but `_FINEST` pixels at least: what is coarser is not taken from a drawing."""
_FINEST = 2.0
_AROUND = 1 / 32
"""Of a tile's side: how far around a pixel its picture is looked at for being lively."""
_LIVELY = 6.0
"""Of 255, the mean distance from what is around: from here on a drawing is taken wholly."""
SHARPENED, MOVED = 3.0, 4.5
"""Of 255, root mean squares: how far sharpening, and then a subtle drawing, moves an enlargement.
Both together stay within 7.5, which is 30.6 dB."""


def enlarged(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """By Lanczos's filter, and as sharp as moves it by `SHARPENED`."""
    plain = picture.resize(size, Image.Resampling.LANCZOS)
    times = max(1.0, size[0] / picture.width)
    sharp = plain.filter(ImageFilter.UnsharpMask(radius=times, percent=100, threshold=0))
    moved = ImageStat.Stat(ImageChops.difference(plain, sharp)).rms
    far = _root_mean_square(np.array(moved, dtype=np.float32))
    return sharp if far <= SHARPENED else Image.blend(plain, sharp, SHARPENED / far)


def joined(start: Image.Image, drawn: Image.Image, detail: Detail) -> Image.Image:
    """What is kept of what was `drawn` from the tile `start` of an enlargement."""
    side = max(start.size)
    radius = max(_FINEST, side * _RADIUS[detail])
    fine = (_fine(drawn, radius) - _fine(start, radius)) * _liveliness(start, side * _AROUND)
    if detail is Detail.SUBTLE:
        fine *= min(1.0, MOVED / max(1e-6, _root_mean_square(fine)))
    whole = np.asarray(start, dtype=np.float32) + fine
    return Image.fromarray(whole.clip(0, 255).round().astype(np.uint8))


def _fine(picture: Image.Image, radius: float) -> Array:
    """What of it is finer."""
    coarse = picture.filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(picture, dtype=np.float32) - np.asarray(coarse, dtype=np.float32)


def _liveliness(picture: Image.Image, radius: float) -> Array:
    """(height, width, 1) from 0, where it is flat, to 1."""
    far = abs(_fine(picture.convert("L"), radius)).round().astype(np.uint8)
    around = Image.fromarray(far).filter(ImageFilter.GaussianBlur(radius))
    return (np.asarray(around, dtype=np.float32) / _LIVELY).clip(0, 1)[..., None]


def _root_mean_square(numbers: Array) -> float:
    return float(np.sqrt(np.mean(np.square(numbers))))
