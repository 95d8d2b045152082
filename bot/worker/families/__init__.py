"""The families of models that draw by our own loop: one readable module each.

Whatever else diffusers can draw goes through its own pipeline's call; see `generic`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.worker.families.chroma import Chroma
from bot.worker.families.family import Family
from bot.worker.families.flux import Flux
from bot.worker.families.flux_2 import Flux2, Flux2Klein
from bot.worker.families.pixart import PixArt, PixArtAlpha
from bot.worker.families.qwen_image import QwenImage
from bot.worker.families.sana import Sana
from bot.worker.families.stable_diffusion import LatentConsistency, StableDiffusion
from bot.worker.families.stable_diffusion_3 import StableDiffusion3
from bot.worker.families.stable_diffusion_xl import StableDiffusionXL
from bot.worker.families.z_image import ZImage

_FAMILIES: Mapping[str, type[Any]] = {
    "StableDiffusionPipeline": StableDiffusion,
    "LatentConsistencyModelPipeline": LatentConsistency,
    "StableDiffusionXLPipeline": StableDiffusionXL,
    "StableDiffusion3Pipeline": StableDiffusion3,
    "FluxPipeline": Flux,
    "Flux2Pipeline": Flux2,
    "Flux2KleinPipeline": Flux2Klein,
    "ChromaPipeline": Chroma,
    "QwenImagePipeline": QwenImage,
    "ZImagePipeline": ZImage,
    "PixArtAlphaPipeline": PixArtAlpha,
    "PixArtSigmaPipeline": PixArt,
    "SanaPipeline": Sana,
}
"""By the class that a model's own index names."""


def family_of(pipeline: Any) -> Family | None:
    """The family of a text-to-image pipeline; None where it has no module here."""
    kind = _FAMILIES.get(type(pipeline).__name__)
    return kind(pipeline) if kind and kind.knows(pipeline) else None
