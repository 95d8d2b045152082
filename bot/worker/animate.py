"""Shows how a picture came to be, as one moving picture, as an errand.

The order has `previews` (a folder with numbered files, in order), `tiles`
(paths of the pictures), `cell` (which picture of a grid the previews show, from 1; 0 where all of
them are shown), `side` (pixels of the longer side at most) and `target` (where the WebP is to be
written); the answer `frames`, how many, or `error`, a sentence.

A preview is as large as the picture is shown, and the last frame is the picture itself, to the bit
where it is no larger than that. Discord shows moving WebP in its place, as it does GIF, which would
leave 256 colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from bot import imaging

STEP_MS, LAST_MS = 500, 2500
"""For so long a preview is shown, and the picture."""


def frames(order: Mapping[str, Any]) -> list[Image.Image]:
    """Of one size, in order. Raises PictureError and OSError."""
    grid = imaging.compose([imaging.decode(Path(tile).read_bytes()) for tile in order["tiles"]])
    last = grid
    if max(grid.size) > order["side"]:
        last = ImageOps.contain(grid, (order["side"], order["side"]), Image.Resampling.LANCZOS)
    paths = sorted(Path(order["previews"]).iterdir())
    return [*(_frame(path, order["cell"], last.size) for path in paths), last]


def _frame(path: Path, cell: int, size: tuple[int, int]) -> Image.Image:
    shown = imaging.decode(path.read_bytes())
    if cell:
        shown = imaging.crop(shown, cell)
    return shown.resize(size, Image.Resampling.BICUBIC)


def run(order: Mapping[str, Any]) -> dict[str, Any]:
    """Write the file that the order describes."""
    try:
        first, *others = made = frames(order)
        first.save(
            order["target"], "WEBP", save_all=True, append_images=others, lossless=True, quality=50,
            method=2, loop=0, duration=[*(STEP_MS for _ in others), LAST_MS],
        )  # fmt: skip
    except (imaging.PictureError, OSError) as error:
        return {"error": str(error)}
    return {"frames": len(made)}
