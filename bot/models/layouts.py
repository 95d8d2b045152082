"""The sizes of a model's parts, read from the shapes of its tensors.

Each function takes the tensors of a single file and where the part lies among them, and returns
what they decide of the part's config in diffusers; None where the part is not there. Tensors have
the names that the makers published. Knows shapes; not files.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from bot.models.facts import Shapes

Sizes = dict[str, Any]


def unet(shapes: Shapes, at: str) -> Sizes | None:
    """The U-Net of Stable Diffusion 1, 2 and XL and of their smaller kin, which lack layers of
    attention or the middle: input blocks, and a convolution between levels; the same upwards."""
    if f"{at}input_blocks.0.0.weight" not in shapes:
        return None
    levels = _levels(shapes, at)
    down = [depths for _, depths in levels]
    up = _upwards(shapes, at, len(down[0]) + 1)
    kinds = ["CrossAttn" if any(depths) else "" for depths in down]
    found = {
        "in_channels": shapes[f"{at}input_blocks.0.0.weight"][1],
        "out_channels": shapes[f"{at}out.2.weight"][0],
        "block_out_channels": [channels for channels, _ in levels],
        "layers_per_block": len(down[0]),
        "down_block_types": [f"{kind}DownBlock2D" for kind in kinds],
        "up_block_types": ["CrossAttnUpBlock2D" if any(each) else "UpBlock2D" for each in up],
        "transformer_layers_per_block": _deep(down),
    } | _middle(shapes, at)
    if _deep(up[::-1]) != found["transformer_layers_per_block"]:
        found["transformer_layers_per_block"] = [_each(depths) for depths in down]
        found["reverse_transformer_layers_per_block"] = [_each(depths) for depths in up]
    if attended := next((name for name in shapes if name.endswith(_ATTENDED)), None):
        found["cross_attention_dim"] = shapes[attended][1]
        proj = attended[: attended.index("transformer_blocks.")] + "proj_in.weight"
        found["use_linear_projection"] = len(shapes[proj]) == 2
    if label := shapes.get(f"{at}label_emb.0.0.weight"):
        found["projection_class_embeddings_input_dim"] = label[1]
    return found


_ATTENDED = ".1.transformer_blocks.0.attn2.to_k.weight"


def _levels(shapes: Shapes, at: str) -> list[tuple[int, list[int]]]:
    """Channels of each level, from the top, and the depth of the attention (0: none) in each of
    its layers."""
    levels: list[list[tuple[int, int]]] = [[]]
    for number in range(1, _count(shapes, f"{at}input_blocks.")):
        block = f"{at}input_blocks.{number}"
        if f"{block}.0.op.weight" in shapes:
            levels.append([])
            continue
        depth = _count(shapes, f"{block}.1.transformer_blocks.")
        levels[-1].append((shapes[f"{block}.0.out_layers.3.weight"][0], depth))
    return [(level[0][0], [depth for _, depth in level]) for level in levels]


def _upwards(shapes: Shapes, at: str, layers: int) -> list[list[int]]:
    """The same depths on the way up, from the bottom, of so many layers in each level."""
    depths = [
        _count(shapes, f"{at}output_blocks.{number}.1.transformer_blocks.")
        for number in range(_count(shapes, f"{at}output_blocks."))
    ]
    return [depths[first : first + layers] for first in range(0, len(depths), layers)]


def _middle(shapes: Shapes, at: str) -> Sizes:
    """What is between the ways down and up, where that is less than usual."""
    if _count(shapes, f"{at}middle_block.1.transformer_blocks."):
        return {}
    there = any(name.startswith(f"{at}middle_block.0.") for name in shapes)
    return {"mid_block_type": "UNetMidBlock2D" if there else None}


def _deep(levels: list[list[int]]) -> int | list[int]:
    """One depth for all levels, or one for each."""
    depths = [max(1, *level) for level in levels]
    return 1 if set(depths) == {1} else depths


def _each(depths: list[int]) -> int | list[int]:
    """One depth for all layers of a level, or one for each."""
    deep = [max(1, depth) for depth in depths]
    return deep[0] if len(set(deep)) == 1 else deep


def vae(shapes: Shapes, at: str) -> Sizes | None:
    """An AutoencoderKL, under its makers' names or those of diffusers; levels count from the
    finest."""
    first = shapes.get(f"{at}decoder.conv_in.weight")
    for level, layer in (("down.", "block."), ("down_blocks.", "resnets.")):
        levels = _count(shapes, f"{at}encoder.{level}")
        if first and levels:
            blocks = [f"{at}encoder.{level}{number}.{layer}" for number in range(levels)]
            return _vae(shapes, at, first[1], blocks)
    return None


def _vae(shapes: Shapes, at: str, latents: int, blocks: list[str]) -> Sizes:
    found: Sizes = {
        "block_out_channels": [shapes[f"{block}0.conv1.weight"][0] for block in blocks],
        "layers_per_block": _count(shapes, blocks[0]),
        "latent_channels": latents,
        "down_block_types": ["DownEncoderBlock2D"] * len(blocks),
        "up_block_types": ["UpDecoderBlock2D"] * len(blocks),
    }
    if f"{at}post_quant_conv.weight" in shapes:
        return found
    return found | {"use_quant_conv": False, "use_post_quant_conv": False}


def tiny(shapes: Shapes, at: str, first: int) -> Sizes | None:
    """The decoding half of an AutoencoderTiny, a row of layers of which the first convolution has
    that number: after it, for each level, blocks and another one."""
    levels = _numbers(shapes, at, "weight")
    if len(levels) < 2 or levels[0] != first:
        return None
    blocks = _numbers(shapes, at, "conv.0.weight")
    counts, place = [], first + 2  # what is left out between them has no weights
    for level in levels[1:]:
        counts.append(sum(place <= block < level for block in blocks))
        if level != place + counts[-1] + (level != levels[-1]):
            return None
        place = level + 1
    return {
        "latent_channels": shapes[f"{at}{first}.weight"][1],
        "out_channels": shapes[f"{at}{levels[-1]}.weight"][0],
        "decoder_block_out_channels": [shapes[f"{at}{level}.weight"][1] for level in levels[1:]],
        "num_decoder_blocks": counts,
    }


def _numbers(shapes: Shapes, before: str, after: str) -> list[int]:
    numbered = re.compile(rf"{re.escape(before)}(\d+)\.{re.escape(after)}")
    return sorted(int(found[1]) for name in shapes if (found := numbered.fullmatch(name)))


def clip(shapes: Shapes, at: str) -> Sizes | None:
    """CLIP's text encoder under the names of transformers."""
    words = shapes.get(f"{at}text_model.embeddings.token_embedding.weight")
    if words is None:
        return None
    positions = shapes[f"{at}text_model.embeddings.position_embedding.weight"]
    layers = f"{at}text_model.encoder.layers."
    inner = shapes[f"{layers}0.mlp.fc1.weight"][0]
    projection = shapes.get(f"{at}text_projection.weight")
    return _clip(words, positions, inner, _count(shapes, layers), projection)


