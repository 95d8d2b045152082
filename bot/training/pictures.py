"""Pictures: an idea drawn as sprites on scenery, in a style.

It knows where each layout puts its objects. The same idea and seed give the same picture, bit by
bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from bot.training.captions import Idea
from bot.training.scenery import SIDE, Array, X, Y, scenery
from bot.training.sprites import sprite, tinted
from bot.training.styles import styled

_FLOATING = ("space", "underwater")  # scenes in which nothing throws a shadow


@dataclass(frozen=True)
class Placed:
    """Where a sprite goes: its centre as shares of the side, its size in pixels, its tilt."""

    name: str
    x: float
    y: float
    size: int
    tilt: float = 0.0
    shadow: bool = True


def picture(idea: Idea, seed: int) -> np.ndarray:
    """The idea as pixels, uint8, shape (SIDE, SIDE, 3)."""
    return picture_and_cover(idea, seed)[0]


def picture_and_cover(idea: Idea, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The idea as pixels, and how far objects cover each.

    uint8, shapes (SIDE, SIDE, 3) and (SIDE, SIDE).
    """
    rng = np.random.default_rng(seed)
    canvas = np.ascontiguousarray(scenery(idea.scene, idea.colour, rng), np.float32)
    mask = np.zeros((SIDE, SIDE), np.float32)
    for placed in _places(idea, rng):
        _paste(canvas, mask, placed, idea.tint, idea.scene not in _FLOATING)
    pixels = styled(canvas, mask, idea.style, rng).astype(np.uint8)
    return pixels, (mask * 255).astype(np.uint8)


def _places(idea: Idea, rng: np.random.Generator) -> list[Placed]:
    def around(middle: float, spread: float) -> float:
        return middle + spread * (float(rng.random()) - 0.5)

    def size(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    first, *others = idea.objects
    match idea.layout:
        case "single":
            return [
                Placed(first, around(0.5, 0.16), around(0.57, 0.1), size(66, 94), around(0, 14))
            ]
        case "two":
            side, low = size(52, 60), around(0.6, 0.08)
            return [Placed(first, around(x, 0.03), low, side) for x in (0.27, 0.73)]
        case "three":
            side, low = size(40, 45), around(0.6, 0.1)
            return [Placed(first, around(x, 0.02), low, side) for x in (0.18, 0.5, 0.82)]
        case "beside":
            slide = around(0, 0.04)
            return [
                Placed(others[0], 0.73 + slide, around(0.6, 0.06), size(52, 60)),
                Placed(first, 0.27 + slide, around(0.6, 0.06), size(52, 60)),
            ]
        case "stack":
            x, side = around(0.5, 0.16), size(54, 60)
            return [
                Placed(others[0], x, 0.75, side),
                Placed(first, x + around(0, 0.04), 0.75 - side / SIDE * 0.95, side, 0, False),
            ]
        case "hold":
            x = around(0.42, 0.06)
            return [
                Placed(first, x, around(0.56, 0.04), size(68, 78)),
                Placed(others[0], x + 0.32, 0.70, size(38, 44), around(-5, 10), False),
            ]
    return _lounging(idea, around, size(92, 102))


def _lounging(idea: Idea, around: Callable[[float, float], float], side: int) -> list[Placed]:
    who, lounger, *drink = idea.objects
    x, y = around(0.46, 0.05), around(0.65, 0.05)
    places = [
        Placed(lounger, x, y, side),
        Placed(who, x - 0.05, y - 0.13, int(side * 0.60), 20, False),
    ]
    if drink:
        places.append(Placed(drink[0], x + 0.36, y - 0.14, int(side * 0.38), 0, False))
    return places


def _paste(canvas: Array, mask: Array, placed: Placed, tint: str, shadows: bool) -> None:
    whole = tinted(placed.name, tint) if tint else sprite(placed.name)
    cut = whole.resize((placed.size, placed.size), Image.Resampling.LANCZOS)
    if placed.tilt:
        cut = cut.rotate(placed.tilt, Image.Resampling.BICUBIC, expand=True)
    if shadows and placed.shadow:
        half = placed.size / SIDE
        across = ((X - placed.x) / (half * 0.42)) ** 2
        down = ((Y - (placed.y + half * 0.47)) / 0.05) ** 2
        canvas *= 1 - 0.35 * np.exp(-1.2 * (across + down))[..., None]
    page = Image.new("RGBA", (SIDE, SIDE))
    corner = (int(placed.x * SIDE - cut.width / 2), int(placed.y * SIDE - cut.height / 2))
    page.paste(cut, corner)
    layer = np.asarray(page, np.float32)
    cover = layer[..., 3:] / 255
    canvas *= 1 - cover
    canvas += layer[..., :3] * cover
    np.maximum(mask, cover[..., 0], out=mask)
