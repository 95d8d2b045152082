"""Kinds of models without a module of their own: what can be asked of a pipeline's own call.

Imported in a worker only.
"""

from __future__ import annotations

from typing import Any

from bot.worker import siblings
from bot.worker.families.family import Capabilities, takes


def capabilities(pipeline: Any) -> Capabilities:
    """What the signature promises. Whether there are two forwards, only the pipeline knows."""
    known = takes(type(pipeline), "__call__")
    told = "callback_on_step_end" in known
    return Capabilities(
        negatives_above=1.0 if "negative_prompt" in known else None,
        image_to_image=siblings.kind_of(pipeline, siblings.PICTURE) is not None,
        inpainting=siblings.kind_of(pipeline, siblings.PART) is not None,
        previews=told,
        cancel=told,
        shared_steps=False,
        lora=hasattr(pipeline, "load_lora_weights"),
        ip_adapter=hasattr(pipeline, "load_ip_adapter"),
        tiles=False,
    )
