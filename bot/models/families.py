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
    rescale: float = 0.0


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
    "Kandinsky3": Family("kandinsky", 1024, 64, 25, 3.0, previews=False),
    "Kandinsky5": Family("kandinsky", 1024, 16, 50, 3.5, variations=False),
    "IF": Family("if", 64, 8, 100, 7.0, previews=False),
    "FluxKontext": Family("flux", 1024, 16, 28, 2.5, negatives_above=None, variations=False),
    "QwenImage21": Family(
        "qwen", 1024, 32, 40, 1.0, guidance_argument="true_cfg_scale", variations=False
    ),
    "ErnieImage": Family("ernie", 1024, 16, 50, 4.0, variations=False),
    "GlmImage": Family("glm", 1024, 32, 50, 1.5, negatives_above=None, variations=False),
    "Ideogram4": Family("ideogram", 2048, 16, 48, 7.0, negatives_above=None, variations=False),
    "LongCatImage": Family("longcat", 1024, 16, 50, 4.5, variations=False, previews=False),
    "OvisImage": Family("ovis", 1024, 16, 50, 5.0, variations=False),
    "NucleusMoE": Family("nucleus", 1024, 16, 50, 4.0, variations=False),
    "PRX": Family("prx", 1024, 32, 28, 4.0, variations=False),
    "Bria": Family("bria", 1024, 16, 30, 5.0, variations=False),
    "OmniGen": Family("omnigen", 1024, 16, 50, 2.5, negatives_above=None, variations=False),
    "Cosmos2TextToImage": Family("cosmos", 1024, 16, 35, 7.0, variations=False),
    "StableCascade": Family(
        "cascade", 1024, 128, 12, 4.0, guidance_argument="prior_guidance_scale", variations=False
    ),
}
_OTHER = Family("other", variations=False)
_FLOWS = frozenset(
    {"sd3", "flux", "flux2", "qwen", "zimage", "chroma", "sana", "lumina", "auraflow", "hidream",
     "krea2"}
)  # fmt: skip
"""Families without levels of noise made of betas, whether or not a file says so."""
_LARGEST = 8192
"""No model draws a larger square; a file that says so is damaged."""

