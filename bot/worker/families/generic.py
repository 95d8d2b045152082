"""Kinds of models without a module of their own: what can be asked of a pipeline's own call.

Imported in a worker only.
"""

from __future__ import annotations

from typing import Any

import diffusers

from bot.domain.errors import RenderFailed
from bot.worker.families.family import Capabilities, takes

PICTURE = "Img2Img"
PART = "Inpaint"
_UNABLE = {
    PICTURE: "cannot start from a picture, so it has no variations",
    PART: "cannot redraw a part of a picture",
}


def capabilities(pipeline: Any) -> Capabilities:
    """What the signature promises. Whether there are two forwards, only the pipeline knows."""
    known = takes(type(pipeline), "__call__")
    told = "callback_on_step_end" in known
    return Capabilities(
        negatives_above=1.0 if "negative_prompt" in known else None,
        image_to_image=_sibling_kind(pipeline, PICTURE) is not None,
        inpainting=_sibling_kind(pipeline, PART) is not None,
        previews=told,
        cancel=told,
        shared_steps=False,
        lora=hasattr(pipeline, "load_lora_weights"),
        ip_adapter=hasattr(pipeline, "load_ip_adapter"),
    )


def sibling(pipeline: Any, what: str) -> Any:
    """The pipeline over the same parts that starts from a picture (PICTURE), or draws a part of one
    (PART). Raises RenderFailed("bad_input") where there is none."""
    kind = _sibling_kind(pipeline, what)
    if kind is None:
        raise RenderFailed("bad_input", f"A {type(pipeline).__name__} {_UNABLE[what]}.")
    parts = dict(pipeline.components)
    known = takes(kind, "__init__")
    plain = {name: value for name, value in pipeline.config.items() if name in known}
    made = kind(**plain | {name: part for name, part in parts.items() if name in known})
    made.set_progress_bar_config(disable=True)
    return made


def _sibling_kind(pipeline: Any, what: str) -> Any:
    name = type(pipeline).__name__
    return getattr(diffusers, name.replace("Pipeline", f"{what}Pipeline"), None)
