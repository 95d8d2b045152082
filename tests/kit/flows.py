"""Tiny random pipelines of the flow families' real classes, in memory. Imported where torch is."""

from __future__ import annotations

import string
from typing import Any

import torch
from transformers import (
    CLIPTextModelWithProjection,
    Gemma2Config,
    Gemma2Model,
    GemmaTokenizer,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)
from transformers.convert_slow_tokenizer import bytes_to_unicode

from tests.kit.pipelines import WIDTH, autoencoder, clip, library, quiet, tokenizer

_CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def t5_tokenizer() -> Any:
    """Letters."""
    pieces: list[tuple[str, float]] = [("<pad>", 0), ("</s>", 0), ("<unk>", 0), ("▁", -2)]
    pieces += [(letter, -3) for letter in string.ascii_letters + string.punctuation]
    return T5Tokenizer(vocab=pieces, extra_ids=0)


def t5(width: int = WIDTH) -> Any:
    """An encoder of one layer."""
    config = T5Config(
        vocab_size=128, d_model=width, d_kv=width, d_ff=width, num_layers=1, num_heads=1
    )
    return T5EncoderModel(config).eval()


def qwen_tokenizer() -> Any:
    """Bytes."""
    vocabulary = {character: index for index, character in enumerate(bytes_to_unicode().values())}
    made = Qwen2Tokenizer(vocab=vocabulary, merges=[])
    made.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    made.chat_template = _CHAT
    return made


def qwen3(layers: int) -> Any:
    """A language model of narrow layers."""
    config = Qwen3Config(
        vocab_size=300, hidden_size=8, intermediate_size=8, num_hidden_layers=layers,
        num_attention_heads=1, num_key_value_heads=1, head_dim=8,
    )  # fmt: skip
    return Qwen3ForCausalLM(config).eval()


def qwen_vl() -> Any:
    """A language model that could see."""
    text = {
        "vocab_size": 300, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 1, "num_key_value_heads": 1,
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]},
    }  # fmt: skip
    vision = {
        "depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 1,
        "out_hidden_size": 16,
    }  # fmt: skip
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision)
    return Qwen2_5_VLForConditionalGeneration(config).eval()


def wide_autoencoder(**more: Any) -> Any:
    """Sixteen channels with a shift, as flow models have."""
    return autoencoder(16, shift_factor=0.1, scaling_factor=0.4, **more)


def matching(**config: Any) -> Any:
    """The flow-matching scheduler."""
    return library.FlowMatchEulerDiscreteScheduler(**config)


def stable_diffusion_3(layers: int = 1, **parts: Any) -> Any:
    """With all three encoders, and so many blocks."""
    torch.manual_seed(0)
    transformer = library.SD3Transformer2DModel(
        sample_size=8, patch_size=2, in_channels=16, out_channels=16,
        num_layers=layers, attention_head_dim=8, num_attention_heads=1, caption_projection_dim=8,
        joint_attention_dim=2 * WIDTH, pooled_projection_dim=2 * WIDTH, pos_embed_max_size=16,
    )  # fmt: skip
    made: dict[str, Any] = {
        "transformer": transformer.eval(), "scheduler": matching(shift=3.0),
        "vae": wide_autoencoder(), "text_encoder": clip(CLIPTextModelWithProjection),
        "tokenizer": tokenizer(), "text_encoder_2": clip(CLIPTextModelWithProjection),
        "tokenizer_2": tokenizer(), "text_encoder_3": t5(2 * WIDTH), "tokenizer_3": t5_tokenizer(),
    } | parts  # fmt: skip
    return quiet(library.StableDiffusion3Pipeline(**made))


def _tokens(**config: Any) -> dict[str, Any]:
    return {
        "in_channels": 64, "num_layers": 1, "attention_head_dim": 8, "num_attention_heads": 1,
    } | config  # fmt: skip


def flux(told: bool = True, layers: int = 1) -> Any:
    """FLUX.1 dev, or schnell, with so many blocks of each kind."""
    torch.manual_seed(0)
    transformer = library.FluxTransformer2DModel(
        **_tokens(
            num_layers=layers, num_single_layers=layers, joint_attention_dim=8,
            pooled_projection_dim=WIDTH, guidance_embeds=told, axes_dims_rope=(2, 2, 4),
        )
    )  # fmt: skip
    return quiet(
        library.FluxPipeline(
            scheduler=matching(use_dynamic_shifting=told), vae=wide_autoencoder(),
            text_encoder=clip(), tokenizer=tokenizer(), text_encoder_2=t5(8),
            tokenizer_2=t5_tokenizer(), transformer=transformer.eval(),
        )
    )  # fmt: skip


def chroma(layers: int = 1) -> Any:
    """Chroma of so many blocks of each kind."""
    torch.manual_seed(0)
    transformer = library.ChromaTransformer2DModel(
        **_tokens(
            num_layers=layers, num_single_layers=layers, joint_attention_dim=8,
            axes_dims_rope=(2, 2, 4),
            approximator_num_channels=8, approximator_hidden_dim=8, approximator_layers=1,
        )
    )  # fmt: skip
    return quiet(
        library.ChromaPipeline(
            scheduler=matching(), vae=wide_autoencoder(), text_encoder=t5(8),
            tokenizer=t5_tokenizer(), transformer=transformer.eval(),
        )
    )  # fmt: skip


def qwen_image(layers: int = 1) -> Any:
    """Qwen-Image of so many blocks."""
    torch.manual_seed(0)
    transformer = library.QwenImageTransformer2DModel(
        **_tokens(
            num_layers=layers, patch_size=2, out_channels=16, joint_attention_dim=16,
            axes_dims_rope=(2, 2, 4),
        )
    )  # fmt: skip
    vae = library.AutoencoderKLQwenImage(
        base_dim=8, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1
    )
    scheduler = matching(use_dynamic_shifting=True, shift_terminal=0.02)
    return quiet(
        library.QwenImagePipeline(
            scheduler=scheduler, vae=vae.eval(), text_encoder=qwen_vl(),
            tokenizer=qwen_tokenizer(), transformer=transformer.eval(),
        )
    )  # fmt: skip


