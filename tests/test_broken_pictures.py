"""Pictures that are not whole: Pillow says so in many ways, we in one."""

from __future__ import annotations

import struct
import zlib

import pytest

from bot import imaging


def chunk(name: bytes, data: bytes) -> bytes:
    whole = name + data
    return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))


@pytest.mark.parametrize(
    ("depth", "colour", "chunks"),
    [
        (8, 3, ()),  # colours from a palette that is not there
        (16, 3, ()),
        (3, 0, ()),
        (8, 2, (chunk(b"iCCP", b"a\0\0x"), chunk(b"zTXt", b"a"), chunk(b"eXIf", b"MM"))),
    ],
)
def test_a_png_that_is_not_whole_is_refused_in_a_sentence(
    depth: int, colour: int, chunks: tuple[bytes, ...]
) -> None:
    head = struct.pack(">IIBBBBB", 8, 8, depth, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", head), *chunks, chunk(b"IDAT", zlib.compress(b"")), chunk(b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(parts)
    with pytest.raises(imaging.PictureError, match=r"\.$"):
        imaging.decode(data)
    assert imaging.read_recipe(data) is None
