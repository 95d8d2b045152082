"""Kinds of models without a module of their own: what can be asked of a pipeline's own call.

Here alone a signature is asked, because nothing else says it. Imported in a worker only.
"""

from __future__ import annotations

import inspect
from typing import Any

from bot.worker.families.family import Capabilities


def accepts(pipeline: Any) -> frozenset[str]:
    """The names of what can be asked of a pipeline."""
    return frozenset(inspect.signature(pipeline.__call__).parameters)


def capabilities(pipeline: Any) -> Capabilities:
    """What the signature promises. Whether there are two forwards, only the pipeline knows."""
    from bot.worker import pipelines  # in memory already, with the model

    known = accepts(pipeline)
    told = "callback_on_step_end" in known
    return Capabilities(
        negatives_above=1.0 if "negative_prompt" in known else None,
        image_to_image=pipelines.has_sibling(pipeline),
        previews=told,
        cancel=told,
        shared_steps=False,
        lora=hasattr(pipeline, "load_lora_weights"),
        ip_adapter=hasattr(pipeline, "load_ip_adapter"),
    )
