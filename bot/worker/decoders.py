"""Decoders (VAE): opened from a file of their own, and laid out for where they draw. Imported in a
worker only."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import diffusers
import torch

from bot.models import addons, box
from bot.models.addons import Addon
from bot.models.box import Config
from bot.models.cards import ModelCard
from bot.worker import capacity, checkpoint
from bot.worker.library import Library, missing

_diffusers: Any = diffusers
_LARGE = 32 << 20
"""Bytes of a block's input from which looking for holes costs nothing beside drawing."""


def exchange(card: ModelCard, pipeline: Any, dtype: torch.dtype, library: Library) -> None:
    """Have the pipeline draw with the decoder that the card names.

    Raises RenderFailed("model_missing") where that is not beside the model or fits another kind.
    """
    one = library.addon(card, addons.DECODER, card.vae)
    if one is None:
        raise missing(f"The model {card.name} is to be drawn with {card.vae}, which is no decoder "
                      "beside it.")  # fmt: skip
    own = dict(pipeline.vae.config)
    if own.get("latent_channels") != one.sizes["latent_channels"]:
        raise missing(f"The decoder {card.vae} does not fit the model {card.name}.")
    pipeline.vae = opened(one, own, dtype)


def opened(one: Addon, config: Config, dtype: torch.dtype) -> Any:
    """An AutoencoderKL with the weights of `one` and, but for its sizes, the config of the decoder
    that it stands for: scale and shift are a family's, and in no file of weights."""
    with tempfile.TemporaryDirectory() as place:
        fitting = box.fitted(dict(config), one.sizes)
        (Path(place) / "config.json").write_text(json.dumps(fitting), encoding="utf-8")
        return _diffusers.AutoencoderKL.from_single_file(
            dict(checkpoint.read(one.path)), config=place, dtype=dtype, local_files_only=True
        )


def lay_out(vae: Any, device: torch.device) -> None:
    """A CPU's products in bfloat16 want channels last, and copy every layer's input and output
    otherwise: a quarter of the memory that a picture is decoded with, and a tenth of the time."""
    decoder = getattr(vae, "decoder", None)
    if device.type != "cpu" or not isinstance(decoder, torch.nn.Module):
        return
    if next(decoder.parameters()).dtype is torch.bfloat16:
        decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for block in getattr(decoder, "up_blocks", ()):
        block.register_forward_pre_hook(_trimmed)


def _trimmed(_block: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
    """Each block draws four times as large as the one before, and what that one left lies among
    what is still needed: half a GiB of holes for 1024² by SDXL."""
    if given[0].nbytes >= _LARGE:
        capacity.trim()
