"""Looks at pictures that people sent, as an errand: the order is a list of some.

They are of a `kind`; "region" and "part" are those of
`bot.worker.masks`. Of "view" they are `pictures` (paths and weights), `size` (in pixels, or null)
and `target`, where a file of ours is to be written. With a size they are laid over each other in
it, by their weights; without, it is the first one, no larger than `SIDE`. The answer is a list: the
`palette` and the `size` of what was written, or `error`, a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from bot import imaging
from bot.worker import masks
from bot.worker.palette import palette_of

SIDE = 1536
"""Pixels of the longer side of what is kept: as many as a drawing has."""


def view(order: dict[str, Any]) -> dict[str, Any]:
    """Write the file that the order describes; returns what is said of it."""
    size = order["size"] and (int(order["size"][0]), int(order["size"][1]))
    try:
        pictures = ((_opened(path, size), float(weight)) for path, weight in order["pictures"])
        made = _blended(pictures)
    except (imaging.PictureError, FileNotFoundError) as error:
        return {"error": str(error)}
    Path(order["target"]).write_bytes(imaging.encode_tile(made))
    return {"palette": palette_of(made), "size": made.size}


def _opened(path: str, size: tuple[int, int] | None) -> Image.Image:
    picture = imaging.decode(Path(path).read_bytes())
    if size:
        return imaging.fitted(picture, size)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return picture


def _blended(pictures: Iterable[tuple[Image.Image, float]]) -> Image.Image:
    """The mean of pictures of one size, one in memory at a time besides it."""
    mean, total = None, 0.0
    for picture, weight in pictures:
        total += weight
        mean = picture if mean is None else Image.blend(mean, picture, weight / total)
    assert mean is not None
    return mean


_KINDS = {"view": view, "region": masks.region, "part": masks.part}


def run(orders: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Carry them out, in order."""
    return [_KINDS[order["kind"]](order) for order in orders]
