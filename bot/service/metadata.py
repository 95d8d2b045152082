"""A recipe put into a WebP file without unpacking its picture: only the container is rewritten.

Knows RIFF and EXIF as far as lossless still pictures need them; everything else is left to an
encoder.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

_LONGEST = 60_000
_IMAGE_DESCRIPTION, _SOFTWARE = 0x010E, 0x0131
_ASCII = 2
_HAS_EXIF = 0x08


def with_recipe(data: bytes, recipe: Mapping[str, Any]) -> bytes | None:
    """The same lossless picture with the recipe as JSON in its EXIF description.

    None when `data` is no plain lossless WebP. A recipe that is too long is left out.
    """
    if data[:4] != b"RIFF" or data[8:16] != b"WEBPVP8L" or data[20] != 0x2F:
        return None
    size = int.from_bytes(data[21:25], "little")
    width, height = size & 0x3FFF, size >> 14 & 0x3FFF
    header = struct.pack("<B3x", _HAS_EXIF) + _three(width) + _three(height)
    picture = data[20 : 20 + int.from_bytes(data[16:20], "little")]
    chunks = _chunk(b"VP8X", header) + _chunk(b"VP8L", picture) + _chunk(b"EXIF", _exif(recipe))
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _exif(recipe: Mapping[str, Any]) -> bytes:
    """A TIFF directory of two texts, in UTF-8 as most readers expect."""
    text = json.dumps(recipe, ensure_ascii=False, separators=(",", ":")).encode()
    texts = {_IMAGE_DESCRIPTION: text} if len(text) <= _LONGEST else {}
    texts[_SOFTWARE] = b"Easel"
    return b"".join(_directory({tag: value + b"\0" for tag, value in texts.items()}))


def _directory(texts: Mapping[int, bytes]) -> Iterator[bytes]:
    yield b"MM\0*" + struct.pack(">IH", 8, len(texts))
    place = 8 + 2 + 12 * len(texts) + 4
    for tag, value in texts.items():
        # Five bytes and more stand behind the directory; ours are never shorter.
        yield struct.pack(">HHII", tag, _ASCII, len(value), place)
        place += len(value)
    yield struct.pack(">I", 0)
    yield from texts.values()
