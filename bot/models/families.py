"""What follows from a model's own files: the fields of its card.

Sizes, steps and guidance are the makers' own recommendations. Names decide one thing alone, which
no file says: that a model was distilled to few steps. Knows no torch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.models.facts import Facts, Shapes


@dataclass(frozen=True)
class Family:
    """How models of one kind are best asked. See `ModelCard` for the fields."""

    family: str
    native: int = 1024
    multiple: int = 16
    steps: int = 30
    guidance: float = 5.0
    sampler: str = "default"
    spacing: str = ""
    guidance_argument: str = "guidance_scale"
    negatives_above: float | None = 1.0
    variations: bool = True
    previews: bool = True


# By the beginning of the pipeline's class; the longest match counts.
_FAMILIES: Mapping[str, Family] = {
    "StableDiffusion": Family("sd", 512, 64, 30, 7.0),
    "LatentConsistencyModel": Family("sd", 512, 64, 30, 7.0),
    "StableDiffusionXL": Family("sdxl", 1024, 64, 30, 6.0),
    "StableDiffusion3": Family("sd3", 1024, 16, 28, 4.5),
    "Kolors": Family("kolors", 1024, 64, 30, 5.0),
    "Flux": Family("flux", 1024, 16, 28, 3.5, negatives_above=None),
    "Flux2Klein": Family("flux2", 1024, 16, 4, 0.0, negatives_above=None, variations=False),
    "Flux2": Family("flux2", 1024, 16, 28, 4.0, negatives_above=None, variations=False),
    "QwenImage": Family("qwen", 1024, 16, 40, 4.0, guidance_argument="true_cfg_scale"),
    "ZImage": Family("zimage", 1024, 16, 28, 4.0, negatives_above=0.0),
    "Chroma": Family("chroma", 1024, 16, 40, 4.0, variations=False),
    "PixArt": Family("pixart", 1024, 8, 20, 4.5, variations=False, previews=False),
    "Sana": Family("sana", 1024, 32, 20, 4.5, variations=False),
    "SanaSprint": Family(
        "sana", 1024, 32, 2, 4.5, negatives_above=None, variations=False, previews=False
    ),
    "Lumina": Family("lumina", 1024, 16, 40, 4.0, variations=False),
    "AuraFlow": Family("auraflow", 1024, 16, 50, 3.5, variations=False),
    "CogView": Family("cogview", 1024, 16, 50, 4.0, variations=False),
    "HunyuanDiT": Family("hunyuan", 1024, 16, 50, 5.0, variations=False),
    "HiDream": Family("hidream", 1024, 16, 50, 5.0, variations=False),
    "Krea2": Family("krea2", 1024, 16, 28, 4.5, negatives_above=0.0, variations=False),
    "Kandinsky": Family("kandinsky", 1024, 64, 50, 4.0, previews=False),
    "IF": Family("if", 64, 8, 100, 7.0, previews=False),
}
_OTHER = Family("other", variations=False)
_LARGEST = 8192
"""No model draws a larger square; a file that says so is damaged."""

# A word of its own in a name ("pixlArt" holds no XL, "influx" no flux).
_DISTILLED = re.compile(
    r"(?:^|[^a-z])(turbo|lightning|lcm|hyper(?:[-_ ]?sd)?|dmd2|schnell)(?![a-z])", re.IGNORECASE
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_STEPS = re.compile(r"(?<!\d)([1248]|16)[-_ ]?steps?(?![a-z])", re.IGNORECASE)
_OFFICIAL_TURBO = re.compile(r"sd[-_]?(xl[-_]?)?turbo", re.IGNORECASE)
_BASE_512 = re.compile(r"(?:^|[^a-z0-9])(512|base)(?![a-z0-9])", re.IGNORECASE)
_V_PREDICTION = re.compile(r"(?:^|[^a-z])v[-_ ]?pred", re.IGNORECASE)


def fields(facts: Facts) -> dict[str, Any]:
    """The fields of the model's card, capabilities included."""
    matching = [beginning for beginning in _FAMILIES if facts.kind.startswith(beginning)]
    family = _FAMILIES[max(matching, key=len)] if matching else _OTHER
    if side := _side(facts):
        family = replace(family, native=side, multiple=family.multiple if side >= 512 else 8)
    match family.family:
        case "sd" | "sdxl":
            family = _stable_diffusion(family, facts)
        case "flux" if not facts.denoiser.get("guidance_embeds", _word(facts.name) != "schnell"):
            family = replace(family, steps=4, guidance=0.0)
        case "flux2" if facts.pipeline.get("is_distilled") is False:
            family = replace(family, steps=50, guidance=4.0)
        case "krea2" if facts.pipeline.get("is_distilled"):
            family = replace(family, steps=8, guidance=0.0)
        case "sd3" | "zimage" if _word(facts.name) == "turbo":
            steps = 4 if family.family == "sd3" else 9
            family = replace(family, steps=steps, guidance=0.0)
    return vars(family).copy()


