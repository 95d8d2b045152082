"""The size of a picture, read from its first bytes, and the default avatars.

Knows PNG, GIF, JPEG and WebP headers; decodes nothing.
"""

from __future__ import annotations

import struct
import zlib

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_AVATAR_COLOURS = ("5865f2", "757e8a", "3ba55c", "faa61a", "ed4245", "eb459f")


def dimensions(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels, or None when `data` is no picture of a known kind."""
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return struct.unpack(">II", data[16:24])
        if data[:6] in (b"GIF87a", b"GIF89a"):
            return struct.unpack("<HH", data[6:10])
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data[:2] == b"\xff\xd8":
            return _jpeg(data)
    except (struct.error, IndexError):
        return None
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (packed,) = struct.unpack("<I", data[21:25])
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return width, int.from_bytes(data[27:30], "little") + 1
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at < len(data):
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        (length,) = struct.unpack(">H", data[at + 1 : at + 3])
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", data[at + 4 : at + 8])
            return width, height
        at += 1 + length
    return None


def avatar(number: int) -> bytes:
    """A 64 × 64 PNG of one colour."""
    colour = bytes.fromhex(_AVATAR_COLOURS[number % len(_AVATAR_COLOURS)])
    rows = (b"\x00" + colour * 64) * 64
    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)
