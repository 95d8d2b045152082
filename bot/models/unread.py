"""Files that are well known and are not read: what each is, told by the names of its tensors.

Knows names; not files.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_UNREAD = (
    (re.compile(r"\bhada_w|\blokr_w"), "is a LyCORIS of a kind that is not used (LoHa, LoKr)"),
    (
        re.compile(r"\.dora_scale$"),
        "is a DoRA, whose pictures would be others without its scales, which are not used: take a "
        "plain LoRA",
    ),
    (re.compile(r"^(control_model|controlnet_\w+)\."), "is a ControlNet, which is not used yet"),
    (
        re.compile(r"^(enc\.)?blk\.\d+\."),
        "is a language model or a text encoder in a form that is not read: take its .safetensors",
    ),
    (
        re.compile(r"\.(scale_weight|weight_scale|input_scale|comfy_quant)$|^scaled_fp8$"),
        "holds numbers of eight bits with scales of their own, which are not read: take it in "
        "another format",
    ),
    (
        re.compile(r"\.(absmax|quant_map|SCB|qweight|wscales)$|\.quant_state\."),
        "holds packed numbers of a kind that is not read (nf4, int8, SVDQuant and their like): "
        "take it in another format, such as .gguf",
    ),
)


def why(names: Collection[str]) -> str:
    """Why nothing with tensors of these names is used; completes "The file …"; else empty."""
    return next((said for pattern, said in _UNREAD if any(map(pattern.search, names))), "")
