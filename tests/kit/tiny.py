"""Tiny random models on disk, in each form that a model can have. Imported in a worker only.

sd/                 a StableDiffusion folder
sdxl/               a StableDiffusionXL folder
fp16/               the same as sd/, with only "fp16" weight files
alone.safetensors   the weights of sd/ under Stable Diffusion 1's own names, in one file
alone/              … its configs and tokenizer
bare.safetensors    the same weights, without configs
mixed/              the same as sd/, with only "fp16" weight files for the denoiser
inpaint/            a denoiser that repairs pictures
panorama/           sd/ as a kind of pipeline that cannot start from a picture
nan/, nanunet/      sd/ with a number that is none in the autoencoder, in the denoiser
overflow/           sd/ with an autoencoder whose numbers are too large for float16
files/              the weights of alone.safetensors in other files, with configs for all of them:
                    plain.ckpt, CAPITAL.SAFETENSORS, renamed.ckpt (a .safetensors file)
                    callback.ckpt (beside a training callback), harmful.ckpt and worse.ckpt
                    (beside calls that would make the folders "ran" and "ran too"), all three
                    also as torch saved them of old (old_callback.ckpt …),
                    cut.ckpt, page.ckpt, pointer.safetensors, lora.safetensors
damaged/            a folder whose weights are cut off
"""

from __future__ import annotations

import os
import shutil
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from bot.models.cards import EMBEDDED
from tests.kit import original

library: Any = diffusers  # its hints are narrower than what it takes

WIDTH = 32


def build(folder: Path) -> None:
    """Write all of them, `damaged` last; the same weights every time."""
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(EMBEDDED / "tokenizer")
    vae = _vae()
    plain = library.StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(_text_config()),
        tokenizer=tokenizer,
        unet=_unet(),
        scheduler=library.DDIMScheduler(
            beta_schedule="scaled_linear", clip_sample=False, steps_offset=1
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    plain.save_pretrained(folder / "sd")
    plain.save_pretrained(folder / "fp16", variant="fp16")
    library.StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(_text_config()),
        text_encoder_2=CLIPTextModelWithProjection(_text_config()),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=_unet(
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            cross_attention_dim=2 * WIDTH,
            projection_class_embeddings_input_dim=6 * 8 + WIDTH,
        ),
        scheduler=library.EulerDiscreteScheduler(beta_schedule="scaled_linear"),
    ).save_pretrained(folder / "sdxl")
    weights = original.sd1(plain)
    save_file(weights, folder / "alone.safetensors")
    save_file(weights, folder / "bare.safetensors")
    no_weights = shutil.ignore_patterns("*.safetensors")
    shutil.copytree(folder / "sd", folder / "alone", ignore=no_weights)
    _troubled(folder)
    _files(folder / "files", weights, folder / "alone")
    shutil.copytree(folder / "sd", folder / "damaged")
    unet = folder / "damaged" / "unet" / "diffusion_pytorch_model.safetensors"
    unet.write_bytes(unet.read_bytes()[:1000])


def _troubled(folder: Path) -> None:
    """Folders that differ from sd/ in one part."""
    for name in ("mixed", "inpaint", "panorama", "nan", "nanunet", "overflow"):
        shutil.copytree(folder / "sd", folder / name)
    index = folder / "panorama" / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionP", "StableDiffusionPanoramaP"))
    weights = "diffusion_pytorch_model"
    unet = folder / "mixed" / "unet"
    (unet / f"{weights}.safetensors").rename(unet / f"{weights}.fp16.safetensors")
    _unet(in_channels=9).save_pretrained(folder / "inpaint" / "unet")
    vae = library.AutoencoderKL.from_pretrained(folder / "sd" / "vae")
    with torch.no_grad():
        # What comes after it divides by its spread, so that only the range of float16 is exceeded.
        vae.decoder.conv_in.weight.mul_(1e7)
        vae.save_pretrained(folder / "overflow" / "vae")
        vae.decoder.conv_out.bias[0] = torch.nan
        vae.save_pretrained(folder / "nan" / "vae")
        unet = library.UNet2DConditionModel.from_pretrained(folder / "sd" / "unet")
        unet.conv_out.bias[0] = torch.nan
        unet.save_pretrained(folder / "nanunet" / "unet")


class _Harm:
    """A pickle of this calls `call` when it is read, unless the reader takes care."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self._reduced = call, arguments

    def __reduce__(self) -> Any:
        return self._reduced


def _files(folder: Path, weights: dict[str, torch.Tensor], configs: Path) -> None:
    folder.mkdir()
    shutil.copytree(configs, folder / "configs")
    save_file(weights, folder / "CAPITAL.SAFETENSORS")
    save_file(weights, folder / "renamed.ckpt")
    torch.save({"state_dict": weights, "epoch": 3, "global_step": 7}, folder / "plain.ckpt")
    beside = {
        "callback": {_callback(): {"best": 1}},
        "harmful": _Harm(shutil.copytree, str(configs), str(folder / "ran")),
        "worse": _Harm(os.mkdir, str(folder / "ran too")),
    }
    for name, callbacks in beside.items():
        both = {"state_dict": weights, "callbacks": callbacks}
        torch.save(both, folder / f"{name}.ckpt")
        torch.save(both, folder / f"old_{name}.ckpt", _use_new_zipfile_serialization=False)
    sys.modules.pop(_LIGHTNING)
    save_file({"lora_unet_mid.lora_up.weight": torch.ones(4, 4)}, folder / "lora.safetensors")
    (folder / "cut.ckpt").write_bytes((folder / "plain.ckpt").read_bytes()[:-5000])
    (folder / "page.ckpt").write_bytes(b"<!DOCTYPE html><html><body>Sign in</body></html>")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"
    (folder / "pointer.safetensors").write_bytes(pointer)


_LIGHTNING = "pytorch_lightning"


def _callback() -> type:
    """A class of a library that nobody has installed, as Stable Diffusion 1 was published with."""
    module = types.ModuleType(_LIGHTNING)
    made = type("ModelCheckpoint", (), {"__module__": _LIGHTNING})
    vars(module)["ModelCheckpoint"] = made
    sys.modules[_LIGHTNING] = module
    return made


def _text_config() -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=1316,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=24,
        projection_dim=WIDTH,
        bos_token_id=1314,
        eos_token_id=1315,
        pad_token_id=1315,
    )


def _vae() -> Any:
    return library.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
        up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        block_out_channels=(WIDTH, WIDTH),
        latent_channels=4,
    )


def _unet(**more: Any) -> Any:
    settings: dict[str, Any] = {"cross_attention_dim": WIDTH, "in_channels": 4} | more
    return library.UNet2DConditionModel(
        sample_size=32,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(WIDTH, 2 * WIDTH),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=2,
        **settings,
    )
