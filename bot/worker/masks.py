"""Which part of a picture is to be drawn anew: masks that people send, fields of it, and what a
model says of where something is. Knows pictures; not requests, and not torch.

A mask is white where something is drawn anew and black elsewhere, in the size of the drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from bot import imaging
from bot.domain.framing import Bounds, drawable
from bot.domain.region import Grid

_ACROSS = 3
"""Fields along a side."""
_CELL = 8
"""Pixels along a side of what changes as one: a part that has the middle of none is none."""
_GENEROUS = 0.8
"""Of the value that parts a thing from what is around it: a thing that is cut shows."""
NOTHING = (
    "This mask leaves nothing to be drawn anew: paint that part white, or take it away so that it"
    " is transparent."
)
EVERYTHING = (
    "This mask covers the whole picture; leave black what is to stay, or use Vary (Strong)."
)
CLEAR = (
    "This picture has nothing transparent, so it does not say what is to be drawn anew; send a"
    " `mask` as well."
)
NOWHERE = "The model sees {} nowhere in particular in this picture; choose fields or send a mask."

Size = tuple[int, int]
Mask = Image.Image
Array = np.ndarray[Any, np.dtype[np.floating[Any]]]


def region(order: Mapping[str, Any]) -> dict[str, Any]:
    """Write the mask of what an order names: `picture` (the path of a mask, or ""), `fields` and
    `grid` (or null), in which a `thing` is, all together; in a `size`, to `target`. The answer is
    empty, or an `error`."""
    size = _sides(order["size"])
    try:
        whole = Image.new("L", size)
        for each in _parts(order, size):
            whole.paste(255, mask=each)
        _require_some(whole)
    except imaging.PictureError as error:
        return {"error": str(error)}
    return _written({order["target"]: whole})


def part(order: Mapping[str, Any]) -> dict[str, Any]:
    """Write a `picture` in a size that can be drawn to `target`, and to `masked` (or null) the mask
    of what a `mask` (or the picture itself, where that is null) has white or transparent. The size
    is `size`, or, where that is null, the picture's own as far as a model of `native` pixels along
    a side and these `bounds` takes it. The answer says the `size`, or an `error`."""
    try:
        picture, clear = _opened(order["picture"])
        native, bounds = order["native"], Bounds(*order["bounds"])
        chosen = _sides(order["size"] or drawable(*picture.size, native, bounds).sides)
        made = {order["target"]: imaging.fitted(picture, chosen)}
        if order["masked"]:
            mask = _read(order["mask"]) if order["mask"] else clear
            if mask is None:
                return {"error": CLEAR}
            whole = imaging.fitted(mask.resize(picture.size, Image.Resampling.BILINEAR), chosen)
            made[order["masked"]] = _sharp(whole)
            _require_some(made[order["masked"]])
    except imaging.PictureError as error:
        return {"error": str(error)}
    return {"size": list(chosen), **_written(made)}


def _written(made: Mapping[str, Image.Image]) -> dict[str, Any]:
    for path, image in made.items():
        Path(path).write_bytes(imaging.encode_tile(image))
    return {}


def _parts(order: Mapping[str, Any], size: Size) -> Iterator[Mask]:
    if order["picture"]:
        yield _sharp(_read(order["picture"]).resize(size, Image.Resampling.BILINEAR))
    for number in order["fields"]:
        yield _field(number, size)
    if order["grid"]:
        yield _found(order["grid"], size, order["thing"])


def _opened(path: str) -> tuple[Image.Image, Mask | None]:
    """A picture, and where it is transparent, if it is anywhere. Raises PictureError."""
    data = Path(path).read_bytes()
    return imaging.decode(data), imaging.clear(data)


def _read(path: str) -> Mask:
    """Raises PictureError."""
    return imaging.mask(Path(path).read_bytes())


def _field(number: int, size: Size) -> Mask:
    """One of nine, numbered from 1 by rows."""
    row, column = divmod(number - 1, _ACROSS)
    across, down = ([round(side * at / _ACROSS) for at in range(_ACROSS + 1)] for side in size)
    mask = Image.new("L", size)
    mask.paste(255, (across[column], down[row], across[column + 1], down[row + 1]))
    return mask


def _found(grid: Grid, size: Size, thing: str) -> Mask:
    """Where a thing is, and a little around it. Raises PictureError where that is nowhere."""
    values = np.asarray(grid, dtype=np.float32)
    threshold = _GENEROUS * parting(values.ravel())
    cells = Image.fromarray((values * 255).round().astype(np.uint8))
    mask = _sharp(cells.resize(size, Image.Resampling.BICUBIC), threshold)
    around = max(1, round(min(size) / 32)) * 2 + 1
    mask = mask.filter(ImageFilter.MaxFilter(around))
    if np.asarray(mask).mean() > 0.8 * 255:
        raise imaging.PictureError(NOWHERE.format(thing))
    return mask


def parting(values: Array) -> float:
    """The threshold whose two sides are most alike in themselves (Otsu 1979)."""
    ordered = np.sort(values)
    below = np.arange(1, len(ordered))
    sums = np.cumsum(ordered)
    low = sums[:-1] / below
    high = (sums[-1] - sums[:-1]) / (len(ordered) - below)
    best = int(np.argmax(below * (len(ordered) - below) * (high - low) ** 2))
    return float(ordered[best : best + 2].mean())


def _sharp(mask: Mask, threshold: float = 0.5) -> Mask:
    """Black and white alone: what is kept is kept to the bit."""
    return mask.point([255 if value > 255 * threshold else 0 for value in range(256)])


def _require_some(mask: Mask) -> None:
    """Raises PictureError where all is drawn, or nothing."""
    middles = np.asarray(mask)[_CELL // 2 :: _CELL, _CELL // 2 :: _CELL]
    if not middles.any():
        raise imaging.PictureError(NOTHING)
    if np.asarray(mask).all():
        raise imaging.PictureError(EVERYTHING)


def _sides(size: Sequence[int]) -> Size:
    width, height = map(int, size)
    return width, height