def z_image() -> Any:
    """Z-Image."""
    torch.manual_seed(0)
    transformer = library.ZImageTransformer2DModel(
        in_channels=16, dim=16, n_layers=1, n_refiner_layers=1, n_heads=1, n_kv_heads=1,
        cap_feat_dim=8, axes_dims=[4, 6, 6], axes_lens=[1024, 64, 64],
    )  # fmt: skip
    with torch.no_grad():  # made without a value
        for token in (transformer.x_pad_token, transformer.cap_pad_token):
            token.copy_(torch.randn(token.shape))
    return quiet(
        library.ZImagePipeline(
            scheduler=matching(shift=3.0), vae=wide_autoencoder(), text_encoder=qwen3(2).model,
            tokenizer=qwen_tokenizer(), transformer=transformer.eval(),
        )
    )  # fmt: skip


def _flux_2_parts(told: bool, layers: int = 1) -> dict[str, Any]:
    transformer = library.Flux2Transformer2DModel(
        **_tokens(
            in_channels=128, num_layers=layers, num_single_layers=layers, joint_attention_dim=24,
            axes_dims_rope=(2, 2, 2, 2), guidance_embeds=told,
        )
    )  # fmt: skip
    vae = library.AutoencoderKLFlux2(
        block_out_channels=(8,) * 4, down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1, norm_num_groups=2,
        latent_channels=32, sample_size=64,
    )  # fmt: skip
    scheduler = matching(use_dynamic_shifting=True)
    return {"scheduler": scheduler, "vae": vae.eval(), "transformer": transformer.eval()}


def flux_2_klein(distilled: bool = False, layers: int = 1) -> Any:
    """FLUX.2 klein; it reads layers 9, 18 and 27 of its encoder."""
    torch.manual_seed(0)
    return quiet(
        library.Flux2KleinPipeline(
            **_flux_2_parts(told=False, layers=layers), text_encoder=qwen3(28),
            tokenizer=qwen_tokenizer(), is_distilled=distilled,
        )
    )  # fmt: skip


def flux_2(layers: int = 1) -> Any:
    """FLUX.2 dev, with an encoder that knows a text by its length alone."""
    torch.manual_seed(0)
    made = library.Flux2Pipeline(
        **_flux_2_parts(told=True, layers=layers), text_encoder=None, tokenizer=None
    )

    def encode(prompt: str, num_images_per_prompt: int = 1, **_: Any) -> Any:
        words = torch.full((num_images_per_prompt, 5, 24), len(prompt) / 10)
        return words, made._prepare_text_ids(words)

    made.encode_prompt = encode
    return quiet(made)


def pixart(kind: str, side: int = 8, **config: Any) -> Any:
    """PixArt "Alpha" or "Sigma", of so many cells."""
    torch.manual_seed(0)
    transformer = library.PixArtTransformer2DModel(
        sample_size=side, num_layers=1, patch_size=2, attention_head_dim=8, num_attention_heads=3,
        in_channels=4, cross_attention_dim=24, out_channels=8, caption_channels=8,
        use_additional_conditions=kind == "Alpha" and side == 128, **config,
    )  # fmt: skip
    scheduler = library.DPMSolverMultistepScheduler(beta_schedule="linear")
    return quiet(
        getattr(library, f"PixArt{kind}Pipeline")(
            tokenizer=t5_tokenizer(), text_encoder=t5(8), vae=autoencoder(),
            transformer=transformer.eval(), scheduler=scheduler,
        )
    )  # fmt: skip


def gemma_tokenizer() -> Any:
    """Letters."""
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "▁", *string.ascii_letters, *string.punctuation]
    return GemmaTokenizer(vocab={word: index for index, word in enumerate(words)}, merges=[])


def sana() -> Any:
    """Sana, whose cells are of 32 × 32 pixels."""
    torch.manual_seed(0)
    transformer = library.SanaTransformer2DModel(
        sample_size=4, patch_size=1, in_channels=4, out_channels=4, num_layers=1,
        num_attention_heads=1, attention_head_dim=8, num_cross_attention_heads=1,
        cross_attention_head_dim=8, cross_attention_dim=8, caption_channels=8,
    )  # fmt: skip
    blocks = ("ResBlock",) * 6
    vae = library.AutoencoderDC(
        in_channels=3, latent_channels=4, attention_head_dim=2, encoder_block_types=blocks,
        decoder_block_types=blocks, encoder_block_out_channels=(4,) * 6,
        decoder_block_out_channels=(4,) * 6, encoder_layers_per_block=(1,) * 6,
        decoder_layers_per_block=(1,) * 6, encoder_qkv_multiscales=((),) * 6,
        decoder_qkv_multiscales=((),) * 6, downsample_block_type="conv",
        upsample_block_type="interpolate", decoder_norm_types="rms_norm", decoder_act_fns="silu",
        scaling_factor=0.41407,
    )  # fmt: skip
    config = Gemma2Config(
        vocab_size=128, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
        num_attention_heads=1, num_key_value_heads=1, head_dim=8,
    )  # fmt: skip
    scheduler = library.DPMSolverMultistepScheduler(
        use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=3.0
    )
    return quiet(
        library.SanaPipeline(
            tokenizer=gemma_tokenizer(), text_encoder=Gemma2Model(config).eval(), vae=vae.eval(),
            transformer=transformer.eval(), scheduler=scheduler,
        )
    )  # fmt: skip
