"""The header of a GGUF file: which tensors it holds, of which shapes and kinds of numbers.

Source: the GGUF specification (ggml-org/ggml, docs/gguf.md), versions 2 and 3, little-endian.
Reads the header alone. Knows bytes; not models.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
_MOST_TENSORS = 1 << 16
_LONGEST = 1 << 24
"""Bytes of a text, or entries of a list, beyond which a header makes no sense."""
_ALIGNMENT = "general.alignment"

# By the number of a type: the elements and the bytes of a block.
_BLOCKS: Mapping[int, tuple[int, int]] = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 30: (1, 2),
}  # fmt: skip
# By the number of a metadata value's type: how it is packed. 8 is a text, 9 a list.
_PACKED = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip
_TEXT, _LIST = 8, 9


class BadHeader(Exception):
    """The bytes are no GGUF header."""


@dataclass(frozen=True)
class Header:
    """The shape of each tensor, its last side the one whose elements lie together; `bytes` is what
    the file must have at least."""

    shapes: Mapping[str, tuple[int, ...]]
    bytes: int


def read(file: Path) -> Header:
    """Raises BadHeader, OSError."""
    with file.open("rb") as stream:
        try:
            return _Reader(stream).header()
        except (struct.error, UnicodeDecodeError, OverflowError, KeyError) as error:
            raise BadHeader from error


class _Reader:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def header(self) -> Header:
        if self._stream.read(4) != MAGIC or self._number("I") not in (2, 3):
            raise BadHeader
        tensors, values = self._number("Q"), self._number("Q")
        if tensors > _MOST_TENSORS or values > _MOST_TENSORS:
            raise BadHeader
        alignment = 32
        for _ in range(values):
            key, value = self._text(), self._value(self._number("I"))
            if key == _ALIGNMENT and isinstance(value, int) and value > 0:
                alignment = value
        shapes, end = {}, 0
        for _ in range(tensors):
            name, shape, last = self._tensor()
            shapes[name], end = shape, max(end, last)
        start = -(-self._stream.tell() // alignment) * alignment
        return Header(shapes, start + end)

    def _tensor(self) -> tuple[str, tuple[int, ...], int]:
        """Name, shape, and the byte behind its last, as far as its kind of numbers is known."""
        name = self._text()
        sides = self._number("I")
        if sides > 4:
            raise BadHeader
        shape = tuple(self._number("Q") for _ in range(sides))[::-1]
        kind, offset = self._number("I"), self._number("Q")
        block, size = _BLOCKS.get(kind, (1, 0))
        return name, shape, offset + math.prod(shape) // block * size

    def _value(self, kind: int) -> int | float | str | None:
        if kind == _TEXT:
            return self._text()
        if kind == _LIST:
            inner, count = self._number("I"), self._number("Q")
            if count > _LONGEST or inner == _LIST:
                raise BadHeader
            for _ in range(count):
                self._value(inner)
            return None
        return self._number(_PACKED[kind])

    def _text(self) -> str:
        length = self._number("Q")
        if length > _LONGEST:
            raise BadHeader
        data = self._stream.read(length)
        if len(data) < length:
            raise BadHeader
        return data.decode("utf-8")

    def _number(self, packed: str) -> int:
        packing = struct.Struct(f"<{packed}")
        return packing.unpack(self._stream.read(packing.size))[0]
