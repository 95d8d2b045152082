"""Tiny models that say something of a picture: random weights, in transformers' own classes and
files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipTextConfig,
    BlipVisionConfig,
    CLIPTokenizer,
    GitConfig,
    GitForCausalLM,
    GitVisionConfig,
    GPT2Config,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    ViTImageProcessor,
)

import bot.models
from bot.models import describer

needs_box = pytest.mark.skipif(
    not describer.BOX.exists(), reason="needs what `python -m bot.training captioner` makes"
)
WORDS = Path(bot.models.__file__).parent / "embedded" / "tokenizer"
SIDE = 32
_SEEING = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
           "num_attention_heads": 2, "image_size": SIDE, "patch_size": 8}  # fmt: skip
_SAYING = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
           "num_attention_heads": 2, "max_position_embeddings": 40}  # fmt: skip


def write(kind: str, folder: Path) -> Path:
    """A model of a kind of `describer.KINDS`, the same one each time."""
    words = CLIPTokenizer.from_pretrained(WORDS)
    torch.manual_seed(5)
    model = _MODELS[kind](words)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    half = [0.5] * 3
    size = {"height": SIDE, "width": SIDE}
    ViTImageProcessor(size=size, image_mean=half, image_std=half).save_pretrained(folder)
    return folder


def _ends(words: CLIPTokenizer) -> dict[str, Any]:
    start, end = words.bos_token_id, words.eos_token_id
    return {
        "vocab_size": len(words), "bos_token_id": start, "eos_token_id": end, "pad_token_id": end,
    }  # fmt: skip


def _blip(words: CLIPTokenizer) -> BlipForConditionalGeneration:
    ends = _ends(words)
    text = BlipTextConfig(
        **_SAYING, **ends, encoder_hidden_size=32, sep_token_id=ends["eos_token_id"]
    )
    seeing = BlipVisionConfig(**_SEEING)
    return BlipForConditionalGeneration(
        BlipConfig(text_config=text.to_dict(), vision_config=seeing.to_dict(), projection_dim=16)
    )


def _git(words: CLIPTokenizer) -> GitForCausalLM:
    seeing = GitVisionConfig(**_SEEING)
    return GitForCausalLM(GitConfig(vision_config=seeing.to_dict(), **_SAYING, **_ends(words)))


def _both(words: CLIPTokenizer) -> VisionEncoderDecoderModel:
    ends = _ends(words)
    decoder = GPT2Config(
        **ends, n_positions=20, n_embd=48, n_layer=1, n_head=2, is_decoder=True,
        add_cross_attention=True,
    )  # fmt: skip
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        ViTConfig(**_SEEING, add_pooling_layer=False), decoder
    )
    config.decoder_start_token_id = ends["bos_token_id"]
    config.pad_token_id = config.eos_token_id = ends["eos_token_id"]
    return VisionEncoderDecoderModel(config)


_MODELS = {"blip": _blip, "git": _git, "vision-encoder-decoder": _both}
