"""The pipelines that draw with the same parts: from words, from a picture, or a part of one.

Imported in a worker only, with the first model.
"""

from __future__ import annotations

import re
from typing import Any

import diffusers

from bot.domain.errors import RenderFailed
from bot.worker.families.family import takes
from bot.worker.library import missing

PICTURE = "Img2Img"
PART = "Inpaint"
_UNABLE = {
    PICTURE: "cannot start from a picture, so it has no variations",
    PART: "cannot redraw a part of a picture",
}
_SIBLING = re.compile(rf"({PICTURE}|{PART})(?=Pipeline$)")


def from_words(name: str) -> Any:
    """The text-to-image class among the siblings of pipeline class `name`.

    Raises RenderFailed("model_missing") for one that this version of diffusers does not know.
    """
    for wanted in (_SIBLING.sub("", name), name):
        if kind := getattr(diffusers, wanted, None):
            return kind
    raise missing(f"The model is made for {name}, which needs a newer version of diffusers.")


def kind_of(pipeline: Any, what: str) -> Any:
    """The class of the sibling that starts from a picture (PICTURE), or draws a part of one (PART);
    None where there is none."""
    name = type(pipeline).__name__
    return getattr(diffusers, name.replace("Pipeline", f"{what}Pipeline"), None)


def sibling(pipeline: Any, what: str) -> Any:
    """That sibling over the same parts. Raises RenderFailed("bad_input") where there is none."""
    kind = kind_of(pipeline, what)
    if kind is None:
        raise RenderFailed("bad_input", f"A {type(pipeline).__name__} {_UNABLE[what]}.")
    made = over(pipeline, kind)
    made.set_progress_bar_config(disable=True)
    return made


def over(pipeline: Any, kind: Any) -> Any:
    """A pipeline of another class over the same parts, as far as it has them."""
    known = takes(kind, "__init__")
    parts = {**pipeline.config, **pipeline.components}
    return kind(**{name: part for name, part in parts.items() if name in known})
