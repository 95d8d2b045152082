"""What a single file is, told by the names and shapes of its tensors.

Its name decides one thing alone, which no tensor tells: which of two kinds of Stable Diffusion 2
it is. Knows no torch.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from bot.models import addons, layouts, loras, unread
from bot.models.facts import DENOISER, Facts, Shapes
from bot.models.families import apart, word_of

_BASE_512 = re.compile(r"(?:^|[^a-z0-9])(512|base)(?![a-z0-9])", re.IGNORECASE)
_V_PREDICTION = re.compile(r"(?:^|[^a-z]|xl)v[-_ ]?pred", re.IGNORECASE)


@dataclass(frozen=True)
class Published:
    """How a family was published: its pipeline, the repository of its configs, the side that it
    was trained on in latent cells (0: no one side), and its configs in the box by their name."""

    kind: str
    repository: str
    cells: int
    v_prediction: bool = False
    box: str = ""


_SD1 = Published(
    "StableDiffusionPipeline", "stable-diffusion-v1-5/stable-diffusion-v1-5", 64, box="sd1"
)
_SD2 = Published("StableDiffusionPipeline", "stabilityai/stable-diffusion-2-1", 96, True, "sd2")
_SD2_BASE = Published(
    "StableDiffusionPipeline", "stabilityai/stable-diffusion-2-1-base", 64, box="sd2-base"
)
_SDXL = Published(
    "StableDiffusionXLPipeline", "stabilityai/stable-diffusion-xl-base-1.0", 128, box="sdxl"
)
_REFINER = Published(
    "StableDiffusionXLImg2ImgPipeline", "stabilityai/stable-diffusion-xl-refiner-1.0", 128
)
_PLAYGROUND = Published(
    "StableDiffusionXLPipeline", "playgroundai/playground-v2.5-1024px-aesthetic", 128
)
_SD3 = Published(
    "StableDiffusion3Pipeline", "stabilityai/stable-diffusion-3-medium-diffusers", 128, box="sd3"
)
_FLUX = Published("FluxPipeline", "black-forest-labs/FLUX.1-dev", 0, box="flux-dev")
_SCHNELL = Published("FluxPipeline", "black-forest-labs/FLUX.1-schnell", 0, box="flux-schnell")

# Tensors of a text encoder that only one family has in that place, in the order of asking.
_BY_ENCODER = {
    "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight": _SD1,
    "cond_stage_model.model.token_embedding.weight": _SD2,
    "conditioner.embedders.1.model.positional_embedding": _SDXL,
    "conditioner.embedders.0.model.text_projection": _REFINER,
}
# The width of the text that a U-Net without encoders attends to.
_BY_CONTEXT = {768: _SD1, 1024: _SD2, 1280: _REFINER, 2048: _SDXL}
_ATTENTION = re.compile(
    r"model\.diffusion_model\.input_blocks\.\d+\.1\.transformer_blocks\.0\.attn2\.to_k\.weight"
)
_FIRST = "model.diffusion_model.input_blocks.0.0.weight"


def published(shapes: Shapes, name: str) -> Published | None:
    """The family of a single file; None for those that are not known here."""
    found = _unet(shapes) or _transformer(shapes)
    if found is _SD2 and (_BASE_512.search(name) or word_of(name) == "turbo"):
        return _SD2_BASE
    return found


def _unet(shapes: Shapes) -> Published | None:
    if "edm_mean" in shapes:  # Playground 2.5 has SDXL's shapes, and another schedule
        return _PLAYGROUND
    widths = [shape[1] for key, shape in shapes.items() if _is_attention(key, shape)]
    if not widths:
        return None
    marked = (family for key, family in _BY_ENCODER.items() if key in shapes)
    return next(marked, _BY_CONTEXT.get(widths[0]))


def _is_attention(key: str, shape: tuple[int, ...]) -> bool:
    return len(shape) > 1 and bool(_ATTENTION.fullmatch(key))


_OTHER_FLUX = ("distilled_guidance_layer.", "single_stream_modulation.")
"""Chroma and FLUX.2, which have blocks of the same names."""


def _transformer(shapes: Shapes) -> Published | None:
    at = place_of(shapes)
    if any(name.startswith(tuple(at + mark for mark in _OTHER_FLUX)) for name in shapes):
        return None
    try:
        if layouts.sd3(shapes, at):
            return _SD3
        found = layouts.flux(shapes, at)
    except (LookupError, ValueError):  # nearly one of them
        return None
    if found is None:
        return None
    given = {384: "FluxFillPipeline", 128: "FluxControlPipeline"}.get(found["in_channels"])
    if given:
        return replace(_FLUX, kind=given, box="")
    return _FLUX if found["guidance_embeds"] else _SCHNELL


def place_of(shapes: Shapes) -> str:
    """Where the denoiser lies in this file."""
    return DENOISER if any(name.startswith(DENOISER) for name in shapes) else ""


def no_model(shapes: Shapes) -> str:
    """Why a single file with these tensors is no model; completes "The file …"; else empty."""
    if why := unread.why(shapes):
        return why
    if (found := addons.told(shapes)) is None and "image_proj" in {n.split(".")[0] for n in shapes}:
        return "is an IP-Adapter of a kind that is not used"
    if found:
        return f"is no model, but what models are drawn with ({found[0]})"
    if shapes and all(map(_DECODER.match, shapes)):
        return "holds a decoder (VAE) alone, of a kind that is not known"
    return "" if shapes else "holds no weights"


_DECODER = re.compile(r"(first_stage_model|encoder|decoder|(post_)?quant_conv)\.")
_DENOISER = re.compile(
    r"(model\.diffusion_model\.|diffusion_model\.|model\.|net\.|unet\.|transformer\.)?("
    r"input_blocks\.|down_blocks\.\d+\.(attentions|resnets)\.|"
    r"double_blocks\.\d+\.img_attn\.|single_transformer_blocks\.|joint_blocks\.|"
    r"transformer_blocks\.\d+\.attn\.|cap_embedder\.|txt_norm\.|txt_in\.text_norm|txtfusion\.|"
    r"double_stream_blocks\.|double_layers\.|early_stream_modulations\.|y_embedder\.y_proj)"
)
"""U-Nets; FLUX, Chroma; Stable Diffusion 3; Qwen-Image; Z-Image, Lumina 2; Krea 2; HiDream;
AuraFlow; FLUX.3; PixArt, Sana. What holds none of these draws no pictures that we know of."""


STRANGE = (
    "holds nothing that is known to draw pictures; if it does, put its other parts into a folder "
    "{name} beside it, in diffusers' format"
)
"""Of one that is; completes "The file …"."""


def is_strange(names: Iterable[str]) -> bool:
    """Whether nothing by these names of tensors makes pictures out of noise."""
    return not any(map(_DENOISER.match, names))


def no_checkpoint(names: Collection[str]) -> str:
    """The same as `no_model` of a pickle, by the texts in it; none are known of an odd one."""
    if not names or not is_strange(names):
        return ""
    if loras.is_one(names):
        return "is a LoRA: take it as .safetensors"
    if any(map(_DECODER.match, names)):
        return "holds a decoder (VAE) alone: take it as .safetensors"
    return unread.why(names) or "holds no model that is known"


def is_alone(shapes: Shapes) -> bool:
    """Whether a file holds a denoiser and no other part of its model."""
    return not any(name.startswith(_OTHERS) for name in shapes)


_OTHERS = ("first_stage_model.", "vae.", "cond_stage_model.", "conditioner.", "text_encoder")


def of_file(shapes: Shapes, name: str) -> Facts | None:
    """Facts of a single file with these tensors; None for families that are not known here."""
    found = published(shapes, name)
    if found is None:
        return None
    velocity = found.v_prediction or is_v_prediction(shapes, name)
    if found.cells:
        denoiser = {"sample_size": found.cells, "in_channels": in_channels(shapes)}
    else:
        denoiser = {"guidance_embeds": found is not _SCHNELL}
    scheduler = {"prediction_type": "v_prediction" if velocity else "epsilon"}
    if found is _PLAYGROUND or COSINE in shapes:
        scheduler["_class_name"] = EDM
    return Facts(
        found.kind,
        name,
        {"requires_aesthetics_score": True} if found is _REFINER else {},
        denoiser,
        {"block_out_channels": [128, 256, 512, 512]},
        scheduler,
    )


COSINE = "edm_vpred.sigma_max"
"""The tensor in which CosXL and its kin say how strong their noise is at most."""
EDM = "EDMEulerScheduler"
"""Draws along levels of noise as Karras et al. 2022 have them."""


def in_channels(shapes: Shapes) -> int:
    """4 for a model that draws from words, 9 for one that repairs pictures."""
    first = shapes.get(_FIRST)
    return first[1] if first and len(first) > 1 else 4


def is_v_prediction(shapes: Shapes, name: str) -> bool:
    """True for models that predict velocity: they say so by an empty tensor, or by name."""
    return "v_pred" in shapes or COSINE in shapes or bool(_V_PREDICTION.search(apart(name)))
