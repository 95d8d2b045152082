"""The text about a picture that other tools read: web UIs, model sites, file browsers.

They call it `parameters`: the prompt, the negative prompt, then one line of names and values.
Knows recipes and what the text is made of; not how files are built.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.domain import samplers
from bot.domain.request import GenerationRequest

PICTURE = "picture"
"""The key of a recipe that says which of the request's pictures this one is, from 1; without it the
file shows all of them."""


def infotext(recipe: Mapping[str, Any]) -> str:
    """The text for a recipe as a file holds it; empty for what is no request.

    The seed is that of this picture's own noise, or of the first one in a grid.
    """
    try:
        request = GenerationRequest.from_json(recipe)
    except ValueError:
        return ""
    lines = [" ".join([request.drawn.text, *map(_lora, request.loras.items())])]
    if negative := request.drawn.negative:
        lines.append(f"Negative prompt: {negative}")
    number = recipe.get(PICTURE)
    index = number - 1 if isinstance(number, int) else 0
    values = _values(request, index)
    lines.append(", ".join(f"{name}: {_written(value)}" for name, value in values))
    return "\n".join(lines)


def user_comment(recipe: Mapping[str, Any]) -> bytes:
    """The same text as the EXIF tag of this name holds it; empty where there is none."""
    text = infotext(recipe)
    return b"UNICODE\0" + text.encode("utf-16-be") if text else b""


def _values(request: GenerationRequest, index: int) -> Iterator[tuple[str, str]]:
    sampling = request.sampling
    yield "Steps", str(sampling.steps)
    if sampler := samplers.label(sampling.sampler):
        yield "Sampler", sampler
    yield "CFG scale", f"{sampling.guidance:g}"
    yield "Seed", str(request.seed_of(index))
    yield "Size", f"{request.size.width}x{request.size.height}"
    yield "Model", request.model
    if sampling.strength is not None:
        yield "Denoising strength", f"{sampling.strength:g}"


def _lora(one: tuple[str, float]) -> str:
    """As those tools have it in the prompt."""
    return f"<lora:{one[0]}:{one[1]:g}>"


def _written(value: str) -> str:
    """What would end a value early is written in quotes, as the readers expect."""
    return json.dumps(value, ensure_ascii=False) if set(value) & set(',:"\n') else value
