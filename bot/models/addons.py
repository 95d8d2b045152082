"""What is no model by itself and is used with one: LoRA, embedding, decoder, text encoder, and
networks that make pictures larger.

Told by the names and shapes of a file's tensors, never by its name. `fits` names families as
`bot.models.box` does. Reads headers; not weights.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.domain.prompt.values import sayable
from bot.models import embeddings, facts, layouts, loras, pickles, unread
from bot.models.facts import Facts, Shapes, UnfitFile
from bot.models.layouts import Sizes

LORA = "LoRA"
EMBEDDING = "embedding"
IP_ADAPTER = "IP-Adapter"
EYE = "image encoder (CLIP)"
DECODER = "decoder (VAE)"
PREVIEWER = "decoder for previews (TAESD)"
CLIP = "text encoder (CLIP)"
T5 = "text encoder (T5)"
UPSCALER = "network that upscales (ESRGAN and its kin)"

FAMILIES = {
    "sd1": "Stable Diffusion 1",
    "sd2": "Stable Diffusion 2",
    "sdxl": "Stable Diffusion XL",
    "sd3": "Stable Diffusion 3",
    "flux": "FLUX.1",
}
_PLACES = ("", "first_stage_model.", "vae.")
"""Where a decoder lies in a file of its own."""


@dataclass(frozen=True)
class Addon:
    """`key` is what it is called by, `path` a file or folder; `sizes` are those of its config, as
    far as they are known."""

    key: str
    path: Path
    kind: str
    fits: tuple[str, ...]
    sizes: Sizes

    @property
    def said(self) -> str:
        """What a prompt calls it; empty where its name has nothing that can be said."""
        return _names(self.path)[2]


Told = tuple[str, tuple[str, ...], Sizes]
"""The kind, the families that it fits and the sizes."""


def told(shapes: Shapes) -> Told | None:
    """What a file holds; None for others."""
    try:
        return _told(shapes)
    except (LookupError, ValueError):  # nearly one of them
        return None


def _told(shapes: Shapes) -> Told | None:
    if unread.why(shapes):
        return None
    if any(map(_ENLARGES.match, shapes)):
        return UPSCALER, (), {}
    if loras.is_one(shapes):
        return LORA, loras.trained_for(shapes), {}
    if vectors := embeddings.widths(shapes):
        return EMBEDDING, embeddings.fits(vectors), {}
    if sizes := _ip_adapter(shapes):
        return IP_ADAPTER, _beside(shapes), sizes
    if sizes := layouts.eye(shapes):
        return EYE, (), sizes
    for place in _PLACES:
        if (sizes := layouts.vae(shapes, place)) and _alone(shapes, place):
            return DECODER, _DECODED.get(sizes["latent_channels"], ()), sizes
    if sizes := previewer(shapes):
        return PREVIEWER, _DECODED.get(sizes["latent_channels"], ()), sizes
    if sizes := layouts.clip(shapes, ""):
        return CLIP, _SPOKEN.get(sizes["hidden_size"], ()), sizes
    if sizes := layouts.t5(shapes, ""):
        return T5, ("sd3", "flux") if sizes["d_model"] == 4096 else (), sizes
    return None


# Networks that upscale

_ENLARGES = re.compile(
    r"(params(_ema)?\.|module\.|netG\.)?(model\.1\.sub\.\d|RRDB_trunk\.0|conv_first\.weight|"
    r"body\.0\.(weight|rdb1\.)|feats\.0\.|block_1\.c1_r\.|unet1\.conv1\.|residual_layer\.0)"
)
"""ESRGAN, Real-ESRGAN, RealSR, SwinIR, HAT, DAT, Compact, PLKSR, SPAN, Real-CUGAN, OmniSR."""


# Families


def base_of(found: Facts) -> str:
    """The family of a model as `fits` names it; empty for one that is not known here."""
    if found.kind.startswith("StableDiffusion3"):
        return "sd3"
    if found.kind.startswith("Flux"):
        return "" if found.kind.startswith("Flux2") else "flux"
    return loras.UNETS.get(found.denoiser.get("cross_attention_dim", 0), "")


def fits(one: Addon, found: Facts) -> bool:
    """False where it is known to be made for another family."""
    base = base_of(found)
    return not (one.fits and base) or base in one.fits


# Image prompts


def _ip_adapter(shapes: Shapes) -> Sizes | None:
    """What it takes of an image encoder: vectors of so many numbers for each picture, or hidden
    states of so many for each of its patches; None for kinds that are not known (faces)."""
    if not any(name.startswith("ip_adapter.") for name in shapes):
        return None
    whole = shapes.get("image_proj.proj.weight")
    patches = shapes.get("image_proj.proj_in.weight") or shapes.get("image_proj.proj.0.weight")
    if whole:
        return {"vector": whole[1], "hidden": 0}
    return {"vector": 0, "hidden": patches[1]} if patches else None


def _beside(shapes: Shapes) -> tuple[str, ...]:
    widths = (shape[1] for name, shape in shapes.items() if name.endswith(".to_k_ip.weight"))
    base = loras.UNETS.get(next(widths, 0))
    return (base,) if base else ()


# Decoders for previews

TINY = "AutoencoderTiny"
"""Ollin Boer Bohan's TAESD and its kin, as diffusers calls them."""
_LIKE = ("AutoencoderKL", TINY)
"""Whose latents they were taught."""
_TINY_PLACES = (("decoder.layers.", 0), ("", 1))
"""By diffusers; and as they were published, where a layer without weights comes first."""
_TINY_FILES = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors")


