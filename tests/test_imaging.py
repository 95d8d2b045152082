"""bot.imaging: what goes in comes out, and files fit their limit."""

from __future__ import annotations

import io
import json
import math
import struct
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps, ImageStat
from PIL.PngImagePlugin import PngImageFile

from bot import imaging
from bot.domain.infotext import infotext
from tests.kit.values import a_request

RECIPE = {"schema": 1, "prompt": "a „red“ fox 🦊 --seed 7", "seed": 7, "size": [96, 64]}


def noise(size: tuple[int, int], sigma: float = 80) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise(size, sigma) for _ in range(3)])


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and ImageChops.difference(one, other).getbbox() is None


def psnr(one: Image.Image, other: Image.Image) -> float:
    error = ImageStat.Stat(ImageChops.difference(one, other)).rms
    mean = sum(part**2 for part in error) / 3
    return math.inf if mean == 0 else 10 * math.log10(255**2 / mean)


def user_comment_in(data: bytes) -> str:
    """As web UIs read it: the code of the encoding, then big-endian UTF-16."""
    with Image.open(io.BytesIO(data)) as image:
        comment = image.getexif().get_ifd(0x8769).get(0x9286, b"UNICODE\0")
    assert comment[:8] == b"UNICODE\0"
    return comment[8:].decode("utf-16-be")


def tiles() -> list[Image.Image]:
    return [Image.new("RGB", (96, 64), colour) for colour in ("red", "lime", "blue", "white")]


def test_the_grid_reads_from_left_to_right_and_down() -> None:
    grid = imaging.compose(tiles())
    assert grid.size == (192, 128)
    assert grid.getpixel((0, 0)) == (255, 0, 0)
    assert grid.getpixel((191, 0)) == (0, 255, 0)
    assert grid.getpixel((0, 127)) == (0, 0, 255)
    assert grid.getpixel((191, 127)) == (255, 255, 255)


def test_crop_undoes_compose() -> None:
    parts = [noise((96, 64)) for _ in range(4)]
    grid = imaging.compose(parts)
    assert all(same(imaging.crop(grid, number), parts[number - 1]) for number in range(1, 5))


def test_a_grid_of_one_is_the_tile_and_of_two_a_row() -> None:
    assert imaging.compose(tiles()[:1]).size == (96, 64)
    assert imaging.compose(tiles()[:2]).size == (192, 64)


def test_grids_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="at least one"):
        imaging.compose([])
    with pytest.raises(ValueError, match="one size"):
        imaging.compose([tiles()[0], Image.new("RGB", (8, 8))])
    with pytest.raises(ValueError, match="1 to 4"):
        imaging.crop(tiles()[0], 5)


