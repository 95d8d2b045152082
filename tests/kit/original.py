"""Weights under the names that their makers published, as people have them in single files.

The inverse of what diffusers does when it reads such a file. Works on shapes alone, too: tensors
may lie on the "meta" device. Imported in a worker or beside torch only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

Tensors = dict[str, torch.Tensor]

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}
_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def unet(network: Any) -> Tensors:
    """A U-Net of Stable Diffusion 1, 2 or XL."""
    table = dict(_unet(network.config))
    named = {}
    for key, value in network.state_dict().items():
        name = renamed(key, table)
        if ".resnets." in key:
            name = renamed(name, _RESNET, inside=True)
        named[f"model.diffusion_model.{name}"] = value
    return named


def _unet(config: Any) -> Iterator[tuple[str, str]]:
    yield from {
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0",
        "add_embedding.linear_2": "label_emb.0.2",
        "conv_in": "input_blocks.0.0",
        "mid_block.resnets.0": "middle_block.0",
        "mid_block.attentions.0": "middle_block.1",
        "mid_block.resnets.1": "middle_block.2",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
    }.items()
    layers = config.layers_per_block
    for level in range(len(config.down_block_types)):
        for layer in range(layers):
            block = f"input_blocks.{1 + level * (layers + 1) + layer}"
            yield f"down_blocks.{level}.resnets.{layer}", f"{block}.0"
            yield f"down_blocks.{level}.attentions.{layer}", f"{block}.1"
        last = f"input_blocks.{(level + 1) * (layers + 1)}"
        yield f"down_blocks.{level}.downsamplers.0.conv", f"{last}.0.op"
    for level, kind in enumerate(config.up_block_types):
        for layer in range(layers + 1):
            block = f"output_blocks.{level * (layers + 1) + layer}"
            yield f"up_blocks.{level}.resnets.{layer}", f"{block}.0"
            yield f"up_blocks.{level}.attentions.{layer}", f"{block}.1"
        last = f"output_blocks.{level * (layers + 1) + layers}"
        place = 2 if "CrossAttn" in kind else 1
        yield f"up_blocks.{level}.upsamplers.0.conv", f"{last}.{place}.conv"


def vae(network: Any) -> Tensors:
    """An AutoencoderKL, as it lies in a file of its own."""
    table = dict(_vae(len(network.config.down_block_types)))
    named = {}
    for key, value in network.state_dict().items():
        name = renamed(key, table).replace("conv_shortcut", "nin_shortcut")
        if ".attentions." in key:
            name = renamed(name, _VAE_ATTENTION, inside=True)
            if value.ndim == 2:  # once convolutions of one pixel
                value = value[:, :, None, None]  # noqa: PLW2901
        named[name] = value
    return named


def _vae(levels: int) -> Iterator[tuple[str, str]]:
    for level in range(levels):
        down, up = f"down.{level}", f"up.{levels - 1 - level}"
        yield f"encoder.down_blocks.{level}.resnets", f"encoder.{down}.block"
        yield f"encoder.down_blocks.{level}.downsamplers.0", f"encoder.{down}.downsample"
        yield f"decoder.up_blocks.{level}.resnets", f"decoder.{up}.block"
        yield f"decoder.up_blocks.{level}.upsamplers.0", f"decoder.{up}.upsample"
    for half in ("encoder", "decoder"):
        yield f"{half}.mid_block.resnets.0", f"{half}.mid.block_1"
        yield f"{half}.mid_block.resnets.1", f"{half}.mid.block_2"
        yield f"{half}.mid_block.attentions.0", f"{half}.mid.attn_1"
        yield f"{half}.conv_norm_out", f"{half}.norm_out"


def clip(encoder: Any) -> Tensors:
    """CLIP's text encoder under the names of transformers 4."""
    outside = ("text_model.", "text_projection.")
    return {
        key if key.startswith(outside) else f"text_model.{key}": value
        for key, value in encoder.state_dict().items()
    }


def open_clip(encoder: Any) -> Tensors:
    """CLIP's text encoder under the names of OpenCLIP."""
    named: Tensors = {}
    given = {key.removeprefix("text_model."): each for key, each in clip(encoder).items()}
    for key, value in given.items():
        if ".self_attn." in key and ".out_proj." not in key:
            if ".q_proj." in key:
                every = [given[key.replace("q_proj", f"{which}_proj")] for which in "qkv"]
                block, _, kind = _block(key).partition(".self_attn.q_proj.")
                named[f"{block}.attn.in_proj_{kind}"] = torch.cat(every)
        elif key == "text_projection.weight":
            named["text_projection"] = value.T
        else:
            named[_block(key)] = value
    return named


def _block(key: str) -> str:
    table = {
        "embeddings.token_embedding": "token_embedding",
        "final_layer_norm": "ln_final",
        "encoder.layers": "transformer.resblocks",
    }
    if key == "embeddings.position_embedding.weight":
        return "positional_embedding"
    return renamed(renamed(key, table), _CLIP, inside=True)