def open_clip(shapes: Shapes, at: str) -> Sizes | None:
    """CLIP's text encoder under the names of OpenCLIP."""
    words = shapes.get(f"{at}token_embedding.weight")
    if words is None:
        return None
    blocks = f"{at}transformer.resblocks."
    inner = shapes[f"{blocks}0.mlp.c_fc.weight"][0]
    positions = shapes[f"{at}positional_embedding"]
    projection = shapes.get(f"{at}text_projection")
    return _clip(words, positions, inner, _count(shapes, blocks), projection and projection[::-1])


def open_clip_but_last(shapes: Shapes, at: str) -> Sizes | None:
    """Stable Diffusion 2 looks at what comes before the last layer, which is left out."""
    found = open_clip(shapes, at)
    if found:
        found["num_hidden_layers"] -= 1
        found.pop("projection_dim", None)
    return found


def _clip(
    words: tuple[int, ...],
    positions: tuple[int, ...],
    inner: int,
    layers: int,
    projection: tuple[int, ...] | None,
) -> Sizes:
    vocabulary, width = words
    return {
        "vocab_size": vocabulary,
        "max_position_embeddings": positions[0],
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads(width, 64),
        "projection_dim": projection[0] if projection else width,
    }


def eye(shapes: Shapes) -> Sizes | None:
    """CLIP's image encoder under the names of transformers; all that are used have 16 heads."""
    at = "vision_model."
    patch = shapes.get(f"{at}embeddings.patch_embedding.weight")
    if patch is None:
        return None
    places = shapes[f"{at}embeddings.position_embedding.weight"][0]
    return {
        "hidden_size": patch[0],
        "patch_size": patch[2],
        "image_size": math.isqrt(places - 1) * patch[2],
        "intermediate_size": shapes[f"{at}encoder.layers.0.mlp.fc1.weight"][0],
        "num_hidden_layers": _count(shapes, f"{at}encoder.layers."),
        "num_attention_heads": 16,
        "projection_dim": shapes["visual_projection.weight"][0],
    }


