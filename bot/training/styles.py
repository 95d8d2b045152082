"""Styles: what turns a flat composition into a photo, an oil painting, pixel art and so on.

It knows pictures as float arrays of shape (SIDE, SIDE, 3), 0 to 255, with a mask of where the
objects are; it does not know what they show. Every style draws from its own dice, so a seed
repeats it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bot.training.scenery import SIDE, Array, X, Y, noise

_LUMA = np.array([0.3, 0.59, 0.11], np.float32)
_PALETTES = 12  # arrangements of brush strokes that oil paintings choose from


def styled(picture: Array, mask: Array, style: str, rng: np.random.Generator) -> Array:
    """The picture in a style of the vocabulary; `mask`, (SIDE, SIDE), is 1 where objects are."""
    return np.clip(_STYLES[style](picture, mask, rng), 0, 255)


def _plain(picture: Array, _mask: Array, _rng: np.random.Generator) -> Array:
    return picture


def _photo(picture: Array, mask: Array, rng: np.random.Generator) -> Array:
    """Shaded as if round and lit from one side, in front of a blurred and dimmed background."""
    far = _blur(picture, 2.2) * 0.86
    height = _blur(mask, 5.0) + 0.6 * _blur(mask, 2.0)
    slope_y, slope_x = np.gradient(height)
    angle = float(rng.uniform(-2.4, -0.8))
    light = -(slope_x * np.cos(angle) + slope_y * np.sin(angle))
    near = picture * (0.92 + 2.6 * light * mask)[..., None]
    near += (np.clip(light - 0.06, 0, 1) * mask * 520)[..., None]
    near = near * _blur(mask, 0.6)[..., None] + far * (1 - _blur(mask, 0.6))[..., None]
    lens = 1.08 - 1.1 * ((X - 0.5) ** 2 + (Y - 0.5) ** 2)
    return _saturated(near, 0.82) * lens[..., None]


def _oil(picture: Array, mask: Array, rng: np.random.Generator) -> Array:
    """Thick strokes along swirls, larger behind the objects than on them, in louder colours."""
    coarse, fine, relief = _strokes(int(rng.integers(_PALETTES)))
    loud = _saturated(picture, 1.35)
    loud = (loud - 118) * 1.12 + 122
    on_object = _blur(mask, 1.5) > 0.25
    label = np.where(on_object, fine, coarse)
    centre_y, centre_x = label // SIDE, label % SIDE
    painted = loud[centre_y, centre_x]
    tint = rng.normal(0, 8, (SIDE * SIDE, 3)).astype(np.float32)
    strength = np.where(on_object, 0.4, 1.6)[..., None]
    depth = np.where(on_object, 7, 16)[..., None]
    return painted + tint[label] * strength + relief[..., None] * depth


@lru_cache(maxsize=_PALETTES)
def _strokes(number: int) -> tuple[np.ndarray, np.ndarray, Array]:
    """Two layers of strokes and their relief; a pixel names the pixel whose colour it takes."""
    rng = np.random.default_rng(7100 + number)
    flow = noise(rng, 64) * 1.6
    coarse = _stroke_layer(rng, flow, 2600, 7, 5)
    fine = _stroke_layer(rng, flow, 20000, 2, 2)
    edges = (coarse != np.roll(coarse, 1, 0)).astype(np.float32)
    shade = (coarse != np.roll(coarse, -1, 0)).astype(np.float32)
    return coarse, fine, edges - shade + 0.35 * noise(rng, 3)


def _stroke_layer(
    rng: np.random.Generator, flow: Array, count: int, reach: int, width: int
) -> np.ndarray:
    page = Image.fromarray(np.arange(SIDE * SIDE, dtype=np.int32).reshape(SIDE, SIDE))
    draw = ImageDraw.Draw(page)
    for x, y in rng.integers(0, SIDE, (count, 2)):
        angle = float(flow[y, x])
        dx, dy = reach * np.cos(angle), reach * np.sin(angle)
        draw.line([(x - dx, y - dy), (x + dx, y + dy)], fill=int(y * SIDE + x), width=width)
    return np.asarray(page)


def _pixel(picture: Array, mask: Array, _rng: np.random.Generator) -> Array:
    """Squares of four pixels in few colours, with a dark outline around the objects."""
    small = picture.reshape(32, 4, 32, 4, 3).mean((1, 3))
    inside = mask.reshape(32, 4, 32, 4).mean((1, 3)) > 0.5
    grown = inside.copy()
    for axis in (0, 1):
        for step in (1, -1):
            grown |= np.roll(inside, step, axis)
    small = np.round(np.clip(_saturated(small, 1.25), 0, 255) / 51) * 51
    small[grown & ~inside] = (34, 26, 44)
    return small.repeat(4, 0).repeat(4, 1)


def _sketch(picture: Array, mask: Array, rng: np.random.Generator) -> Array:
    """Graphite on cream paper: dodged lines, hatching where it is dark."""
    grey = picture @ _LUMA
    soft = _blur(255 - grey, 2.5)
    lines = np.clip(grey * 255 / np.maximum(255 - soft, 1), 0, 255)
    lines = 255 - (255 - lines) * 1.9
    hatch = 0.5 + 0.5 * np.sin((X + Y) * SIDE * 1.6 + 0.6 * noise(rng, 24))
    tone = np.clip((150 - grey) / 150, 0, 1) * (0.4 + 0.6 * mask)
    page = np.clip(lines, 30, 250) - tone * hatch * 90
    return page[..., None] * np.array([0.99, 0.975, 0.93], np.float32)


def _watercolour(picture: Array, mask: Array, rng: np.random.Generator) -> Array:
    """Pale washes that gather at their edges, wetter behind the objects, on white paper."""
    near = _blur(mask, 0.8)[..., None]
    wash = _saturated(_blur(picture, 0.7) * near + _blur(picture, 2.2) * (1 - near), 1.3)
    grey = wash @ _LUMA
    slope_y, slope_x = np.gradient(grey)
    rim = np.clip(np.hypot(slope_x, slope_y) * 4, 0, 110)[..., None]
    pigment = 0.52 + 0.30 * near
    wash = wash * pigment + 255 * (1 - pigment) - rim * 0.3 + (noise(rng, 9) * 9)[..., None]
    inset = np.minimum(np.minimum(X, 1 - X), np.minimum(Y, 1 - Y)) / 0.07
    paper = np.clip(inset - 0.5 + noise(rng, 12) * 0.35, 0, 1)[..., None]
    return wash * paper + 251 * (1 - paper)


def _neon(picture: Array, mask: Array, _rng: np.random.Generator) -> Array:
    """Glowing outlines of the objects' own colours on a violet dark."""
    grey = _blur(picture @ _LUMA, 0.8)
    slope_y, slope_x = np.gradient(grey)
    lines = np.clip(np.hypot(slope_x, slope_y) / 22, 0, 1)
    slope_y, slope_x = np.gradient(_blur(mask, 1.0))
    outline = np.clip(np.hypot(slope_x, slope_y) * 4, 0, 1)
    glow = np.clip(lines * (0.3 + 0.7 * mask) + outline, 0, 1)
    hue = _saturated(_blur(picture, 2.0), 2.4)
    hue = np.clip(hue / np.maximum(hue.max(2, keepdims=True), 1) * 255, 40, 255)
    dark = picture * 0.13 + np.array([14, 4, 34], np.float32)
    halo = _blur(glow, 4.0)[..., None] * 1.3
    return dark + hue * np.clip(glow[..., None] + halo * 0.55, 0, 1.1)


def _saturated(picture: Array, amount: float) -> Array:
    grey = (picture @ _LUMA)[..., None]
    return grey + (picture - grey) * amount


def _blur(array: Array, radius: float) -> Array:
    """Gaussian blur of one channel or three, floats kept."""
    if array.ndim == 3:
        return np.stack([_blur(array[..., channel], radius) for channel in range(3)], -1)
    image = Image.fromarray(np.clip(array, -1e6, 1e6).astype(np.float32))
    scale = 255.0 if float(array.max(initial=0)) <= 1.5 else 1.0
    eight = Image.fromarray(np.clip(np.asarray(image) * scale, 0, 255).astype(np.uint8))
    blurred = eight.filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(blurred, np.float32) / scale


_STYLES: dict[str, Callable[[Array, Array, np.random.Generator], Array]] = {
    "illustration": _plain,
    "photo": _photo,
    "oil painting": _oil,
    "pixel art": _pixel,
    "pencil sketch": _sketch,
    "watercolour": _watercolour,
    "neon": _neon,
}
