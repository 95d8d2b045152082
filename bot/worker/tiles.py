"""A large picture in tiles that overlap: where they lie, and how one takes its place.

Tiles are added in their order. Each fades in over what lies there already of those before it, so
that no line is where one begins. Knows pixels; not what draws them. Imported in a worker only.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

Size = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """A tile's first pixel on both axes, and over how many it fades in from the left and above; 0
    where it begins at the picture's edge."""

    left: int
    top: int
    across: int
    down: int


@dataclass(frozen=True)
class Tiling:
    """Tiles of one size, row by row, that cover a picture: each overlaps its neighbours by at least
    so many pixels as `of` was told, all of an axis by about as many."""

    tile: Size
    columns: Sequence[int]
    rows: Sequence[int]

    @classmethod
    def of(cls, size: Size, side: int, overlap: int, multiple: int = 1) -> Tiling:
        """Tiles of so many pixels along a `side`, or as many as a smaller picture has, and then
        up to a `multiple`: such a tile reaches beyond it."""
        tile = tuple(min(side, -(-length // multiple) * multiple) for length in size)
        columns, rows = (
            starts(length, one, overlap) for length, one in zip(size, tile, strict=True)
        )
        return cls((tile[0], tile[1]), columns, rows)

    def __len__(self) -> int:
        return len(self.columns) * len(self.rows)

    def __iter__(self) -> Iterator[Place]:
        across = _shared(self.columns, self.tile[0])
        for top, down in zip(self.rows, _shared(self.rows, self.tile[1]), strict=True):
            for left, beside in zip(self.columns, across, strict=True):
                yield Place(left, top, beside, down)

    def times(self, scale: int) -> Tiling:
        """The same of a picture with sides so many times as long."""
        columns, rows = ([scale * one for one in each] for each in (self.columns, self.rows))
        return Tiling((scale * self.tile[0], scale * self.tile[1]), columns, rows)

    def cut(self, picture: Image.Image, place: Place) -> Image.Image:
        """The tile there of a picture, whose last pixels go on where it ends before the tile."""
        width, height = self.tile
        ends = place.left + width, place.top + height
        right, bottom = (min(each) for each in zip(ends, picture.size, strict=True))
        piece = picture.crop((place.left, place.top, right, bottom))
        if piece.size == self.tile:
            return piece
        more = ((0, height - piece.height), (0, width - piece.width), (0, 0))
        return Image.fromarray(np.pad(np.asarray(piece), more, "edge"))

    def put(self, picture: Image.Image, place: Place, piece: Image.Image) -> None:
        """Have a tile take its place, in the picture itself."""
        mask = fading(self.tile, place.across, place.down)
        picture.paste(piece, (place.left, place.top), mask)


def _shared(begin: Sequence[int], side: int) -> list[int]:
    """How much each tile of an axis shares with the one before it."""
    return [0, *(before + side - start for before, start in itertools.pairwise(begin))]


def wrapped(picture: Image.Image, margin: int) -> Image.Image:
    """With so many pixels more on each side, those of the opposite one."""
    around = ((margin, margin), (margin, margin), (0, 0))
    return Image.fromarray(np.pad(np.asarray(picture), around, "wrap"))


def unwrapped(picture: Image.Image, margin: int) -> Image.Image:
    """The inverse, where something was drawn since: the first pixels of an axis fade in over what
    was drawn of them beyond the last ones, so that opposite edges go on in each other."""
    array = np.asarray(picture, dtype=np.float32)
    rising = _rising(margin, margin).astype(np.float32)[:, None, None]
    for _ in ("rows", "columns"):
        beyond, array = array[-margin:], array[margin:-margin].copy()
        array[:margin] = rising * array[:margin] + (1 - rising) * beyond
        array = array.swapaxes(0, 1)
    return Image.fromarray(array.round().astype(np.uint8))


def starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin on an axis: the first at 0, the last so that it ends where the axis does,
    others evenly between them."""
    if length <= tile:
        return [0]
    count = math.ceil((length - overlap) / (tile - overlap))
    return [round(index * (length - tile) / (count - 1)) for index in range(count)]


def fading(size: Size, across: int, down: int) -> Image.Image:
    """A mask that is dark at the left edge and above, where a tile gives way to others, and wholly
    light after so many pixels."""
    columns, rows = _rising(size[0], across), _rising(size[1], down)
    return Image.fromarray((255 * rows[:, None] * columns[None]).round().astype(np.uint8))


def _rising(length: int, fade: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """From 0 to 1, flat at both ends."""
    place = np.arange(length) + 0.5
    return 0.5 - 0.5 * np.cos(np.pi * np.minimum(1.0, place / fade)) if fade else np.ones(length)
