"""The families of models that draw by our own loop: one readable module each.

Whatever else diffusers can draw goes through its own pipeline's call; see `generic`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.worker.families.family import Family
from bot.worker.families.stable_diffusion import StableDiffusion
from bot.worker.families.stable_diffusion_xl import StableDiffusionXL

_FAMILIES: Mapping[str, type[Any]] = {
    "StableDiffusionPipeline": StableDiffusion,
    "LatentConsistencyModelPipeline": StableDiffusion,
    "StableDiffusionXLPipeline": StableDiffusionXL,
}
"""By the class that a model's own index names."""


def family_of(pipeline: Any) -> Family | None:
    """The family of a text-to-image pipeline; None where it has no module here."""
    kind = _FAMILIES.get(type(pipeline).__name__)
    return kind(pipeline) if kind and kind.knows(pipeline) else None