def t5(shapes: Shapes, at: str) -> Sizes | None:
    """T5's encoder under the names of transformers."""
    words = shapes.get(f"{at}shared.weight")
    first = f"{at}encoder.block.0.layer."
    if words is None or f"{first}1.DenseReluDense.wi_0.weight" not in shapes:
        return None
    buckets, count = shapes[f"{first}0.SelfAttention.relative_attention_bias.weight"]
    return {
        "vocab_size": words[0],
        "d_model": words[1],
        "d_ff": shapes[f"{first}1.DenseReluDense.wi_0.weight"][0],
        "d_kv": shapes[f"{first}0.SelfAttention.q.weight"][0] // count,
        "num_heads": count,
        "num_layers": _count(shapes, f"{at}encoder.block."),
        "relative_attention_num_buckets": buckets,
    }


def sd3(shapes: Shapes, at: str) -> Sizes | None:
    """The transformer of Stable Diffusion 3 and 3.5."""
    patch = shapes.get(f"{at}x_embedder.proj.weight")
    layers = _count(shapes, f"{at}joint_blocks.")
    if patch is None or not layers:
        return None
    width, channels, side, _ = patch
    blocks = [f"{at}joint_blocks.{number}.x_block" for number in range(layers)]
    twice = [
        number for number, block in enumerate(blocks) if f"{block}.attn2.proj.weight" in shapes
    ]
    return {
        "num_layers": layers,
        "num_attention_heads": heads(width, 64),
        "caption_projection_dim": width,
        "patch_size": side,
        "in_channels": channels,
        "out_channels": shapes[f"{at}final_layer.linear.weight"][0] // side**2,
        "joint_attention_dim": shapes[f"{at}context_embedder.weight"][1],
        "pooled_projection_dim": shapes[f"{at}y_embedder.mlp.0.weight"][1],
        "pos_embed_max_size": math.isqrt(shapes[f"{at}pos_embed"][1]),
        "qk_norm": "rms_norm" if f"{blocks[0]}.attn.ln_q.weight" in shapes else None,
        "dual_attention_layers": twice,
    }


def flux(shapes: Shapes, at: str) -> Sizes | None:
    """The transformer of FLUX.1."""
    first = shapes.get(f"{at}img_in.weight")
    if first is None or f"{at}double_blocks.0.img_attn.proj.weight" not in shapes:
        return None
    return {
        "in_channels": first[1],
        "num_layers": _count(shapes, f"{at}double_blocks."),
        "num_single_layers": _count(shapes, f"{at}single_blocks."),
        "num_attention_heads": heads(first[0], 128),
        "joint_attention_dim": shapes[f"{at}txt_in.weight"][1],
        "pooled_projection_dim": shapes[f"{at}vector_in.in_layer.weight"][1],
        "guidance_embeds": f"{at}guidance_in.in_layer.weight" in shapes,
    }


def heads(width: int, each: int) -> int:
    """How many heads of so many channels `width` has, at least one."""
    return max(1, width // each)


def _count(shapes: Mapping[str, Any], before: str) -> int:
    """How many of what is numbered behind these words there are, from 0."""
    numbered = re.compile(re.escape(before) + r"(\d+)\.")
    found = (numbered.match(name) for name in shapes)
    return 1 + max((int(each[1]) for each in found if each), default=-1)
