"""Tiny random pipelines of real classes that speak with CLIP's own words, as published files do.

Imported in a worker or beside torch only.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import diffusers
import torch
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from bot.models import box
from bot.worker import tokenizers

library: Any = diffusers

WIDTH = 32


def clip(family: str, part: str, width: int = WIDTH) -> Any:
    """A text encoder of a family in the box, but of two narrow layers."""
    config = box.published_configs(family)[f"{part}/config.json"]
    kinds = {"CLIPTextModel": CLIPTextModel}
    kind = kinds.get(config["architectures"][0], CLIPTextModelWithProjection)
    narrow = {
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": 2,
        "num_attention_heads": 1,
        "projection_dim": width,
    }
    return kind(CLIPTextConfig(**config | narrow)).eval()


def vae(family: str, **changes: Any) -> Any:
    """A decoder of a family in the box, but of two narrow levels."""
    narrow = {
        "down_block_types": ["DownEncoderBlock2D"] * 2,
        "up_block_types": ["UpDecoderBlock2D"] * 2,
        "block_out_channels": [WIDTH, WIDTH],
        "layers_per_block": 1,
    }
    config = box.published_configs(family)["vae/config.json"]
    return library.AutoencoderKL.from_config(config | narrow | changes).eval()


def unet(family: str, **changes: Any) -> Any:
    """A U-Net of a family in the box, but of two narrow levels, the second with attention."""
    config = box.published_configs(family)["unet/config.json"]
    heads = config["attention_head_dim"]
    narrow = {
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
        "block_out_channels": [WIDTH, 2 * WIDTH],
        "layers_per_block": 1,
        "cross_attention_dim": WIDTH,
        "attention_head_dim": [1, 1] if isinstance(heads, list) else heads,
        "transformer_layers_per_block": 1,
    }
    return library.UNet2DConditionModel.from_config(config | narrow | changes).eval()


def pipeline(family: str, seed: int = 0) -> Any:
    """A whole one of "sd1", "sd2", "sd2-base" or "sdxl", with random weights."""
    torch.manual_seed(seed)
    configs = box.published_configs(family)
    kind = configs["scheduler/scheduler_config.json"]["_class_name"]
    parts = {
        "scheduler": getattr(library, kind).from_config(configs["scheduler/scheduler_config.json"]),
        "vae": vae(family),
        "text_encoder": clip(family, "text_encoder"),
        "tokenizer": tokenizers.clip(77, configs["text_encoder/config.json"]["pad_token_id"]),
    }
    if family != "sdxl":
        parts |= {"safety_checker": None, "feature_extractor": None}
        made = library.StableDiffusionPipeline(
            **parts, unet=unet(family), requires_safety_checker=False
        )
    else:
        wide = {
            "cross_attention_dim": 3 * WIDTH,
            "projection_class_embeddings_input_dim": 6 * 256 + 2 * WIDTH,
        }
        made = library.StableDiffusionXLPipeline(
            **parts,
            unet=unet(family, **wide),
            text_encoder_2=clip(family, "text_encoder_2", 2 * WIDTH),
            tokenizer_2=tokenizers.clip(77, 0),
        )
    made.set_progress_bar_config(disable=True)
    return made


def sd3(folder: Path | None = None, seed: int = 0) -> Any:
    """Stable Diffusion 3; with T5 where its tokenizer shall be written into `folder`."""
    torch.manual_seed(seed)
    configs = box.published_configs("sd3")
    transformer = {
        "num_layers": 2,
        "num_attention_heads": 1,
        "caption_projection_dim": 64,
        "joint_attention_dim": 4 * WIDTH,
        "pooled_projection_dim": 3 * WIDTH,
        "pos_embed_max_size": 16,
    }
    first = clip("sd3", "text_encoder")
    with torch.no_grad():  # as the maker's files have it, which do not hold it
        first.text_projection.weight.copy_(torch.eye(WIDTH))
    kinds = library.FlowMatchEulerDiscreteScheduler, library.SD3Transformer2DModel
    made = library.StableDiffusion3Pipeline(
        scheduler=kinds[0].from_config(configs["scheduler/scheduler_config.json"]),
        transformer=kinds[1].from_config(configs["transformer/config.json"] | transformer).eval(),
        vae=vae("sd3"),
        text_encoder=first,
        text_encoder_2=clip("sd3", "text_encoder_2", 2 * WIDTH),
        tokenizer=tokenizers.clip(77, 49407),
        tokenizer_2=tokenizers.clip(77, 0),
        text_encoder_3=t5(4 * WIDTH) if folder else None,
        tokenizer_3=t5_tokenizer(folder) if folder else None,
    )
    made.set_progress_bar_config(disable=True)
    return made


def t5(width: int) -> Any:
    """T5's encoder of one layer."""
    narrow = {"d_model": width, "d_ff": width, "d_kv": 8, "num_heads": 2, "num_layers": 1}
    config = box.published_configs("sd3")["text_encoder_3/config.json"]
    return T5EncoderModel(T5Config(**config | narrow | {"vocab_size": 80})).eval()


def t5_tokenizer(folder: Path) -> Any:
    """T5's, of letters; its file lies in `folder` then."""
    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    words += [(letter, -3.0) for letter in string.ascii_letters]
    one = T5Tokenizer(vocab=words, extra_ids=0)
    one.save_pretrained(folder)
    return tokenizers.t5(folder / "tokenizer.json")


def drawn(
    pipe: Any, prompt: str = "a photo of a cat", seed: int = 7, **changes: Any
) -> torch.Tensor:
    """A small picture of two steps, as numbers (1, 3, 16, 16)."""
    asked = {"height": 16, "width": 16, "num_inference_steps": 2, "output_type": "pt"} | changes
    return pipe(prompt, generator=torch.Generator().manual_seed(seed), **asked).images
