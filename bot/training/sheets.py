"""Contact sheets: what a model draws, on a page that a person can look at.

It knows prompts and pages; it does not judge. The sheets of the model card are made here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from PIL import Image, ImageDraw, ImageFont

from bot.training.captions import Idea, plain_caption
from bot.training.sampling import Sampling, draw
from bot.training.scenery import SIDE
from bot.training.vocabulary import PLAIN, SCENES, STYLES

_LINE, _LINES, _GAP = 11, 4, 2  # pixels of a line, lines under a picture, pixels between
SEED_IDEA = Idea(("astronaut", "sun lounger", "cocktail"), "lounge", "desert")


def page(pixels: torch.Tensor, captions: Sequence[str], columns: int = 8) -> Image.Image:
    """The uint8 pictures (n, 3, 128, 128) in rows, each above as much of its caption as fits."""
    rows = -(-len(captions) // columns)
    wide, high = SIDE + _GAP, SIDE + _LINES * _LINE + _GAP
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


def layout_prompts(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Those counts and relations that are known, with several objects each."""
    if not names:
        return []

    def name(number: int) -> str:
        return names[number % len(names)]

    ideas = [
        ("two", Idea((name(1),), "two", "beach")),
        ("two", Idea((name(13),), "two", "forest")),
        ("three", Idea((name(4),), "three", "snow")),
        ("three", Idea((name(2),), "three", "meadow")),
        ("lying in", Idea((name(1), "sun lounger"), "lounge", "beach")),
        ("lying in", Idea((name(8), "sun lounger", "cocktail"), "lounge", "snow")),
        ("lying in", Idea((name(4), "sun lounger", "cocktail"), "lounge", "city")),
        ("lying in", Idea((name(6), "sun lounger", "cocktail"), "lounge", "night")),
        ("and", Idea((name(4), name(8)), "beside", "meadow")),
        ("and", Idea((name(2), name(14)), "beside", "mountains")),
        ("on top of", Idea((name(1), name(14)), "stack", "city")),
        ("on top of", Idea((name(6), name(8)), "stack", "night")),
        ("holding", Idea((name(8), "pizza"), "hold", "forest")),
        ("holding", Idea((name(7), "cocktail"), "hold", "space")),
        ("red", Idea((name(14),), scene="city", tint="blue")),
        ("red", Idea((name(1),), scene="snow", tint="green")),
        ("red", Idea((name(4),), scene="meadow", tint="purple")),
        ("red", Idea((name(17),), scene="beach", tint="blue")),
    ]
    return [plain_caption(idea) for word, idea in ideas if word in known]


def write_sheets(
    pipeline: StableDiffusionPipeline,
    words: Mapping[str, Sequence[str]],
    sampling: Sampling,
    folder: Path,
) -> None:
    """Write `styles.png`, `objects.png` and `layouts.png` for the words of a `vocabulary.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = {
        "styles": (style_prompts(), len(STYLES)),
        "objects": (object_prompts(words["objects"]), 8),
        "layouts": (layout_prompts(words["objects"], [*words["counts"], *words["relations"]]), 4),
    }
    for name, (prompts, columns) in sheets.items():
        if not prompts:  # nothing of the kind is claimed
            continue
        page(draw(pipeline, prompts, sampling, seed=2), prompts, columns).save(
            folder / f"{name}.png", optimize=True
        )


def _lines(caption: str) -> list[str]:
    """The caption on as many lines of at most 26 letters as there is room for."""
    return textwrap.wrap(caption, 26, max_lines=_LINES, placeholder=" …")
