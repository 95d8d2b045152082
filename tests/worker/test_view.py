"""Looking at what people send: what is kept of it, what is refused, and its colours."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot import imaging
from bot.worker.palette import palette_of, recoloured
from bot.worker.view import view


def file(colour: Any, size: tuple[int, int] = (40, 24), kind: str = "PNG", **more: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, kind, **more)
    return made.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says to be 100,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def seen(folder: Path, *files: bytes, size: list[int] | None = None) -> dict[str, Any]:
    """What is said of files, the second of which weighs thrice as much."""
    pictures: list[list[Any]] = []
    for number, data in enumerate(files):
        (folder / str(number)).write_bytes(data)
        pictures.append([str(folder / str(number)), 1.0 + 2 * number])
    return view(
        {"kind": "view", "pictures": pictures, "size": size, "target": str(folder / "made")}
    )


def made(folder: Path) -> Image.Image:
    return imaging.decode((folder / "made").read_bytes())


def test_what_is_kept_is_upright_smaller_and_without_secrets(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "a secret place", 6
    told = seen(tmp_path, file("red", (4000, 1000), "JPEG", exif=exif))
    assert made(tmp_path).size == (384, 1536)
    assert b"secret" not in (tmp_path / "made").read_bytes()
    assert told["palette"][:3] == pytest.approx([1, 0, 0], abs=0.01)


def test_the_same_picture_is_the_same_file(tmp_path: Path) -> None:
    seen(tmp_path, file("red"))
    first = (tmp_path / "made").read_bytes()
    seen(tmp_path, file("red", kind="BMP"))
    assert (tmp_path / "made").read_bytes() == first


def test_several_are_laid_over_each_other_by_weight(tmp_path: Path) -> None:
    seen(tmp_path, file((200, 0, 0)), file((0, 0, 200), (10, 90)), size=[64, 48])
    assert made(tmp_path).size == (64, 48)
    assert made(tmp_path).getpixel((5, 5)) == (50, 0, 150)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html>no picture</html>", "This is no picture that can be read"),
        (b"", "This is no picture that can be read"),
        (b"\x89PNG\r\n\x1a\n", "This"),
        (file("red", (400, 400))[:200], "This picture is damaged"),
        (bomb(), "This picture is too large"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is no picture that can be read"),
    ],
    ids=["page", "empty", "signature", "truncated", "bomb", "svg"],
)
def test_what_is_no_picture_is_refused_in_a_sentence(
    tmp_path: Path, data: bytes, words: str
) -> None:
    said = seen(tmp_path, data)["error"]
    assert said.startswith(words)
    assert said.endswith(".")
    assert not (tmp_path / "made").exists()


# Colours


def noise(mean: tuple[int, int, int], spread: float) -> Image.Image:
    random = np.random.default_rng(1)
    pixels = random.normal(mean, spread, (48, 48, 3)).clip(0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def test_a_picture_takes_the_colours_of_another() -> None:
    one, other = noise((120, 120, 120), 20), noise((160, 100, 60), 8)
    palette = palette_of(other)
    wholly = palette_of(recoloured(one, palette, 1.0))
    assert wholly == pytest.approx(palette, abs=0.01)
    assert palette_of(recoloured(one, palette, 0.0)) == pytest.approx(palette_of(one), abs=1e-5)
    far = [
        np.abs(np.subtract(palette_of(recoloured(one, palette, share)), palette)).sum()
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert far == sorted(far, reverse=True)


def test_pictures_of_one_colour_are_no_trouble() -> None:
    grey, red = Image.new("RGB", (8, 8), (99, 99, 99)), Image.new("RGB", (8, 8), (200, 0, 0))
    assert recoloured(grey, palette_of(red), 1.0).getpixel((1, 1)) == (200, 0, 0)
    lively = noise((100, 150, 100), 30)
    still = np.asarray(recoloured(lively, palette_of(red), 1.0), dtype=float)
    assert np.abs(still - (200, 0, 0)).mean() < 8
    assert len(palette_of(red)) == 9