def under(place: str, tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """With `place` in front of every name."""
    return {f"{place}{name}": value for name, value in tensors.items()}


def stored(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """As files hold them: whole, and none a part of another."""
    return {name: value.detach().clone().contiguous() for name, value in tensors.items()}


def sd1(pipeline: Any) -> Tensors:
    """A file of Stable Diffusion 1."""
    return stored(
        unet(pipeline.unet)
        | under("first_stage_model.", vae(pipeline.vae))
        | under("cond_stage_model.transformer.", clip(pipeline.text_encoder))
    )


def sd2(pipeline: Any) -> Tensors:
    """A file of Stable Diffusion 2, whose text encoder has a last layer that is not used."""
    encoder = open_clip(pipeline.text_encoder)
    layers = pipeline.text_encoder.config.num_hidden_layers
    first = {key: each for key, each in encoder.items() if ".resblocks.0." in key}
    spare = {key.replace(".0.", f".{layers}.", 1): each for key, each in first.items()}
    return stored(
        unet(pipeline.unet)
        | under("first_stage_model.", vae(pipeline.vae))
        | under("cond_stage_model.model.", encoder | spare)
    )


def sdxl(pipeline: Any) -> Tensors:
    """A file of Stable Diffusion XL."""
    return stored(
        unet(pipeline.unet)
        | under("first_stage_model.", vae(pipeline.vae))
        | under("conditioner.embedders.0.transformer.", clip(pipeline.text_encoder))
        | under("conditioner.embedders.1.model.", open_clip(pipeline.text_encoder_2))
    )


_SD3 = {
    "pos_embed.proj": "x_embedder.proj",
    "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
    "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
    "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
    "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
    "proj_out": "final_layer.linear",
    "norm_out.linear": "final_layer.adaLN_modulation.1",
}
_JOINT = {
    "attn.to_out.0": "x_block.attn.proj",
    "attn.to_add_out": "context_block.attn.proj",
    "attn.norm_q": "x_block.attn.ln_q",
    "attn.norm_k": "x_block.attn.ln_k",
    "attn.norm_added_q": "context_block.attn.ln_q",
    "attn.norm_added_k": "context_block.attn.ln_k",
    "norm1.linear": "x_block.adaLN_modulation.1",
    "norm1_context.linear": "context_block.adaLN_modulation.1",
    "ff.net.0.proj": "x_block.mlp.fc1",
    "ff.net.2": "x_block.mlp.fc2",
    "ff_context.net.0.proj": "context_block.mlp.fc1",
    "ff_context.net.2": "context_block.mlp.fc2",
}
_THREE = {
    ".attn.to_q.": ("x_block", "to_{}"),
    ".attn.add_q_proj.": ("context_block", "add_{}_proj"),
}


def mmdit(network: Any) -> Tensors:
    """The transformer of Stable Diffusion 3."""
    given = network.state_dict()
    last = f"transformer_blocks.{network.config.num_layers - 1}.norm1_context.linear"
    named: Tensors = {}
    for key, value in given.items():
        if key == "pos_embed.pos_embed":
            named["pos_embed"] = value
        elif three := next((each for each in _THREE if each in key), None):
            half, pattern = _THREE[three]
            asked = pattern.format("q")
            every = [given[key.replace(asked, pattern.format(one))] for one in "qkv"]
            block, _, kind = key.partition(three)
            named[f"{block}.{half}.attn.qkv.{kind}"] = torch.cat(every)
        elif any(f".{each}." in key for each in ("to_k", "to_v", "add_k_proj", "add_v_proj")):
            continue
        elif key.startswith(("norm_out", last)):  # shift and scale stand the other way round
            scale, shift = value.chunk(2)
            named[_joint(key)] = torch.cat([shift, scale])
        else:
            named[_joint(key)] = value
    return {key.replace("transformer_blocks.", "joint_blocks."): one for key, one in named.items()}


def _joint(key: str) -> str:
    return renamed(renamed(key, _SD3), _JOINT, inside=True)


def sd3(pipeline: Any) -> Tensors:
    """A file of Stable Diffusion 3 with its two encoders of CLIP, without T5."""
    first = clip(pipeline.text_encoder)
    first.pop("text_projection.weight")
    return stored(
        under("model.diffusion_model.", mmdit(pipeline.transformer))
        | under("first_stage_model.", vae(pipeline.vae))
        | under("text_encoders.clip_l.transformer.", first)
        | under("text_encoders.clip_g.transformer.", clip(pipeline.text_encoder_2))
    )


def renamed(key: str, table: Mapping[str, str], inside: bool = False) -> str:
    """With the first beginning that the table has (or part between dots) replaced."""
    for old, new in table.items():
        if inside and f".{old}." in key:
            return key.replace(f".{old}.", f".{new}.")
        if not inside and key.startswith(f"{old}."):
            return new + key[len(old) :]
    return key
