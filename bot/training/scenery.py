"""Scenery: the procedural backgrounds of the training pictures, each different by its dice.

It knows the scenes by name and draws them; it knows nothing of objects, styles or captions. A
background is a float array of shape (SIDE, SIDE, 3), 0 to 255.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.training.vocabulary import COLOURS, PLAIN

SIDE = 128
Array = NDArray[np.floating]
Colour = tuple[float, float, float]
Y, X = (axis.astype(np.float32) / SIDE for axis in np.mgrid[0:SIDE, 0:SIDE])


def scenery(scene: str, colour: str, rng: np.random.Generator) -> Array:
    """The background for a scene of the vocabulary; `colour` is used by the plain one only."""
    if scene == PLAIN:
        base = np.array(COLOURS[colour], np.float32)
        return _gradient(tuple(np.clip(base * 1.04, 0, 255)), tuple(base * 0.93))
    return _SCENES[scene](rng)


def noise(rng: np.random.Generator, grain: int) -> Array:
    """Smooth noise of deviation about one with features about `grain` pixels wide."""
    cells = max(2, SIDE // grain)
    coarse = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _gradient(top: Colour, bottom: Colour, start: float = 0.0, end: float = 1.0) -> Array:
    share = np.clip((Y - start) / (end - start), 0, 1)[..., None]
    return np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share


def _edge(distance: Array, width: float = 0.008) -> Array:
    return np.clip(distance / width + 0.5, 0, 1)


def _disc(x: float, y: float, radius: float) -> Array:
    return _edge(radius - np.hypot(X - x, Y - y))


def _ridge(rng: np.random.Generator, height: float, swing: float, waves: int) -> Array:
    along = np.arange(SIDE, dtype=np.float32) / SIDE
    line = np.full(SIDE, height, np.float32)
    for wave in range(1, waves + 1):
        line += swing / wave * np.sin(2 * np.pi * (wave * along * 1.1 + rng.random()))
    return line[None]


def _put(picture: Array, mask: Array, colour: Colour) -> Array:
    mask = mask[..., None]
    return picture * (1 - mask) + np.array(colour, np.float32) * mask


def _dots(rng: np.random.Generator, count: int, size: int, lowest: float = 1.0) -> Array:
    mask = np.zeros((SIDE, SIDE), np.float32)
    for x, y in rng.random((count, 2)):
        left, top = int(x * (SIDE - size)), int(y * lowest * (SIDE - size))
        mask[top : top + size, left : left + size] = 1
    return mask


def _horizon(rng: np.random.Generator) -> float:
    return 0.58 + 0.12 * float(rng.random())


def _aside(rng: np.random.Generator) -> float:
    return 0.15 + 0.7 * float(rng.random())


def _desert(rng: np.random.Generator) -> Array:
    horizon = _horizon(rng)
    picture = _gradient((120, 190, 240), (235, 225, 190), 0, horizon)
    picture = _put(picture, _edge(Y - _ridge(rng, horizon - 0.05, 0.03, 2)), (214, 160, 90))
    picture = _put(picture, _edge(Y - _ridge(rng, horizon + 0.08, 0.035, 2)), (235, 190, 115))
    return _put(picture, _disc(_aside(rng), 0.14, 0.07), (255, 240, 150))


def _beach(rng: np.random.Generator) -> Array:
    horizon = _horizon(rng)
    picture = _gradient((110, 195, 250), (190, 230, 250), 0, horizon - 0.12)
    picture = _put(picture, _edge(Y - (horizon - 0.12)), (30, 140, 200))
    shore = _ridge(rng, horizon + 0.06, 0.015, 3)
    picture = _put(picture, _edge(Y - shore + 0.02), (240, 250, 250))
    picture = _put(picture, _edge(Y - shore), (245, 220, 160))
    return _put(picture, _disc(_aside(rng), 0.13, 0.07), (255, 245, 170))


def _space(rng: np.random.Generator) -> Array:
    picture = _gradient((8, 6, 28), (30, 14, 60))
    picture += np.clip(noise(rng, 32), 0, 2)[..., None] * np.array([25, 8, 40], np.float32)
    picture = _put(picture, _dots(rng, 60, 1), (255, 255, 255))
    x, y = _aside(rng), 0.08 + 0.22 * float(rng.random())
    picture = _put(picture, _disc(x, y, 0.09), (220, 140, 80))
    return _put(picture, _disc(x + 0.02, y + 0.02, 0.06), (235, 165, 105))


def _night(rng: np.random.Generator) -> Array:
    picture = _gradient((10, 18, 60), (50, 70, 130), 0, 0.8)
    picture = _put(picture, _dots(rng, 50, 1, 0.6), (255, 255, 220))
    picture = _put(picture, _disc(_aside(rng), 0.16, 0.08), (250, 245, 210))
    return _put(picture, _edge(Y - _ridge(rng, 0.8, 0.03, 2)), (18, 26, 46))


def _forest(rng: np.random.Generator) -> Array:
    picture = _gradient((150, 200, 160), (110, 170, 110), 0, 0.7)
    for layer, (colour, count) in enumerate((((60, 120, 70), 9), ((30, 85, 45), 7))):
        for number in range(count):
            middle = (number + float(rng.random()) * 0.7) / count
            top = 0.12 + 0.15 * layer + 0.18 * float(rng.random())
            width = 0.09 + 0.04 * layer
            fir = _edge((Y - top) * width / 0.45 - abs(X - middle), 0.01) * _edge(0.76 - Y)
            picture = _put(picture, fir, colour)
    return _put(picture, _edge(Y - 0.74), (70, 105, 50))


def _snow(rng: np.random.Generator) -> Array:
    horizon = _horizon(rng)
    picture = _gradient((150, 180, 215), (225, 235, 245), 0, horizon)
    picture = _put(picture, _edge(Y - _ridge(rng, horizon, 0.03, 2)), (246, 249, 253))
    return _put(picture, _dots(rng, 110, 2), (255, 255, 255))


def _city(rng: np.random.Generator) -> Array:
    picture = _gradient((140, 175, 215), (215, 215, 220), 0, 0.8)
    ground, left = int(SIDE * 0.8), 0
    while left < SIDE:
        width = int(12 + 12 * rng.random())
        top = int(SIDE * (0.15 + 0.4 * rng.random()))
        grey = 90 + 60 * float(rng.random())
        picture[top:ground, left : left + width - 1] = (grey * 0.85, grey * 0.9, grey * 1.1)
        for row in (4, 5):
            lit = slice(top + row, ground - 5, 8), slice(left + 3, left + width - 4, 5)
            picture[lit] = (255, 235, 140)
        left += width
    return _put(picture, _edge(Y - 0.8), (80, 82, 88))


def _underwater(rng: np.random.Generator) -> Array:
    picture = _gradient((60, 190, 225), (8, 50, 110))
    picture = _put(picture, _edge(Y - _ridge(rng, 0.86, 0.02, 3)), (143, 148, 117))
    for x, y, size in rng.random((10, 3)):
        bubble = _disc(float(x), float(y) * 0.8, 0.012 + 0.018 * float(size))
        picture = _put(picture, bubble * 0.6, (200, 240, 255))
    return picture


def _mountains(rng: np.random.Generator) -> Array:
    picture = _gradient((135, 190, 240), (220, 235, 250), 0, 0.6)
    for number in range(4):
        middle = (number + 0.2 + 0.6 * float(rng.random())) / 4
        top = 0.2 + 0.2 * float(rng.random())
        rock = _edge((Y - top) * 0.55 - abs(X - middle))
        picture = _put(picture, rock, (105, 115, 140))
        cap = rock * _edge(top + 0.12 + 0.02 * np.sin(X * 60) - Y)
        picture = _put(picture, cap, (250, 250, 255))
    return _put(picture, _edge(Y - _ridge(rng, 0.76, 0.02, 2)), (95, 145, 80))


def _meadow(rng: np.random.Generator) -> Array:
    horizon = _horizon(rng)
    picture = _gradient((120, 200, 250), (200, 235, 250), 0, horizon)
    ground = _edge(Y - _ridge(rng, horizon, 0.03, 2))
    picture = _put(picture, ground, (110, 190, 75))
    x, y = float(rng.random()), 0.1 + 0.12 * float(rng.random())
    for step in (-0.06, 0.0, 0.06):
        picture = _put(picture, _disc(x + step, y + abs(step) * 0.3, 0.055), (255, 255, 255))
    flowers = _dots(rng, 60, 3) * (horizon + 0.08 < Y)
    colour = (255, 110, 150) if rng.random() < 0.5 else (255, 230, 90)
    return _put(picture, flowers, colour)


def _sunset(rng: np.random.Generator) -> Array:
    horizon = _horizon(rng)
    picture = _gradient((90, 50, 130), (255, 150, 70), 0, horizon)
    picture = _put(picture, _disc(_aside(rng), horizon - 0.05, 0.13), (255, 225, 110))
    return _put(picture, _edge(Y - horizon), (70, 40, 90))


def _volcano(rng: np.random.Generator) -> Array:
    picture = _gradient((70, 30, 40), (190, 80, 50), 0, 0.75)
    middle = 0.3 + 0.4 * float(rng.random())
    cone = _edge((Y - 0.1) * 0.75 - abs(X - middle)) * _edge(Y - 0.24)
    picture = _put(picture, cone, (60, 48, 50))
    lava = _edge(0.05 + 0.02 * np.sin(Y * 40) - abs(X - middle))
    picture = _put(picture, lava * _edge(Y - 0.24) * _edge(0.75 - Y), (255, 120, 30))
    picture = _put(picture, _disc(middle, 0.2, 0.08) * 0.8, (255, 150, 40))
    return _put(picture, _edge(Y - 0.78), (40, 32, 36))


_SCENES: dict[str, Callable[[np.random.Generator], Array]] = {
    "desert": _desert,
    "beach": _beach,
    "space": _space,
    "night": _night,
    "forest": _forest,
    "snow": _snow,
    "city": _city,
    "underwater": _underwater,
    "mountains": _mountains,
    "meadow": _meadow,
    "sunset": _sunset,
    "volcano": _volcano,
}