def _side(facts: Facts) -> int | None:
    """The side of a square in pixels: what the denoiser was trained on × the VAE's factor."""
    cells = facts.denoiser.get("sample_size")
    blocks = facts.vae.get("block_out_channels") or facts.vae.get("encoder_block_out_channels")
    if not isinstance(cells, int) or not isinstance(blocks, list | tuple):
        return None
    side = int(cells * 2 ** (len(blocks) - 1))
    return side if 0 < side <= _LARGEST else None


def _stable_diffusion(family: Family, facts: Facts) -> Family:
    name, scheduler = facts.name, facts.scheduler
    if "EDM" in _class_of(scheduler):  # Playground 2.5
        return replace(family, guidance=3.0)
    word = _word(name)
    if facts.denoiser.get("time_cond_proj_dim"):
        # Guidance goes in as an embedding, so there is no second, negative half.
        return replace(family, steps=8, guidance=8.5, sampler="lcm", negatives_above=None)
    if _class_of(scheduler) == "LCMScheduler":
        word = "lcm"
    if not word and _for_few_steps(scheduler):
        word = "turbo" if family.native == 512 else "lightning"
    return _distilled(family, word, name) if word else family


def _class_of(scheduler: Mapping[str, Any]) -> str:
    return str(scheduler.get("_class_name", ""))


def _word(name: str) -> str:
    found = _DISTILLED.search(_HUMP.sub(" ", name))
    return found[1].lower() if found else ""


def _for_few_steps(scheduler: Mapping[str, Any]) -> bool:
    """The schedule that Turbo and Lightning are published with."""
    euler = _class_of(scheduler) in {
        "EulerDiscreteScheduler",
        "EulerAncestralDiscreteScheduler",
    }
    plain = scheduler.get("prediction_type", "epsilon") == "epsilon"
    return euler and plain and scheduler.get("timestep_spacing") == "trailing"


def _distilled(family: Family, word: str, name: str) -> Family:
    said = _STEPS.search(name)
    steps = int(said[1]) if said else 8
    match word:
        case "turbo" if _OFFICIAL_TURBO.search(name) or family.native == 512:
            return replace(
                family, native=min(family.native, 512), steps=4, guidance=0.0, sampler="euler_a",
                spacing="trailing",
            )  # fmt: skip
        case "turbo":  # merges at full size want a little guidance
            return replace(family, steps=steps, guidance=2.0, sampler="euler_a", spacing="trailing")
        case "lcm" | "dmd2":
            return replace(family, steps=steps, guidance=1.0, sampler="lcm")
        case _:
            sampler = "euler" if word == "lightning" else "ddim"
            return replace(family, steps=steps, guidance=0.0, sampler=sampler, spacing="trailing")


def unfit(facts: Facts) -> str:
    """Why such a model cannot draw from words alone; completes "The model … "; else empty."""
    channels = facts.denoiser.get("in_channels", 4)
    stable = facts.kind.startswith(("StableDiffusion", "LatentConsistency"))
    unet = stable and not facts.kind.startswith("StableDiffusion3")
    if unet and channels == 9:
        return "repairs parts of pictures (inpainting) and cannot draw from words alone"
    if unet and channels != 4:
        return "changes given pictures and cannot draw from words alone"
    if facts.pipeline.get("requires_aesthetics_score"):
        return "is a refiner: it finishes pictures of another model and cannot draw alone"
    if facts.kind.startswith(("FluxFill", "FluxControl")):
        return "changes given pictures and cannot draw from words alone"
    return ""