# A word of its own in a name ("pixlArt" holds no XL, "influx" no flux); XL may be stuck to it.
# "Hyper" is one where nothing else follows ("hyper realistic" is no haste).
_DISTILLED = re.compile(
    r"(?:^|[^a-z]|xl)(turbo|lightning|lcm|dmd2?|schnell|"
    r"hyper(?=[^a-z]*(?:$|sd|xl|v\d|vae|baked|cfg|step|by|fp|bf|pruned|inpaint|n?sfw|dpm)))"
    r"(?=$|[^a-z]|sd|xl)",
    re.IGNORECASE,
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
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
        case "pixart" if _class_of(facts.scheduler) == "LCMScheduler":
            family = replace(family, steps=4, guidance=0.0)
        case "qwen" if word_of(facts.name) in ("lightning", "turbo"):
            family = replace(family, steps=_steps_of(facts.name), guidance=1.0)
        case "ernie" if word_of(facts.name) == "turbo":
            family = replace(family, steps=8, guidance=1.0)
        case "hidream" if faster := _HIDREAM.search(facts.name):
            steps = 28 if faster[1].lower() == "dev" else 16
            family = replace(family, steps=steps, guidance=0.0)
    samplers = family.family not in _FLOWS and exchangeable(facts.scheduler)
    return vars(replace(family, samplers=samplers))


_HIDREAM = re.compile(r"(?:^|[^a-z])(dev|fast)(?![a-z])", re.IGNORECASE)
"""The two of HiDream's that were distilled from the full one."""
_OWN_LEVELS = ("FlowMatch", "EDM", "SCM", "Wuerstchen")


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
    velocity = scheduler.get("prediction_type") == "v_prediction"
    if "EDM" in _class_of(scheduler):  # Playground 2.5; CosXL predicts velocity
        return family if velocity else replace(family, guidance=3.0)
    word = word_of(name)
    if facts.denoiser.get("time_cond_proj_dim"):
        # Guidance goes in as an embedding, so there is no second, negative half.
        return replace(family, steps=8, guidance=8.5, sampler="lcm", negatives_above=None)
    if _class_of(scheduler) == "LCMScheduler":
        word = "lcm"
    if not word and _for_few_steps(scheduler):
        word = "turbo" if family.native == 512 else "lightning"
    if velocity and family.family == "sdxl":
        family = replace(family, guidance=5.0, rescale=0.2)
    return _distilled(family, word, name) if word else family


def _class_of(scheduler: Mapping[str, Any]) -> str:
    return str(scheduler.get("_class_name", ""))


def word_of(name: str) -> str:
    """The word in a name that says that a model was distilled; empty where there is none."""
    found = _DISTILLED.search(apart(name))
    return found[1].lower() if found else ""


def apart(name: str) -> str:
    """A name with a space before each of its humps."""
    return _HUMP.sub(" ", name)


def _for_few_steps(scheduler: Mapping[str, Any]) -> bool:
    """The schedule that Turbo and Lightning are published with."""
    euler = _class_of(scheduler) in {
        "EulerDiscreteScheduler",
        "EulerAncestralDiscreteScheduler",
    }
    plain = scheduler.get("prediction_type", "epsilon") == "epsilon"
    return euler and plain and scheduler.get("timestep_spacing") == "trailing"


def _distilled(family: Family, word: str, name: str) -> Family:
    steps = _steps_of(name)
    match word:
        case "turbo" if _OFFICIAL_TURBO.match(name) or family.native == 512:
            return replace(
                family, native=min(family.native, 512), steps=4, guidance=0.0, sampler="euler_a",
                spacing="trailing",
            )  # fmt: skip
        case "turbo":  # merges at full size want a little guidance
            return replace(family, steps=steps, guidance=2.0, sampler="euler_a", spacing="trailing")
        case "lcm" | "dmd" | "dmd2":
            return replace(family, steps=steps, guidance=1.0, sampler="lcm")
        case _:
            sampler = "euler" if word == "lightning" else "ddim"
            return replace(family, steps=steps, guidance=0.0, sampler=sampler, spacing="trailing")


def _steps_of(name: str) -> int:
    said = _STEPS.search(name)
    return int(said[1]) if said else 8


def predicts_picture(name: str) -> bool:
    """Whether a name is that of SDXL-Lightning in one step, which alone does."""
    return word_of(name) == "lightning" and _steps_of(name) == 1


def unfit(facts: Facts) -> str:
    """Why such a model cannot draw from words alone; completes "The model … "; else empty."""
    channels = facts.denoiser.get("in_channels", 4)
    stable = facts.kind.startswith(("StableDiffusion", "LatentConsistency"))
    unet = stable and not facts.kind.startswith("StableDiffusion3")
    if unet and channels not in (4, 9):  # 9: trained to repair pictures, and from words all of one
        return "changes given pictures and cannot draw from words alone"
    if facts.pipeline.get("requires_aesthetics_score"):
        return "is a refiner: it finishes pictures of another model and cannot draw alone"
    if _FILMS.search(facts.kind):
        return "makes films, sounds or shapes and no pictures"
    if _CHANGES.search(facts.kind):
        return "changes given pictures and cannot draw from words alone"
    if _WORDLESS.search(facts.kind):
        return "draws nothing that words ask for"
    return ""


# By the names of pipelines, of which the signatures in diffusers say the same.
_FILMS = re.compile(
    r"Video|Audio|Music|Animat|[IT]2V|TI2V|^(AceStep|Allegro|AnyFlow|CogVideo|ConsisID|Cosmos(?!2T)|"
    r"DanceDiffusion|EasyAnimate|Helios|HunyuanVideo|I2VGen|Kandinsky6|LTX|LTX2|Latte|Mochi|PIA|"
    r"RFD4|SanaWM|ShapE|SkyReels|Spectrogram|StableAudio|Wan)"
)
_CHANGES = re.compile(
    r"Edit(Plus|Inpaint)?Pipeline|InstructPix2Pix|Upscale|SuperResolution|Upsample|Refiner|"
    r"ImageVariation|ControlNet|Controlnet|Adapter|Depth2Img|PaintByExample|Layered|VisualCloze|"
    r"^(FluxFill|FluxControl|CogView4Control|BlipDiffusion|CycleDiffusion|RePaint|Kandinsky5I2I)"
)
_WORDLESS = re.compile(
    r"ModularPipeline|Prior(?!.*Combined)|DecoderPipeline|Marigold|LLaDA|"
    r"^(ConsistencyModel|DDIM|DDPM|DiT|DiffusionGemma|KarrasVe|LDM|PNDM|ScoreSde|"
    r"VersatileDiffusion|KandinskyV22|Kandinsky)Pipeline"
)
