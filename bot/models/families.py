"""What follows from a model's own files: the fields of its card.

Sizes, steps and guidance are the makers' own recommendations. Names decide one thing alone, which
no file says: that a model was distilled to few steps. Knows no torch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.models.facts import Facts


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
    samplers: bool = True
    variations: bool = True
    previews: bool = True
    steers: bool = False
    tiles: bool = False
    locates: bool = False


# By the beginning of the pipeline's class; the longest match counts.
_FAMILIES: Mapping[str, Family] = {
    "StableDiffusion": Family("sd", 512, 64, 30, 7.0, steers=True, tiles=True, locates=True),
    "LatentConsistencyModel": Family("sd", 512, 64, 30, 7.0, steers=True, tiles=True, locates=True),
    "StableDiffusionXL": Family("sdxl", 1024, 64, 30, 6.0, steers=True, tiles=True, locates=True),
    "StableDiffusion3": Family("sd3", 1024, 16, 28, 4.5, steers=True, tiles=True),
    "Kolors": Family("kolors", 1024, 64, 30, 5.0),
    "Flux": Family("flux", 1024, 16, 28, 3.5, negatives_above=None, steers=True, tiles=True),
    "Flux2Klein": Family("flux2", 1024, 16, 4, 0.0, negatives_above=None, tiles=True),
    "Flux2": Family("flux2", 1024, 16, 28, 4.0, negatives_above=None, tiles=True),
    "QwenImage": Family("qwen", 1024, 16, 40, 4.0, guidance_argument="true_cfg_scale", tiles=True),
    "ZImage": Family("zimage", 1024, 16, 28, 4.0, negatives_above=0.0, tiles=True),
    "Chroma": Family("chroma", 1024, 16, 40, 4.0, steers=True, tiles=True),
    "PixArt": Family("pixart", 1024, 8, 20, 4.5, steers=True, tiles=True),
    "Sana": Family("sana", 1024, 32, 20, 4.5, tiles=True),
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
_FLOWS = frozenset(
    {"sd3", "flux", "flux2", "qwen", "zimage", "chroma", "sana", "lumina", "auraflow", "hidream",
     "krea2"}
)  # fmt: skip
"""Families without levels of noise made of betas, whether or not a file says so."""
_LARGEST = 8192
"""No model draws a larger square; a file that says so is damaged."""

# A word of its own in a name ("pixlArt" holds no XL, "influx" no flux).
_DISTILLED = re.compile(
    r"(?:^|[^a-z])(turbo|lightning|lcm|hyper(?:[-_ ]?sd)?|dmd2|schnell)(?![a-z])", re.IGNORECASE
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_STEPS = re.compile(r"(?<!\d)([1248]|16)[-_ ]?steps?(?![a-z])", re.IGNORECASE)
_OFFICIAL_TURBO = re.compile(r"sd[-_]?(xl[-_]?)?turbo", re.IGNORECASE)


def fields(facts: Facts) -> dict[str, Any]:
    """The fields of the model's card, capabilities included."""
    matching = [beginning for beginning in _FAMILIES if facts.kind.startswith(beginning)]
    family = _FAMILIES[max(matching, key=len)] if matching else _OTHER
    if side := _side(facts):
        family = replace(family, native=side, multiple=family.multiple if side >= 512 else 8)
    match family.family:
        case "sd" | "sdxl":
            family = _stable_diffusion(family, facts)
        case "flux" if not facts.denoiser.get("guidance_embeds", word_of(facts.name) != "schnell"):
            family = replace(family, steps=4, guidance=0.0)
        case "flux2" if facts.pipeline.get("is_distilled") is False:
            family = replace(family, steps=50, guidance=4.0, negatives_above=1.0)
        case "krea2" if facts.pipeline.get("is_distilled"):
            family = replace(family, steps=8, guidance=0.0)
        case "sd3" | "zimage" if word_of(facts.name) == "turbo":
            steps = 4 if family.family == "sd3" else 9
            family = replace(family, steps=steps, guidance=0.0)
    samplers = family.family not in _FLOWS and exchangeable(facts.scheduler)
    return vars(replace(family, samplers=samplers))


_OWN_LEVELS = ("FlowMatch", "EDM", "SCM")


def exchangeable(scheduler: Mapping[str, Any]) -> bool:
    """Whether a model whose scheduler has this config draws by other samplers as well: its levels
    of noise are those that all of ours know, made of betas (Ho et al. 2020)."""
    own = any(word in _class_of(scheduler) for word in _OWN_LEVELS)
    return not (own or scheduler.get("use_flow_sigmas"))


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
    word = word_of(name)
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


def word_of(name: str) -> str:
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
    if unet and channels not in (4, 9):  # 9: trained to repair pictures, and from words all of one
        return "changes given pictures and cannot draw from words alone"
    if facts.pipeline.get("requires_aesthetics_score"):
        return "is a refiner: it finishes pictures of another model and cannot draw alone"
    if facts.kind.startswith(("FluxFill", "FluxControl")):
        return "changes given pictures and cannot draw from words alone"
    return ""
