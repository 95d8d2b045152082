"""What is no model by itself and is used with one: a decoder, a text encoder.

Told by the names and shapes of a file's tensors, never by its name. `fits` names families as
`bot.models.box` does. Reads headers; not weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.models import facts, layouts
from bot.models.facts import Shapes, UnfitFile
from bot.models.layouts import Sizes

DECODER = "decoder (VAE)"
CLIP = "text encoder (CLIP)"
T5 = "text encoder (T5)"

_PLACES = ("", "first_stage_model.", "vae.")
"""Where a decoder lies in a file of its own."""


@dataclass(frozen=True)
class Addon:
    """`key` is what it is called by; `sizes` are those of its config, as far as they are known."""

    key: str
    path: Path
    kind: str
    fits: tuple[str, ...]
    sizes: Sizes


def told(shapes: Shapes) -> tuple[str, tuple[str, ...], Sizes] | None:
    """The kind, the families that it fits and the sizes of what a file holds; None for others."""
    try:
        for place in _PLACES:
            if (sizes := layouts.vae(shapes, place)) and _alone(shapes, place):
                return DECODER, _DECODED.get(sizes["latent_channels"], ()), sizes
        if sizes := layouts.clip(shapes, ""):
            return CLIP, _SPOKEN.get(sizes["hidden_size"], ()), sizes
        if sizes := layouts.t5(shapes, ""):
            return T5, ("sd3", "flux") if sizes["d_model"] == 4096 else (), sizes
    except (LookupError, ValueError):  # nearly one of them
        pass
    return None


def _alone(shapes: Shapes, place: str) -> bool:
    halves = ("encoder.", "decoder.", "quant_conv.", "post_quant_conv.", "loss.", "model_ema.")
    return all(name.removeprefix(place).startswith(halves) for name in shapes)


_DECODED = {4: ("sd1", "sd2", "sdxl"), 16: ("sd3", "flux")}
_SPOKEN = {768: ("sd1", "sdxl", "sd3", "flux"), 1024: ("sd2",), 1280: ("sdxl", "sd3")}


def beside(file: Path) -> Iterator[Addon]:
    """Those in the folder of `file`, by name."""
    try:
        there = sorted(file.parent.iterdir(), key=lambda path: path.name.lower())
    except OSError:
        return
    for path in there:
        if path != file and (one := opened(path)):
            yield one


def opened(path: Path) -> Addon | None:
    """What lies at `path`, if it is one that can be read; a pickle is not looked into."""
    if path.suffix.lower() != ".safetensors" or not path.is_file():
        return None
    try:
        found = told(facts.shapes_in(path) or {})
    except (UnfitFile, OSError):
        return None
    return Addon(facts.name_of(path.name), path, *found) if found else None
