"""A recipe put into a WebP file without unpacking its picture: only the container is rewritten.

Knows RIFF and EXIF as far as lossless still pictures need them; everything else is left to an
encoder.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.infotext import user_comment

_LONGEST = 60_000
_IMAGE_DESCRIPTION, _SOFTWARE, _EXIF_IFD, _USER_COMMENT = 0x010E, 0x0131, 0x8769, 0x9286
_ASCII, _LONG, _UNDEFINED = 2, 4, 7
_HAS_EXIF = 0x08


def with_recipe(data: bytes, recipe: Mapping[str, Any]) -> bytes | None:
    """The same lossless picture with the recipe as JSON in its EXIF description, and with the text
    that other tools read.

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
    """A TIFF directory: the recipe in UTF-8 as most readers expect, our name, and a directory of
    its own for the text that other tools read."""
    text = json.dumps(recipe, ensure_ascii=False, separators=(",", ":")).encode()
    texts = [(_SOFTWARE, b"Easel\0")]
    comment = b""
    if len(text) <= _LONGEST:
        texts.insert(0, (_IMAGE_DESCRIPTION, text + b"\0"))
        comment = user_comment(recipe)
    count = len(texts) + bool(comment)
    place = 8 + _length(count)
    entries, values = [], b"".join(value for _, value in texts)
    for tag, value in texts:
        entries.append((tag, _ASCII, len(value), place))
        place += len(value)
    if comment:
        entries.append((_EXIF_IFD, _LONG, 1, place))
        inner = (_USER_COMMENT, _UNDEFINED, len(comment), place + _length(1))
        values += _directory([inner]) + comment
    return b"MM\0*" + struct.pack(">I", 8) + _directory(entries) + values


def _directory(entries: Sequence[tuple[int, int, int, int]]) -> bytes:
    """Tag, type, number of units, and where they stand: none of ours is short enough, four bytes,
    to stand in its place, but the place of another directory."""
    packed = b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return struct.pack(">H", len(entries)) + packed + struct.pack(">I", 0)


def _length(entries: int) -> int:
    return 2 + 12 * entries + 4
