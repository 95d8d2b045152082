"""How a picture grows: where the old one lies in the new one, and how large that one is.

Pure geometry in pixels; knows nothing about models or what is drawn around the old picture.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from bot.domain.errors import InvalidPrompt
from bot.domain.language import _
from bot.domain.size import WIDEST, AspectRatio, Size


@dataclass(frozen=True)
class Frame:
    """Where the source picture lies in the new one, in pixels from its top left corner; it may
    reach beyond it."""

    left: int
    top: int
    width: int
    height: int

    def scaled(self, before: Size, after: Size) -> Frame:
        """The same place in a picture of another size."""
        across, down = after.width / before.width, after.height / before.height
        left, right = (round(x * across) for x in (self.left, self.left + self.width))
        top, bottom = (round(y * down) for y in (self.top, self.top + self.height))
        return Frame(left, top, max(1, right - left), max(1, bottom - top))

    def within(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what is seen of it in so large a picture."""
        right, bottom = self.left + self.width, self.top + self.height
        return max(0, self.left), max(0, self.top), min(width, right), min(height, bottom)


_ENOUGH = 0.8
"""Of a model's native pixels: of fewer it draws badly."""

Framed = tuple[Size, Frame]
"""The new size, and where the old picture lies."""


@dataclass(frozen=True)
class Bounds:
    """What can be drawn: sides divisible by `multiple`, and so many `pixels` in all."""

    multiple: int = 8
    pixels: int = 1 << 24

    def allow(self, size: Size) -> bool:
        """Whether such a picture can be drawn."""
        short, long = sorted(size.sides)
        return size.pixels <= self.pixels and long <= WIDEST * short


class Side(enum.Enum):
    """Where a picture grows; the value is the direction across and down."""

    LEFT = (-1, 0)
    RIGHT = (1, 0)
    UP = (0, -1)
    DOWN = (0, 1)


def drawable(width: int, height: int, native: int, bounds: Bounds) -> Size:
    """The size in which a picture of so many pixels is drawn on by a model that has `native` ones
    along a side: its own where the model takes that, else the nearest of its shape."""
    own = Size(width, height)
    whole = not any(side % bounds.multiple for side in own.sides)
    if whole and bounds.allow(own) and own.pixels >= _ENOUGH * native**2:
        return own
    ratio = AspectRatio(min(width, WIDEST * height), min(height, WIDEST * width))
    return Size.fit(ratio, native, bounds.multiple)


def zoomed_out(size: Size, times: float) -> Framed:
    """The old picture in the middle, so many times smaller."""
    width, height = (_inside(side, side / times) for side in size.sides)
    return size, _centred(size, width, height)


def zoomed(old: Size, size: Size, times: float) -> Framed:
    """The whole old picture in the middle of a new one, in which it would fit so many times larger.
    Raises InvalidPrompt where nothing would be around it."""
    share = min(size.width / old.width, size.height / old.height) / times
    width, height = (
        _inside(side, share * own) for side, own in zip(size.sides, old.sides, strict=True)
    )
    if width >= size.width and height >= size.height:
        raise InvalidPrompt(
            _(
                "`--zoom 1` in the same shape leaves nothing to draw; say more, up to 2, or another"
                " `--ar`."
            )
        )
    return size, _centred(size, width, height)


def panned(size: Size, side: Side, bounds: Bounds) -> Framed:
    """Half as large again on one side; where that is out of bounds, of the same size and half
    further on, so that the half of the old picture that is left behind is lost."""
    across, down = side.value
    length = size.width if across else size.height
    step = max(1, round(length / 2 / bounds.multiple)) * bounds.multiple
    grown = Size(size.width + step * abs(across), size.height + step * abs(down))
    if bounds.allow(grown):
        return grown, Frame(step * (across < 0), step * (down < 0), *size.sides)
    return size, Frame(-step * across, -step * down, *size.sides)


def squared(size: Size, bounds: Bounds) -> Framed:
    """A square around the old picture, which is made smaller where that is out of bounds."""
    long = max(size.sides)
    side = min(long, math.isqrt(bounds.pixels) // bounds.multiple * bounds.multiple)
    width, height = (_inside(side, each * side / long) for each in size.sides)
    square = Size(side, side)
    return square, _centred(square, width, height)


def ratio(size: Size) -> AspectRatio:
    """The shape of so many pixels."""
    shared = math.gcd(*size.sides)
    return AspectRatio(size.width // shared, size.height // shared)


def name(size: Size, frame: Frame) -> str:
    """What was done to the old picture, such as "Pan Left"."""
    before = frame.left > 0, frame.top > 0
    behind = frame.left + frame.width < size.width, frame.top + frame.height < size.height
    match before, behind:
        case (True, False), (False, False):
            return _("Pan Left")
        case (False, False), (True, False):
            return _("Pan Right")
        case (False, True), (False, False):
            return _("Pan Up")
        case (False, False), (False, True):
            return _("Pan Down")
        case ((True, False), (True, False)) | ((False, True), (False, True)) if (
            size.width == size.height
        ):
            return _("Make Square")
        case _:
            return _("Zoom Out")


def _inside(side: int, wanted: float) -> int:
    """The whole number near to it that leaves the same margin on both sides."""
    return side - 2 * round((side - wanted) / 2)


def _centred(size: Size, width: int, height: int) -> Frame:
    return Frame((size.width - width) // 2, (size.height - height) // 2, width, height)
