"""Sizes read from the first bytes of real pictures, and of what is none."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from bot.sandbox.world.pictures import avatar, dimensions

SIZES = [(1, 1), (3, 2), (640, 427), (1, 5000)]


def encoded(size: tuple[int, int], kind: str, mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 0).save(out, kind, **options)
    return out.getvalue()


def with_exif() -> dict[str, Any]:
    exif = Image.Exif()
    exif[0x010E] = "a fox" * 100
    return {"exif": exif}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("PNG", "RGB", {}),
        ("PNG", "RGBA", {"optimize": True}),
        ("GIF", "P", {}),
        ("JPEG", "RGB", {}),
        ("JPEG", "L", {"progressive": True}),
        ("JPEG", "RGB", with_exif()),
        ("JPEG", "RGB", {"icc_profile": b"p" * 70_000}),
        ("WEBP", "RGB", {"quality": 50}),
        ("WEBP", "RGB", {"lossless": True}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("WEBP", "RGB", {"quality": 50, **with_exif()}),
    ],
)
def test_a_picture_has_the_size_it_was_saved_with(
    size: tuple[int, int], kind: str, mode: str, options: dict[str, Any]
) -> None:
    assert dimensions(encoded(size, kind, mode, **options)) == size


def test_an_animation_has_the_size_of_its_canvas() -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:])
        assert dimensions(out.getvalue()) == (40, 30)


def test_the_widest_and_the_tallest_webp_of_each_kind() -> None:
    side = 16_383
    ways: list[dict[str, Any]] = [{"lossless": True}, {"quality": 1}]
    for options in ways:
        assert dimensions(encoded((side, 1), "WEBP", **options)) == (side, 1)
        assert dimensions(encoded((1, side), "WEBP", **options)) == (1, side)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "JPEG", "WEBP"])
def test_a_picture_cut_off_anywhere_has_its_size_or_none(kind: str) -> None:
    whole = encoded((30, 20), kind)
    told = [dimensions(whole[:length]) for length in range(len(whole) + 1)]
    assert set(told) == {None, (30, 20)}
    first = told.index((30, 20))
    assert told[:first] == [None] * first
    assert told[first:] == [(30, 20)] * (len(told) - first)


@pytest.mark.parametrize(
    "data",
    [b"", b"a fox", b"%PDF-1.7", b"<svg width='3' height='2'/>", b"\xff\xd8\xff\xd9", b"\xff\xd8",
     b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(40), b"RIFF\x00\x00\x00\x00WEBPVP9 " + bytes(40),
     b"GIF88a\x03\x00\x02\x00", b"BM" + bytes(60)],
)  # fmt: skip
def test_what_is_no_picture_of_a_known_kind_has_no_size(data: bytes) -> None:
    assert dimensions(data) is None


def test_a_thumbnail_inside_a_jpeg_is_not_taken_for_the_picture() -> None:
    inner = encoded((8, 8), "JPEG")
    outer = encoded((200, 100), "JPEG", comment=b"c", exif=b"Exif\x00\x00" + inner)
    assert dimensions(outer) == (200, 100)


def test_avatars_are_pictures_of_one_colour_each() -> None:
    colours = []
    for number in range(7):
        picture = Image.open(io.BytesIO(avatar(number))).convert("RGB")
        assert picture.size == dimensions(avatar(number)) == (64, 64)
        ((count, colour),) = picture.getcolors() or []
        assert count == 64 * 64
        colours.append(colour)
    assert len(set(colours)) == 6
    assert colours[6] == colours[0] == (0x58, 0x65, 0xF2)
