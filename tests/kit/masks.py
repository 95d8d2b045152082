"""Masks as people send them, and what is inside and outside of them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from tests.kit.scene import Scene

Box = tuple[int, int, int, int]
Array = np.ndarray[Any, np.dtype[Any]]


def png(image: Image.Image) -> bytes:
    made = io.BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


def white(box: Box, size: tuple[int, int] = (128, 128)) -> bytes:
    """Black but for a box."""
    mask = Image.new("L", size)
    mask.paste(255, box)
    return png(mask)


def holed(picture: Image.Image, box: Box) -> bytes:
    """A picture with nothing in a box."""
    alpha = Image.new("L", picture.size, 255)
    alpha.paste(0, box)
    cut = picture.convert("RGBA")
    cut.putalpha(alpha)
    return png(cut)


async def uploaded(person: Scene, data: bytes, name: str = "mask.png") -> str:
    """The id of a file that can be given to a command or a form."""
    return (await person.person.upload(name, data, "image/png"))["id"]


def inside(boxes: Sequence[Box], size: tuple[int, int]) -> Array:
    """True where any of the boxes is (height, width)."""
    there = np.zeros(size[::-1], bool)
    for left, top, right, bottom in boxes:
        there[top:bottom, left:right] = True
    return there


def differs(one: Image.Image, other: Image.Image) -> Array:
    """Where two pictures of one size are not the same to the bit (height, width)."""
    return (np.asarray(one) != np.asarray(other)).any(-1)


def colour(image: Image.Image, where: Array) -> Array:
    """The mean colour of a part, from 0 to 255."""
    return np.asarray(image.convert("RGB"), dtype=float)[where].mean(0)
