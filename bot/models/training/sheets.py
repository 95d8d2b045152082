"""Contact sheets: what a model draws, on a page that a person can look at.

It knows prompts and pages; it does not judge. The sheets of the model card are made here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from PIL import Image, ImageDraw, ImageFont

from bot.models.training.captions import Idea, plain_caption
from bot.models.training.evaluate import Sampling, draw
from bot.models.training.scenery import SIDE
from bot.models.training.vocabulary import PLAIN, SCENES, STYLES

_LINE, _GAP = 12, 2  # pixels under and between pictures
SEED_IDEA = Idea(("astronaut", "sun lounger", "cocktail"), "lounge", "desert")


def page(pixels: torch.Tensor, captions: Sequence[str], columns: int = 8) -> Image.Image:
    """The uint8 pictures (n, 3, 128, 128) in rows, each above as much of its caption as fits."""
    rows = -(-len(captions) // columns)
    wide, high = SIDE + _GAP, SIDE + 2 * _LINE + _GAP
    sheet = Image.new("RGB", (columns * wide, rows * high), "white")
    ink, font = ImageDraw.Draw(sheet), ImageFont.load_default(9)
    for place, (picture, caption) in enumerate(zip(pixels, captions, strict=True)):
        left, top = place % columns * wide, place // columns * high
        sheet.paste(Image.fromarray(picture.permute(1, 2, 0).numpy()), (left, top))
        for line, words in enumerate(_lines(caption)):
            ink.text((left + 1, top + SIDE + line * _LINE), words, fill="black", font=font)
    return sheet


def style_prompts() -> list[str]:
    """The seed idea and one simpler idea in every style."""
    fox = Idea(("fox",), scene="forest")
    return [plain_caption(replace(i, style=style)) for i in (SEED_IDEA, fox) for style in STYLES]


def object_prompts(names: Sequence[str]) -> list[str]:
    """Every object, in a scene or on a colour, turn by turn."""
    scenes, colours = list(SCENES), ("blue", "white", "red", "grey", "green", "yellow")
    return [
        plain_caption(
            Idea(
                (name,), scene=scenes[place % 12] if place % 2 else PLAIN, colour=colours[place % 6]
            )
        )
        for place, name in enumerate(names)
    ]


def layout_prompts(names: Sequence[str]) -> list[str]:
    """Counts, pairs, relations, things held, and lying in a sun lounger."""
    name = (list(names) * 9).__getitem__
    ideas = [
        Idea((name(1),), "two", "beach"),
        Idea((name(4),), "three", "snow"),
        Idea((name(4), name(8)), "beside", "meadow"),
        Idea((name(2), name(14)), "beside", "mountains"),
        Idea((name(1), name(14)), "stack", "city"),
        Idea((name(6), name(8)), "stack", "night"),
        Idea((name(8), "pizza"), "hold", "forest"),
        Idea((name(7), "cocktail"), "hold", "space"),
        Idea((name(1), "sun lounger"), "lounge", "beach"),
        Idea((name(8), "sun lounger", "cocktail"), "lounge", "snow"),
    ]
    return [plain_caption(idea) for idea in ideas]


def write_sheets(
    pipeline: StableDiffusionPipeline, names: Sequence[str], sampling: Sampling, folder: Path
) -> None:
    """Write `styles.png`, `objects.png` and `layouts.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "styles": (style_prompts(), len(STYLES)),
        "objects": (object_prompts(names), 8),
        "layouts": (layout_prompts(names), 5),
    }
    for name, (prompts, columns) in sheets.items():
        page(draw(pipeline, prompts, sampling, seed=2), prompts, columns).save(
            folder / f"{name}.png", optimize=True
        )


def _lines(caption: str) -> list[str]:
    """The caption on two lines of about 26 letters."""
    words, lines = caption.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 25 and len(lines) < 2:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