# Single files

_ATTENTION = re.compile(
    r"model\.diffusion_model\.input_blocks\.\d+\.1\.transformer_blocks\.0\.attn2\.to_k\.weight"
)
_FIRST = "model.diffusion_model.input_blocks.0.0.weight"


@dataclass(frozen=True)
class Published:
    """How a family was published: its pipeline, the repository of its configs, its sizes."""

    kind: str
    repository: str
    cells: int
    v_prediction: bool = False


_SD1 = Published("StableDiffusionPipeline", "stable-diffusion-v1-5/stable-diffusion-v1-5", 64)
_SD2 = Published("StableDiffusionPipeline", "stabilityai/stable-diffusion-2-1", 96, True)
_SD2_BASE = Published("StableDiffusionPipeline", "stabilityai/stable-diffusion-2-1-base", 64)
_SDXL = Published("StableDiffusionXLPipeline", "stabilityai/stable-diffusion-xl-base-1.0", 128)
_REFINER = Published(
    "StableDiffusionXLImg2ImgPipeline", "stabilityai/stable-diffusion-xl-refiner-1.0", 128
)
_BY_CONTEXT = {768: _SD1, 1024: _SD2, 1280: _REFINER, 2048: _SDXL}


def published(shapes: Shapes, name: str) -> Published | None:
    """The family of a single file, by the width of the text that its denoiser attends to.

    The two kinds of SD 2 have the same shapes, so there the name decides. None for others.
    """
    widths = [shape[1] for key, shape in shapes.items() if _is_attention(key, shape)]
    found = _BY_CONTEXT.get(widths[0]) if widths else None
    if found is _SD2 and (_BASE_512.search(name) or _word(name) == "turbo"):
        return _SD2_BASE
    return found


def _is_attention(key: str, shape: tuple[int, ...]) -> bool:
    return len(shape) > 1 and bool(_ATTENTION.fullmatch(key))


# What looks like a model and is a part of one; by the names of its tensors, or of all of them.
_PARTS = (
    (
        re.compile(r"lora_(up|down|A|B)\b|lora\.(up|down)\.|\bhada_w|\blokr_w"),
        "is a LoRA, which is not used yet",
    ),
    (
        re.compile(r"^(emb_params|string_to_param|clip_[gl])\b"),
        "is an embedding (textual inversion), which is not used yet",
    ),
    (re.compile(r"^(control_model|controlnet_\w+)\."), "is a ControlNet, which is not used yet"),
    (re.compile(r"^params_ema\.|^body\.0\.rdb1\."), "is an upscaler, which is not used yet"),
)
_DECODER = re.compile(r"(first_stage_model|encoder|decoder|(post_)?quant_conv)\.")


def no_model(shapes: Shapes) -> str:
    """Why a single file with these tensors is no model; completes "The file …"; else empty."""
    for pattern, said in _PARTS:
        if any(map(pattern.search, shapes)):
            return said
    if shapes and all(map(_DECODER.match, shapes)):
        return "holds a decoder (VAE) alone, which is not used yet"
    return "" if shapes else "holds no weights"


def of_file(shapes: Shapes, name: str) -> Facts | None:
    """Facts of a single file with these tensors; None for families that are not known here."""
    found = published(shapes, name)
    if found is None:
        return None
    velocity = found.v_prediction or is_v_prediction(shapes, name)
    return Facts(
        found.kind,
        name,
        {"requires_aesthetics_score": True} if found is _REFINER else {},
        {"sample_size": found.cells, "in_channels": in_channels(shapes)},
        {"block_out_channels": [128, 256, 512, 512]},
        {"prediction_type": "v_prediction" if velocity else "epsilon"},
    )


def in_channels(shapes: Shapes) -> int:
    """4 for a model that draws from words, 9 for one that repairs pictures."""
    first = shapes.get(_FIRST)
    return first[1] if first and len(first) > 1 else 4


def is_v_prediction(shapes: Shapes, name: str) -> bool:
    """True for SDXL models that predict velocity: they say so by an empty tensor, or by name."""
    return "v_pred" in shapes or bool(_V_PREDICTION.search(name))
