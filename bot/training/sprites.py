"""Sprites: one small cut-out picture for each object, from Noto Color Emoji (or drawn by hand).

It knows the font and how to cut a glyph; it does not know where a sprite is put. The font is
Debian's fonts-noto-color-emoji (SIL Open Font Licence); emoji of several code points need a
Pillow with raqm.
"""

from __future__ import annotations

import os
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, features

from bot.training.vocabulary import COLOURS, THING

SPRITE = 128  # pixels along each side of a sprite
_STRIKE = 109  # the one size in which the font holds its pictures
_FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
_WOOD, _CLOTH, _STRIPE = (150, 90, 40), (245, 245, 240), (40, 150, 215)


class FontMissing(Exception):
    """The emoji font, or the library that joins emoji, is not installed."""


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    path = Path(os.environ.get("EASEL_EMOJI_FONT", _FONT))
    if not path.is_file():
        raise FontMissing(
            f"{path} is missing: install fonts-noto-color-emoji, or name the font in "
            "EASEL_EMOJI_FONT"
        )
    if not features.check("raqm"):
        raise FontMissing("Pillow has no raqm here: joined emoji such as the astronaut need it")
    return ImageFont.truetype(str(path), _STRIKE)


@cache
def sprite(name: str) -> Image.Image:
    """The object on a transparent square, RGBA, `SPRITE` pixels a side, as large as fits."""
    emoji = THING[name].emoji
    return _fitted(_glyph(emoji) if emoji else _lounger())


@cache
def tinted(name: str, colour: str) -> Image.Image:
    """The object in shades of one colour of the vocabulary; its outline and shading stay."""
    pixels = np.asarray(sprite(name), np.float32)
    luma = pixels[..., :3] @ np.array([0.3, 0.59, 0.11], np.float32) / 255
    seen = pixels[..., 3] > 128
    low, high = np.percentile(luma[seen], (3, 97))
    shade = np.clip((luma - low) / max(float(high - low), 0.05), 0, 1)[..., None]
    hue = np.array(COLOURS[colour], np.float32)
    dark = hue * (0.62 if colour == "white" else 0.3)
    light = hue + (255 - hue) * (0.2 if colour == "black" else 0.55)
    shown = np.where(
        shade < 0.6, dark + (hue - dark) * shade / 0.6, hue + (light - hue) * (shade - 0.6) / 0.4
    )
    return Image.fromarray(np.concatenate([shown, pixels[..., 3:]], 2).astype(np.uint8))


def _glyph(emoji: str) -> Image.Image:
    page = Image.new("RGBA", (2 * _STRIKE, 2 * _STRIKE))
    ImageDraw.Draw(page).text((16, 16), emoji, font=_font(), embedded_color=True)
    return page


def _fitted(page: Image.Image) -> Image.Image:
    box = page.getbbox()
    if box is None:
        raise FontMissing("the emoji font has no picture for a word of the vocabulary")
    cut = page.crop(box)
    side = max(cut.size)
    square = Image.new("RGBA", (side, side))
    square.paste(cut, ((side - cut.width) // 2, (side - cut.height) // 2))
    return square.resize((SPRITE, SPRITE), Image.Resampling.LANCZOS)


def _lounger() -> Image.Image:
    page = Image.new("RGBA", (256, 256))
    draw = ImageDraw.Draw(page)
    for leg in ([(40, 215), (70, 160)], [(215, 215), (190, 160)]):
        draw.line(leg, fill=(120, 72, 30), width=14)
    draw.line([(100, 160), (235, 160)], fill=_WOOD, width=16)
    draw.line([(22, 62), (104, 160)], fill=_WOOD, width=16)
    draw.line([(18, 46), (104, 146)], fill=_CLOTH, width=24)
    draw.line([(98, 146), (240, 146)], fill=_CLOTH, width=22)
    for part in (0.15, 0.45, 0.75):
        ends = [(18 + 86 * at, 46 + 100 * at) for at in (part, part + 0.13)]
        draw.line(ends, fill=_STRIPE, width=24)
    for left in (120, 165, 210):
        draw.line([(left, 146), (left + 20, 146)], fill=_STRIPE, width=22)
    return page
