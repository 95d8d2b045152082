"""Makes one picture of many, with a caption under each, as an errand.

The order has `cells`, `columns`, `side` (pixels of a picture) and `target` (where the WebP is to be
written); the answer is empty, or has `error`, a sentence. A cell has a `caption`, and `pictures`:
each a list of paths, which is a grid, or null or empty. With `blank`, a few words, these stand in
the place of what is not there or cannot be read, and such a picture is no error; a cell may have
others of its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from bot import imaging

GROUND, EMPTY, INK = "#2b2d31", "#3a3c42", "#e3e5e8"
GAP, NEAR = 16, 4
"""Pixels between cells, and between pictures of one."""
BAND = 44
"""Pixels for a caption."""
LARGEST, SMALLEST = 32, 11
"""Sizes of its letters."""


def sheet(order: Mapping[str, Any]) -> Image.Image:
    """The picture that the order describes."""
    cells, columns, side = order["cells"], order["columns"], order["side"]
    beside = max((len(cell["pictures"]) for cell in cells), default=1) or 1
    width = beside * side + (beside - 1) * NEAR
    rows, used = -(-len(cells) // columns), min(columns, len(cells))
    size = used * (width + GAP) + GAP, rows * (side + BAND) + GAP
    made = Image.new("RGB", size, GROUND)
    for place, cell in enumerate(cells):
        left = GAP + place % columns * (width + GAP)
        at = left, GAP + place // columns * (side + BAND)
        _put(made, cell, at, (width, side), cell.get("blank", order.get("blank", "")))
    return made


def _put(
    made: Image.Image, cell: Mapping[str, Any], at: tuple[int, int], room: tuple[int, int],
    blank: str,
) -> None:  # fmt: skip
    (left, top), (width, side), draw = at, room, ImageDraw.Draw(made)
    for number, paths in enumerate(cell["pictures"]):
        at_left = left + number * (side + NEAR)
        shown = _shown(paths, side, blank)
        inset = (side - shown.width) // 2, (side - shown.height) // 2
        made.paste(shown, (at_left + inset[0], top + inset[1]))
    _write(draw, cell["caption"], (left + width // 2, top + side + BAND // 2), width)


def _shown(paths: Sequence[str] | None, side: int, blank: str) -> Image.Image:
    try:
        if paths:
            return _picture(paths, side)
    except (imaging.PictureError, OSError):
        if not blank:
            raise
    empty = Image.new("RGB", (side, side), EMPTY)
    _write(ImageDraw.Draw(empty), blank, (side // 2, side // 2), side - GAP)
    return empty


def _picture(paths: Sequence[str], side: int) -> Image.Image:
    # Each is made small before the next is opened: a page of large grids takes no more memory.
    grid = imaging.compose([_small(Path(path), side) for path in paths])
    return ImageOps.contain(grid, (side, side), Image.Resampling.LANCZOS)


def _small(path: Path, side: int) -> Image.Image:
    picture = imaging.decode(path.read_bytes())
    if max(picture.size) <= side:
        return picture
    return ImageOps.contain(picture, (side, side), Image.Resampling.LANCZOS)


def _write(draw: ImageDraw.ImageDraw, text: str, middle: tuple[int, int], width: int) -> None:
    fonts = (ImageFont.load_default(points) for points in range(LARGEST, SMALLEST, -1))
    fitting = (font for font in fonts if draw.textlength(text, font) <= width)
    font = next(fitting, ImageFont.load_default(SMALLEST))
    draw.text(middle, text, INK, font, anchor="mm")


def run(order: Mapping[str, Any]) -> dict[str, str]:
    """Write the file that the order describes."""
    target = Path(order["target"])
    partial = target.with_suffix(".partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        sheet(order).save(partial, "WEBP", quality=90, method=2)
    except (imaging.PictureError, OSError) as error:
        partial.unlink(missing_ok=True)
        return {"error": str(error)}
    os.replace(partial, target)
    return {}
