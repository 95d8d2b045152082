"""Pictures as Pillow sees them: the grid, single tiles, and files that fit an upload limit.

Knows tiles, files and recipes; not where pictures come from or go to. Everything here blocks, so
call it in a thread or in a worker. All pictures are RGB.
"""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from bot.domain.errors import EaselError
from bot.domain.infotext import infotext, user_comment
from bot.domain.request import GRID

COLUMNS = 2
PIXELS_MAX = 64_000_000
"""Larger pictures (8000 × 8000) are refused before they are decoded."""

_IS_SHEER = [255] * 128 + [0] * 128
"""For each alpha whether a pixel counts as transparent."""
_WHITE = 250
"""Of 255: what is painted white is, whatever it was saved by."""
FORMATS = ("WEBP", "JPEG", "PNG", "GIF", "BMP")
DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, AssertionError, LookupError, TypeError,
    AttributeError, ArithmeticError, RuntimeError, struct.error,
)  # fmt: skip
"""What Pillow raises for files that are not as they should be: it says so in many ways."""
_IMAGE_DESCRIPTION = 0x010E
_SOFTWARE = 0x0131
_ORIENTATION = 0x0112
_EXIF_IFD = 0x8769
_USER_COMMENT = 0x9286
_EXIF_LIMIT = 60_000
"""JPEG holds metadata in one segment of at most 65,533 bytes."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""


class PictureError(EaselError):
    """A picture that cannot be read, or that cannot be made small enough; the text says why."""


@dataclass(frozen=True)
class Encoded:
    """A picture as a file: its bytes, how to name and announce it, whether pixels are exact."""

    data: bytes
    extension: str
    mime: str
    lossless: bool


def compose(tiles: Sequence[Image.Image]) -> Image.Image:
    """The grid of tiles of one size, row by row, as square as they allow: four are 1, 2 above 3, 4.
    One tile is itself."""
    if not tiles:
        raise ValueError("a grid has at least one tile")
    if len(tiles) == 1:
        return tiles[0]
    width, height = tiles[0].size
    if any(tile.size != (width, height) for tile in tiles):
        raise ValueError("the tiles of a grid have one size")
    columns = math.isqrt(len(tiles) - 1) + 1
    rows = -(-len(tiles) // columns)
    grid = Image.new("RGB", (columns * width, rows * height))
    for place, tile in enumerate(tiles):
        grid.paste(tile, (place % columns * width, place // columns * height))
    return grid


def crop(grid: Image.Image, number: int) -> Image.Image:
    """Tile `number` (1 to 4) of a 2×2 grid."""
    if not 1 <= number <= GRID:
        raise ValueError(f"a grid has tiles 1 to {GRID}, not {number}")
    width, height = grid.width // COLUMNS, grid.height // COLUMNS
    left, top = (number - 1) % COLUMNS * width, (number - 1) // COLUMNS * height
    return grid.crop((left, top, left + width, top + height))


def encode_tile(image: Image.Image) -> bytes:
    """Lossless WebP by its quickest method: smaller than PNG in a ninth of its time."""
    return _save(image, "WEBP", lossless=True, quality=0, method=0)


def decode(data: bytes) -> Image.Image:
    """The picture in a file as RGB, upright, fully read.

    Raises PictureError for what is no picture, is damaged, or has more than `PIXELS_MAX` pixels;
    the size is checked before pixels are unpacked.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > PIXELS_MAX:
                raise PictureError(_too_large(image.width, image.height))
            return _upright(_flat(image), _orientation(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_too_large()) from None
    except UnidentifiedImageError:
        raise PictureError("This is no picture that can be read: use PNG, JPEG or WebP.") from None
    except DAMAGE as error:
        why = f" ({error})" if str(error) else ""
        raise PictureError(f"This picture is damaged{why}.") from None


def clear(data: bytes) -> Image.Image | None:
    """Where the picture in a file that `decode` reads is transparent: white where it wholly is,
    upright; None where nothing is."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if not image.has_transparency_data:
            return None
        alpha = image.convert("RGBA").getchannel("A")
        if not alpha.point(_IS_SHEER).getbbox():
            return None
        return _upright(ImageOps.invert(alpha), _orientation(image))


def mask(data: bytes) -> Image.Image:
    """What the picture in a file means as a mask, in shades of grey and upright: where it has
    anything transparent, that is white, unless white alone is painted there, which is; else what is
    light is. Raises PictureError, as `decode` does."""
    shown, holes = decode(data), clear(data)
    if holes is None:
        return shown.convert("L")
    # What is transparent shows white, so that this is nothing but white where that is painted.
    painted = not any(shown.convert("L").histogram()[:_WHITE])
    return ImageOps.invert(holes) if painted else holes


def _orientation(image: Image.Image) -> Any:
    """How the camera was held; 1, upright, where the metadata cannot be read."""
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except DAMAGE:
        return 1


def _upright(image: Image.Image, orientation: Any) -> Image.Image:
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def fitted(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture in another size, cut to its shape around the middle rather than stretched."""
    return image if image.size == size else ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def _too_large(*size: int) -> str:
    found = " (" + "×".join(map(str, size)) + ")" if size else ""
    return f"This picture is too large{found}: at most {PIXELS_MAX // 1_000_000} million pixels."


def _flat(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # grey of 16 bits, which Pillow would cut off instead of scaling
        return image.convert("I").point(lambda shade: shade / 257 + 0.5).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image).convert("RGB")
    return image.convert("RGB")


def encode(
    image: Image.Image, limit_bytes: int, recipe: Mapping[str, Any], file: str = "webp"
) -> Encoded:
    """The best file of at most `limit_bytes` bytes, with `recipe` as JSON in its metadata, and the
    text that other tools read.

    Steps down: where it is asked for PNG, then lossless WebP, WebP at quality 95 and 90 (neither
    where JPEG is asked for), JPEG from 92 to 50, then smaller pictures, halved at most six times. A
    recipe too long for the metadata is left out rather than the picture. Raises PictureError when
    even the last step does not fit.
    """
    exif = _exif(recipe)
    if file == "png" and len((exact := encode_png(image, recipe)).data) <= limit_bytes:
        return exact
    for rung in _rungs(image, webp=file != "jpeg"):
        encoded = rung(exif)
        if len(encoded.data) <= limit_bytes:
            return encoded
    raise PictureError(f"The picture cannot be made to fit into {limit_bytes} bytes.")


def encode_png(image: Image.Image, recipe: Mapping[str, Any]) -> Encoded:
    """The file that every tool reads: exact, with the recipe, and with the text for other tools
    where they look for it in a PNG."""
    told = PngInfo()
    if text := infotext(recipe):
        told.add_text("parameters", text)
    data = _save(image, "PNG", exif=_exif(recipe), pnginfo=told)
    return Encoded(data, "png", "image/png", lossless=True)


def _rungs(image: Image.Image, webp: bool) -> Iterator[Callable[[bytes], Encoded]]:
    # WebP cannot hold sides beyond 16,383 pixels.
    if webp and max(image.size) <= 16_383:
        yield lambda exif: _webp(image, exif, lossless=True, quality=0, method=0)
        for quality in (95, 90):
            yield lambda exif, quality=quality: _webp(image, exif, quality=quality, method=0)
    for quality in (92, 85, 75, 50):
        yield lambda exif, quality=quality: _jpeg(image, exif, quality)
    for halving in range(1, 7):
        yield lambda exif, share=2**halving: _jpeg(_smaller(image, share), exif, 75)


def _webp(image: Image.Image, exif: bytes, **options: Any) -> Encoded:
    data = _save(image, "WEBP", exif=exif, **options)
    return Encoded(data, "webp", "image/webp", bool(options.get("lossless")))


def _jpeg(image: Image.Image, exif: bytes, quality: int) -> Encoded:
    subsampling = "4:4:4" if quality >= 90 else "4:2:0"
    data = _save(image, "JPEG", exif=exif, quality=quality, subsampling=subsampling)
    return Encoded(data, "jpg", "image/jpeg", lossless=False)


def _smaller(image: Image.Image, share: int) -> Image.Image:
    size = max(1, image.width // share), max(1, image.height // share)
    return image.resize(size, Image.Resampling.LANCZOS)


def _save(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def preview(images: Sequence[Image.Image], side: int = 256) -> bytes:
    """A small JPEG of the grid so far; its longer side is at most `side` pixels, enlarged to it."""
    grid = compose(images)
    share = side / max(grid.size)
    size = max(1, round(grid.width * share)), max(1, round(grid.height * share))
    return _save(grid.resize(size, Image.Resampling.BICUBIC), "JPEG", quality=70)


def _exif(recipe: Mapping[str, Any]) -> bytes:
    exif = Image.Exif()
    exif[_SOFTWARE] = "Easel"
    # UTF-8, as most readers expect: escapes of a long prompt in emoji would not fit a JPEG.
    text = json.dumps(recipe, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) <= _EXIF_LIMIT:
        exif[_IMAGE_DESCRIPTION] = text
        comment = user_comment(recipe)
        if comment and len(text) + len(comment) <= _EXIF_LIMIT:
            exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = comment
    return exif.tobytes()


def read_recipe(data: bytes) -> dict[str, Any] | None:
    """The recipe that `encode` put into a file; None where there is none."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            text = image.getexif().get(_IMAGE_DESCRIPTION)
        if not isinstance(text, str):
            return None
        # Pillow reads the bytes of this tag as Latin-1.
        recipe = json.loads(text.encode("latin-1").decode())
    except DAMAGE:
        return None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    return recipe if isinstance(recipe, dict) else None
