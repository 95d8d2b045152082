"""Tiny random pipelines of real classes, in memory, and what the loop draws with them.

Imported where torch is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import diffusers
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from bot.models.cards import EMBEDDED, ModelCard

library: Any = diffusers  # its hints are narrower than what it takes

WIDTH = 16
_SPECIALS = {"bos_token_id": 1314, "eos_token_id": 1315, "pad_token_id": 1315}


def card(name: str = "tiny", **changes: Any) -> ModelCard:
    """A card that nothing depends on."""
    return ModelCard(id=name, name=name, source="nowhere", native=64, **changes)


def tokenizer() -> CLIPTokenizer:
    """The embedded model's."""
    return CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer")


def clip(kind: Any = CLIPTextModel, width: int = WIDTH) -> Any:
    """An encoder of CLIP's kind."""
    config = CLIPTextConfig(
        vocab_size=1515, hidden_size=width, intermediate_size=width, num_hidden_layers=2,
        num_attention_heads=1, max_position_embeddings=24, projection_dim=width, **_SPECIALS,
    )  # fmt: skip
    return kind(config).eval()


def autoencoder(channels: int = 4, **more: Any) -> Any:
    """An AutoencoderKL that halves three times, as the real ones do."""
    return library.AutoencoderKL(
        block_out_channels=(8,) * 4, down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1, norm_num_groups=2,
        latent_channels=channels, sample_size=64, **more,
    ).eval()  # fmt: skip


def unet(**more: Any) -> Any:
    """A U-Net of two levels."""
    settings: dict[str, Any] = {"cross_attention_dim": WIDTH, "in_channels": 4} | more
    return library.UNet2DConditionModel(
        sample_size=8, out_channels=4, layers_per_block=1, block_out_channels=(8, 16),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), attention_head_dim=1,
        norm_num_groups=4, **settings,
    ).eval()  # fmt: skip


def stable_diffusion(kind: str = "StableDiffusionPipeline", **parts: Any) -> Any:
    """Stable Diffusion 1; its parts may be others."""
    torch.manual_seed(0)
    scheduler = library.DDIMScheduler(
        beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1
    )
    made: dict[str, Any] = {
        "vae": autoencoder(), "text_encoder": clip(), "tokenizer": tokenizer(), "unet": unet(),
        "scheduler": scheduler, "safety_checker": None, "feature_extractor": None,
        "requires_safety_checker": False,
    } | parts  # fmt: skip
    return quiet(getattr(library, kind)(**made))


def stable_diffusion_xl(unet_config: dict[str, Any] | None = None, **parts: Any) -> Any:
    """Stable Diffusion XL; its parts may be others."""
    torch.manual_seed(0)
    denoiser = unet(
        addition_embed_type="text_time", addition_time_embed_dim=8,
        cross_attention_dim=2 * WIDTH, projection_class_embeddings_input_dim=6 * 8 + WIDTH,
        **unet_config or {},
    )  # fmt: skip
    made: dict[str, Any] = {
        "vae": autoencoder(), "text_encoder": clip(),
        "text_encoder_2": clip(CLIPTextModelWithProjection), "tokenizer": tokenizer(),
        "tokenizer_2": tokenizer(), "unet": denoiser,
        "scheduler": library.EulerDiscreteScheduler(beta_schedule="scaled_linear"),
    } | parts  # fmt: skip
    return quiet(library.StableDiffusionXLPipeline(**made))


def quiet(pipeline: Any) -> Any:
    """Without its progress bar."""
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def generators(seeds: Sequence[int]) -> list[torch.Generator]:
    """One for each picture."""
    return [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
