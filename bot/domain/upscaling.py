"""A picture made larger, and how much may be new in that.

It is drawn again tile by tile from its own enlargement; see `bot.worker.enlarging`. A request says
so by `NAME` in its `extra`. Pure; knows nothing about models.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.size import Size

if TYPE_CHECKING:
    from bot.domain.action import Action, Tile
    from bot.domain.request import GenerationRequest

NAME = "upscale"
TIMES = 2
"""The sides of a press over those before it."""
MOST = 4
"""… and over those of what was drawn."""
PIXELS = 5 << 22
"""As many at most: 4096 × 5120."""


class Detail(enum.StrEnum):
    """How much is new; the value is what a request says."""

    SUBTLE = "subtle"
    CREATIVE = "creative"

    def strength(self, usual: float) -> float:
        """A share of the noise schedule, below what is `usual` for variations by the model."""
        return usual * (0.3 if self is Detail.SUBTLE else 0.65)


@dataclass(frozen=True)
class Upscaling:
    """The sides are so many `times` as long as those of what was drawn."""

    detail: Detail
    times: int

    @property
    def price(self) -> int:
        """In grids: twice as high and wide, one picture has the pixels of a grid of four."""
        return self.times**2 // 4


def of(request: GenerationRequest) -> Upscaling | None:
    """None for what was not made larger, or says so in a way that is not known here."""
    try:
        detail, times = dict(request.extra)[NAME]
        return Upscaling(Detail(detail), int(times))
    except (LookupError, TypeError, ValueError):
        return None


def fits(request: GenerationRequest) -> bool:
    """Whether a picture of this request can be made larger."""
    return _times(request) <= MOST and request.size.pixels * TIMES**2 <= PIXELS


def upscaled(
    request: GenerationRequest, tile: Tile, seed: int, strength: float, detail: Detail,
    action: Action, size: Size | None = None,
) -> GenerationRequest:  # fmt: skip
    """One picture of the `tile`, which has this `size`, with longer sides. It is drawn to its end
    whatever the tile was stopped at; `strength` is what is usual for variations."""
    width, height = (size or request.size).sides
    made = request.vary(tile, seed, detail.strength(strength), action)
    larger = replace(made, count=1, size=Size(TIMES * width, TIMES * height))
    return _finished(larger).meaning(NAME, (detail.value, _times(request)))


def follows(before: GenerationRequest, made: GenerationRequest) -> bool:
    """Whether `made` can be one of the pictures of `before` made larger: of twice its sides, or of
    shorter ones where there was too little memory for that."""
    larger = of(made)
    sides = zip(made.size.sides, before.size.sides, strict=True)
    return (
        larger is not None
        and fits(before)
        and larger.times == _times(before)
        and all(side <= TIMES * whole for side, whole in sides)
    )


def kept(before: GenerationRequest, made: GenerationRequest) -> GenerationRequest:
    """`made` for another model, as large as it was."""
    return _finished(replace(made, size=before.size)) if of(before) else made


def _times(request: GenerationRequest) -> int:
    larger = of(request)
    return TIMES * (larger.times if larger else 1)


def _finished(request: GenerationRequest) -> GenerationRequest:
    return replace(request, sampling=replace(request.sampling, stop=1.0))
