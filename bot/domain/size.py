"""The shape of pictures: aspect ratios as typed, and the pixels that a model draws for them."""

from __future__ import annotations

import math
from dataclasses import dataclass

WIDEST = 3
_STEP = 64


@dataclass(frozen=True, order=True)
class AspectRatio:
    """Width to height in lowest whole terms, between 1:3 and 3:1."""

    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> AspectRatio:
        """`"16:9"` → ratio. Raises ValueError on anything else."""
        left, colon, right = text.partition(":")
        if not (colon and is_whole(left) and is_whole(right)):
            raise ValueError(text)
        width, height = int(left), int(right)
        if width == 0 or height == 0:
            raise ValueError(text)
        if width > WIDEST * height or height > WIDEST * width:
            raise ValueError(text)
        divisor = math.gcd(width, height)
        return cls(width // divisor, height // divisor)

    def __str__(self) -> str:
        return f"{self.width}:{self.height}"


SQUARE = AspectRatio(1, 1)


def is_whole(text: str) -> bool:
    """At most ten ASCII digits: what `int` reads without surprises."""
    return text.isascii() and text.isdigit() and len(text) <= 10


@dataclass(frozen=True)
class Size:
    """Pixels."""

    width: int
    height: int

    @classmethod
    def fit(cls, ratio: AspectRatio, native: int, multiple: int) -> Size:
        """The size nearest to `ratio` with about `native`² pixels, sides divisible by `multiple`.

        Of the widths around the ideal one, takes the pair with the least error of the ratio,
        weighed with the error of the area (both as logarithms).
        """
        share = math.sqrt(ratio.width / ratio.height)
        middle = round(native * share / multiple)
        pairs = [
            (columns * multiple, rows * multiple)
            for columns in range(max(1, middle - 2), middle + 3)
            for rows in _around(native / share / multiple)
        ]

        def error(pair: tuple[int, int]) -> float:
            width, height = pair
            shape = abs(math.log(width * ratio.height / (height * ratio.width)))
            return shape + 0.25 * abs(math.log(width * height / native**2))

        return cls(*min(pairs, key=error))

    @classmethod
    def parse(cls, text: str) -> Size:
        """`"768x512"` → size. Raises ValueError on anything else."""
        width, cross, height = text.partition("x")
        if not (cross and is_whole(width) and is_whole(height)):
            raise ValueError(text)
        return cls(int(width), int(height))

    def within(self, pixels: int) -> Size | None:
        """The largest in about this shape of so many pixels, whose sides have as many twos in them
        as both of these (64 at most); None where none is smaller than this."""
        both = self.width | self.height
        step = min(both & -both, _STEP)
        share = min(1.0, math.sqrt(pixels / self.pixels))
        width, height = (int(side * share) // step * step for side in (self.width, self.height))
        return Size(width, height) if width and height and (width, height) != self.sides else None

    @property
    def sides(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    @property
    def code(self) -> str:
        """As `parse` reads it."""
        return f"{self.width}x{self.height}"

    @property
    def pixels(self) -> int:
        """How many they are."""
        return self.width * self.height

    def __str__(self) -> str:
        return f"{self.width}×{self.height}"


def _around(ideal: float) -> range:
    middle = round(ideal)
    return range(max(1, middle - 2), middle + 3)
