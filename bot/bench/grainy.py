"""The simulated engine with pictures as heavy as photographs: a flat one compresses to nothing.

Options beside those of `bot.worker.simulated`: `side`, the pixels of a square picture to prepare.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageChops

from bot.engine.seam import Run
from bot.worker.simulated import SimulatedEngine

_PREPARED = 6
_SEED = 7


def create(options: Mapping[str, Any]) -> GrainyEngine:
    """The factory that a worker calls."""
    return GrainyEngine(options)


class GrainyEngine(SimulatedEngine):
    """Draws prepared pictures, so that drawing costs time but, as on a GPU, no CPU."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._pictures = [grainy(options["side"], _SEED + n) for n in range(_PREPARED)]

    def retire(self, run: Run) -> Sequence[Image.Image]:
        """Prepared pictures in the size of the engine's `side`, whatever the request says."""
        attempt = run.attempt
        first = attempt.request["seeds"][0]
        return [self._pictures[(first + index) % _PREPARED] for index in attempt.indices]


def grainy(side: int, seed: int) -> Image.Image:
    """Soft colour patches with film grain: about 1.5 MiB lossless at 1024²."""
    bands = [_band(side, random.Random(f"{seed} {band}")) for band in range(3)]
    soft = Image.merge("RGB", bands)
    # The same grain in every band, as film has it.
    grain = Image.effect_noise((side, side), 12)
    return ImageChops.add(soft, Image.merge("RGB", [grain] * 3), offset=-128)


def _band(side: int, chance: random.Random) -> Image.Image:
    cells = Image.frombytes("L", (12, 12), chance.randbytes(144))
    return cells.resize((side, side), Image.Resampling.BICUBIC)
