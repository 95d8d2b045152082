"""Files that are well known and are not read: what each is, told by the names of its tensors.

Knows names; not files.
"""

from __future__ import annotations

import re
from collections.abc import Collection

# By the first word of a name, or by the last.
_FIRST = (
    (re.compile(r"control_model|controlnet_\w+"), "is a ControlNet, which is not used yet"),
    (
        re.compile(r"bundle_emb"),
        "is a LoRA that brings words of its own (bundle_emb), which are not read; without them it "
        "would draw other pictures than it was trained for: take one whose words are a file of "
        "their own",
    ),
    (
        re.compile(r"blk|enc"),
        "is a language model or a text encoder in a form that is not read: take its .safetensors",
    ),
)
_LAST = (
    (re.compile(r"(hada|lokr)_w.*"), "is a LyCORIS of a kind that is not used (LoHa, LoKr)"),
    (
        re.compile(r"dora_scale"),
        "is a DoRA, whose pictures would be others without its scales, which are not used: take a "
        "plain LoRA",
    ),
    (
        re.compile(r"scale_weight|weight_scale|input_scale|comfy_quant|scaled_fp8"),
        "holds numbers of eight bits with scales of their own, which are not read: take it in "
        "another format",
    ),
    (
        re.compile(r"absmax|quant_map|SCB|qweight|wscales|bitsandbytes__\w+"),
        "holds packed numbers of a kind that is not read (nf4, int8, SVDQuant and their like): "
        "take it in another format, such as .gguf",
    ),
)


def why(names: Collection[str]) -> str:
    """Why nothing with tensors of these names is used; completes "The file …"; else empty."""
    first = {name.partition(".")[0] for name in names}
    last = {name.rpartition(".")[2] for name in names}
    for words, known in ((first, _FIRST), (last, _LAST)):
        for pattern, said in known:
            if any(map(pattern.fullmatch, words)):
                return said
    return ""
