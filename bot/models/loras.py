"""LoRAs (Hu et al. 2021) by the names and shapes of their tensors. Knows no files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.models.facts import Shapes

UNETS = {768: "sd1", 1024: "sd2", 2048: "sdxl"}
"""Families, by the width of the text that a U-Net attends to."""

_LORA = re.compile(r"lora_(up|down|A|B)\b|lora\d?\.(up|down)\.")
_ATTENDED = re.compile(r"attn2.*to_k.*(down|lora_A)\b.*weight$")
_FLUX = re.compile(r"(double|single)_blocks|single_transformer_blocks")
_SD3 = re.compile(r"joint_blocks|add_q_proj")


def is_one(names: Iterable[str]) -> bool:
    """Whether only a LoRA has tensors of these names."""
    return any(map(_LORA.search, names))


def trained_for(shapes: Shapes) -> tuple[str, ...]:
    """The families of models, by what the matrices are laid beside; empty where that is not
    known."""
    widths = (shape[1] for name, shape in shapes.items() if _ATTENDED.search(name) and shape[1:])
    if (width := next(widths, 0)) in UNETS:
        return (UNETS[width],)
    if any("lora_te2_" in name for name in shapes):
        return ("sdxl",)
    if any(map(_FLUX.search, shapes)):
        return ("flux",)
    return ("sd3",) if any(map(_SD3.search, shapes)) else ()