def previewer(shapes: Shapes) -> Sizes | None:
    """Of a decoder for previews, with `at` and `first`, where its layers lie."""
    for at, first in _TINY_PLACES:
        if (sizes := layouts.tiny(shapes, at, first)) and sizes.pop("out_channels") == 3:
            return sizes | {"at": at, "first": first}
    return None


def unfit(one: Addon | None, key: str, found: Facts) -> str:
    """Why a model shows its steps roughly although it has a decoder for previews of that name, in a
    sentence; empty where it does not."""
    if one is None:
        return (
            f"There is no decoder for previews {key} beside the model {found.name} (a folder in "
            "diffusers' format or a .safetensors file), so its previews are rough."
        )
    channels = one.sizes["latent_channels"]
    known = found.vae.get("_class_name", _LIKE[0]) in _LIKE
    if known and found.vae.get("latent_channels", channels) == channels and fits(one, found):
        return ""
    return (
        f"The decoder for previews {key} does not fit the model {found.name}, whose latents are "
        "others, so its previews are rough."
    )


# Parts


def _alone(shapes: Shapes, place: str) -> bool:
    halves = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.", "loss.", "model_ema.")
    return all(name.removeprefix(place).startswith(halves) for name in shapes)


_DECODED = {4: ("sd1", "sd2", "sdxl"), 16: ("sd3", "flux")}
_SPOKEN = {768: ("sd1", "sdxl", "sd3", "flux"), 1024: ("sd2",), 1280: ("sdxl", "sd3")}


def beside(file: Path) -> Iterator[Addon]:
    """Those in the folder of `file`, by name."""
    return (one for one in inside(file.parent) if one.path != file)


def inside(folder: Path) -> Iterator[Addon]:
    """Those in a folder, by name."""
    return (one for path in _listed(folder) if (one := opened(path)))


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Changes when a file comes, goes or becomes another one; no file is opened for it."""
    found = []
    for path in _listed(folder):
        with contextlib.suppress(OSError):
            state = path.stat()
            found.append((path.name, state.st_mtime_ns, state.st_size))
    return tuple(found)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(filter(facts.is_named, folder.iterdir()), key=lambda path: path.name.lower())
    except OSError:
        return []


def named(folders: Iterable[Path], kind: str, key: str) -> Addon | None:
    """The one of a kind that is called so, in the first of the folders that has it: by the name of
    its file, with or without its suffix, or by what a prompt can say of it."""
    for folder in folders:
        for path in called(_listed(folder), key):
            if (one := opened(path)) and one.kind == kind:
                return one
    return None


def called(paths: Iterable[Path], key: str) -> list[Path]:
    """Those that a name means, the likeliest first: of files of one name pickles are the last."""

    def rank(path: Path) -> tuple[bool, bool]:
        return key not in _names(path)[:2], path.suffix.lower() in _PICKLED

    return sorted((path for path in paths if key in _names(path)), key=rank)


def _names(path: Path) -> tuple[str, str, str]:
    """What one there is called: by NAME.toml one of the first two, by a prompt the last."""
    name = facts.name_of(path.name)
    return name, path.name, sayable(name)


def opened(path: Path) -> Addon | None:
    """What lies at `path`, if it is one that can be read."""
    file = weights_of(path)
    try:
        if file.suffix.lower() in _PICKLED and (found := _of_pickle(file)):
            return Addon(facts.name_of(path.name), path, *found)
        if file.suffix.lower() != facts.SAFETENSORS or not file.is_file():
            return None
        found = told(facts.shapes_in(file) or {})
    except (UnfitFile, OSError):
        return None
    return Addon(facts.name_of(path.name), path, *found) if found else None


_PICKLED = (*pickles.SUFFIXES, ".ckpt")
_OF_PICKLES = (EMBEDDING, LORA, DECODER)
"""What is read of a pickle; whatever it holds besides weights would be left out of them."""


def _of_pickle(file: Path) -> Told | None:
    """Raises UnfitFile, OSError."""
    if not file.is_file():
        return None
    held = pickles.read(file)
    if file.suffix.lower() in pickles.SUFFIXES and any(map(_ENLARGES.match, held.texts)):
        return UPSCALER, (), {}
    found = None if held.foreign else told(held.shapes)
    return found if found and found[0] in _OF_PICKLES else None


def why_not(path: Path) -> str:
    """Why a pickle that `opened` does not know is not used; completes its name."""
    try:
        held = pickles.read(path)
    except UnfitFile as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if why := held.harm or unread.why(held.shapes):
        return why
    if found := told(held.shapes):
        return f"is a pickle ({found[0]}): take it as .safetensors"
    return "is a pickle, of which nobody can tell what it is: take it as .safetensors"


def weights_of(path: Path) -> Path:
    """A file itself; of a folder in diffusers' format that holds a decoder for previews its file of
    weights, if there is one."""
    if facts.config_in(path).get("_class_name") != TINY:
        return path
    return next((file for name in _TINY_FILES if (file := path / name).is_file()), path)