@pytest.mark.parametrize(
    ("count", "shape"), [(3, (2, 2)), (5, (3, 2)), (6, (3, 2)), (7, (3, 3)), (64, (8, 8))]
)
def test_a_grid_is_as_square_as_its_tiles_allow(count: int, shape: tuple[int, int]) -> None:
    parts = [Image.new("RGB", (4, 2), (number, 0, 0)) for number in range(count)]
    grid = imaging.compose(parts)
    assert grid.size == (4 * shape[0], 2 * shape[1])
    last = (count - 1) % shape[0] * 4, (count - 1) // shape[0] * 2
    assert grid.getpixel(last) == (count - 1, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_read_as_it_was_held(orientation: int) -> None:
    """Made by Pillow's own inverse, so that the table is not compared with itself."""
    upright = noise((24, 16))
    turned = {
        1: lambda one: one, 2: ImageOps.mirror, 3: lambda one: one.rotate(180), 4: ImageOps.flip,
        5: lambda one: ImageOps.mirror(one.rotate(270, expand=True)),
        6: lambda one: one.rotate(90, expand=True),
        7: lambda one: ImageOps.mirror(one.rotate(90, expand=True)),
        8: lambda one: one.rotate(270, expand=True),
    }[orientation](upright)  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in ("PNG", "WEBP"):
        file = io.BytesIO()
        turned.save(file, kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
        assert same(imaging.decode(file.getvalue()), upright)


def test_metadata_that_cannot_be_read_keeps_no_picture_from_being_read() -> None:
    file = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(file, "WEBP", lossless=True, exif=b"Exif\0\0rubbish")
    assert imaging.decode(file.getvalue()).getpixel((0, 0)) == (255, 0, 0)


def test_a_picture_is_cut_to_a_shape_and_not_stretched() -> None:
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    cut = imaging.fitted(wide, (50, 50))
    assert cut.size == (50, 50)
    assert cut.getpixel((10, 25)) == cut.getpixel((40, 25)) == (0, 0, 255)
    assert imaging.fitted(wide, wide.size) is wide


def test_a_png_holds_the_recipe_and_the_text_for_other_tools() -> None:
    request = a_request("a „red“ fox 🦊 --no hats")
    picture = noise((24, 16))
    encoded = imaging.encode_png(picture, request.recipe())
    assert (encoded.extension, encoded.mime, encoded.lossless) == ("png", "image/png", True)
    assert same(imaging.decode(encoded.data), picture)
    assert imaging.read_recipe(encoded.data) == json.loads(json.dumps(request.recipe()))
    with Image.open(io.BytesIO(encoded.data)) as opened:
        assert isinstance(opened, PngImageFile)
        assert opened.text == {"parameters": infotext(request.recipe())}


def test_other_tools_find_their_text_where_they_look_in_each_kind_of_file() -> None:
    request = a_request("a „red“ fox 🦊 --no hats")
    picture = noise((256, 256))
    for limit, kind in ((1 << 20, "webp"), (20_000, "jpg")):
        encoded = imaging.encode(picture, limit, request.recipe())
        assert encoded.extension == kind
        assert user_comment_in(encoded.data) == infotext(request.recipe())


def test_the_text_for_other_tools_gives_way_to_the_recipe() -> None:
    request = replace(a_request("🦊" * 3900), extra=(("notes", "x" * 20_000),))
    encoded = imaging.encode(noise((512, 512), sigma=50), 150_000, request.recipe())
    assert encoded.extension == "jpg"
    assert imaging.read_recipe(encoded.data) is not None
    assert user_comment_in(encoded.data) == ""


def test_tiles_are_lossless() -> None:
    picture = noise((120, 88))
    data = imaging.encode_tile(picture)
    assert data[:4] == b"RIFF"
    assert same(imaging.decode(data), picture)


def test_a_file_that_fits_is_lossless_and_holds_the_recipe() -> None:
    picture = noise((192, 128))
    encoded = imaging.encode(picture, 10 << 20, RECIPE)
    assert (encoded.extension, encoded.mime, encoded.lossless) == ("webp", "image/webp", True)
    assert same(imaging.decode(encoded.data), picture)
    assert imaging.read_recipe(encoded.data) == RECIPE


def test_every_rung_fits_and_holds_the_recipe() -> None:
    picture = noise((256, 256), sigma=50)
    size = len(imaging.encode(picture, 10 << 20, RECIPE).data)
    seen = []
    while size > 1500:
        encoded = imaging.encode(picture, size, RECIPE)
        assert len(encoded.data) <= size
        assert imaging.read_recipe(encoded.data) == RECIPE
        Image.open(io.BytesIO(encoded.data)).verify()
        seen.append((encoded.extension, imaging.decode(encoded.data).width))
        size = len(encoded.data) - 1
    assert seen[0] == ("webp", 256)
    assert ("jpg", 256) in seen
    assert ("jpg", 128) in seen
    assert len(seen) >= 8


@pytest.mark.parametrize("file", ["png", "jpeg", "webp"])
def test_the_kind_of_file_is_the_one_that_is_asked_for(file: str) -> None:
    picture = imaging.compose(tiles())
    encoded = imaging.encode(picture, 10 << 20, RECIPE, file)
    with Image.open(io.BytesIO(encoded.data)) as opened:
        assert (opened.format or "").lower() == file
    assert encoded.mime == f"image/{file}"
    assert encoded.lossless == (file != "jpeg")
    assert imaging.read_recipe(encoded.data) == RECIPE


@pytest.mark.parametrize(("file", "smaller"), [("png", "webp"), ("jpeg", "jpg")])
def test_a_file_that_is_too_large_is_of_a_kind_that_fits(file: str, smaller: str) -> None:
    picture = noise((64, 64))
    limit = len(imaging.encode(picture, 10 << 20, RECIPE, file).data) - 1
    encoded = imaging.encode(picture, limit, RECIPE, file)
    assert encoded.extension == smaller
    assert len(encoded.data) <= limit


def test_what_cannot_fit_is_refused_in_one_sentence() -> None:
    with pytest.raises(imaging.PictureError, match="into 100 bytes"):
        imaging.encode(noise((256, 256)), 100, RECIPE)


def test_a_long_prompt_fits_a_jpeg() -> None:
    recipe = {"prompt": "🦊" * 4000, "text": "🦊" * 4000}
    picture = noise((512, 512), sigma=50)
    encoded = imaging.encode(picture, 150_000, recipe)
    assert encoded.extension == "jpg"
    assert imaging.read_recipe(encoded.data) == recipe


def test_a_recipe_too_long_is_left_out() -> None:
    encoded = imaging.encode(tiles()[0], 10_000, {"prompt": "x" * 70_000})
    assert imaging.read_recipe(encoded.data) is None


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=20),
        st.one_of(st.text(), st.integers(-(2**53), 2**53), st.none(), st.booleans()),
        max_size=6,
    )
)
def test_any_recipe_comes_back(recipe: dict[str, object]) -> None:
    assert imaging.read_recipe(imaging.encode(tiles()[0], 1 << 20, recipe).data) == recipe


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_is_refused_with_our_own_error(data: bytes) -> None:
    with pytest.raises(imaging.PictureError):
        imaging.decode(data)
    assert imaging.read_recipe(data) is None


def test_a_truncated_file_is_damaged() -> None:
    data = imaging.encode_tile(noise((64, 64)))
    with pytest.raises(imaging.PictureError):
        imaging.decode(data[: len(data) // 2])


@pytest.mark.parametrize("side", [9_000, 12_000, 40_000])
def test_bombs_are_refused_before_they_are_unpacked(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk
    bomb += struct.pack(">I", zlib.crc32(chunk))
    bomb += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(imaging.PictureError, match="too large"):
        imaging.decode(bomb)
    assert imaging.read_recipe(bomb) is None


def test_transparency_lies_on_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(file, "PNG")
    assert imaging.decode(file.getvalue()).getpixel((0, 0)) == (255, 255, 255)


def test_grey_of_16_bits_is_scaled() -> None:
    file = io.BytesIO()
    lit = Image.new("I;16", (3, 1))
    for x, shade in enumerate((0, 0x8080, 0xFFFF)):
        lit.putpixel((x, 0), shade)
    lit.save(file, "PNG")
    shown = imaging.decode(file.getvalue())
    assert [shown.getpixel((x, 0)) for x in range(3)] == [(v, v, v) for v in (0, 128, 255)]


def test_a_preview_is_small() -> None:
    data = imaging.preview(tiles(), side=100)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
        assert image.size == (100, 67)
    assert len(data) < 8_000


def test_jpeg_stays_close() -> None:
    picture = imaging.compose(tiles()).resize((400, 400))
    encoded = imaging.encode(picture, 3_000, RECIPE)
    assert psnr(imaging.decode(encoded.data), picture) > 25
