"""Which networks of a pipeline can be converted, what goes into them, and what tells two apart.

Only pipelines that call their denoiser in the plain way are known here: one that hooks into its
attention, say, would find nothing to hook into. Knows torch and diffusers' classes; not OpenVINO,
which it names by version only.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from bot.domain.request import GRID
from bot.models.cards import ModelCard
from bot.worker.converted import runtime

_PIPELINES = frozenset({"StableDiffusionPipeline", "StableDiffusionXLPipeline"})
_FORMAT = 2
"""Grows when the same weights are to be converted in another way."""

Shapes = tuple[tuple[int, ...], ...]
"""Of everything that goes into a network."""

UNET = "unet"
DECODER = "decoder"


class Denoiser(torch.nn.Module):
    """The U-Net as a function of tensors alone: sample (b, c, h, w), time (b), text (b, n, d), and
    for the SDXL kin pooled text (b, e) and the six numbers of the size (b, 6)."""

    def __init__(self, unet: torch.nn.Module) -> None:
        super().__init__()
        self.unet = unet

    def forward(
        self,
        sample: torch.Tensor,
        time: torch.Tensor,
        text: torch.Tensor,
        pooled: torch.Tensor | None = None,
        sizes: torch.Tensor | None = None,
    ) -> torch.Tensor:
        added = None if pooled is None else {"text_embeds": pooled, "time_ids": sizes}
        return self.unet(
            sample, time, encoder_hidden_states=text, added_cond_kwargs=added, return_dict=False
        )[0]


def networks_of(pipeline: Any) -> dict[str, torch.nn.Module]:
    """What can be converted of a text-to-image pipeline, by name; empty for other kinds."""
    if type(pipeline).__name__ not in _PIPELINES:
        return {}
    found: dict[str, torch.nn.Module] = {}
    if type(pipeline.unet).__name__ == "UNet2DConditionModel" and _is_plain(pipeline.unet.config):
        found[UNET] = pipeline.unet
    if type(pipeline.vae).__name__ in {"AutoencoderKL", "AutoencoderTiny"}:
        found[DECODER] = pipeline.vae.decoder
    return found


def _is_plain(config: Any) -> bool:
    known = config.addition_embed_type in {None, "text_time"}
    return known and config.class_embed_type is None and config.encoder_hid_dim_type is None


def takes_sizes(unet: Any) -> bool:
    """Whether a U-Net is of the SDXL kin."""
    return unet.config.addition_embed_type == "text_time"


def traceable(name: str, network: Any) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """A float32 network as a module of tensors alone, and small tensors that it can be traced
    with; all but the channels may differ later."""
    if name == DECODER:
        channels = next(network.parameters()).shape[1]  # of its first convolution
        return network, (torch.randn(2, channels, 8, 8),)
    config = network.config
    # Which it cannot halve evenly: only then it asks at each doubling how large it was before,
    # which holds for sides of all lengths.
    side = 4 * 2**network.num_upsamplers + 1
    given = (
        torch.randn(2, config.in_channels, side, side),
        torch.full((2,), 500.0),
        torch.randn(2, 8, config.cross_attention_dim),
    )
    if takes_sizes(network):
        numbers = network.add_embedding.linear_1.in_features - 6 * config.addition_time_embed_dim
        given += (torch.randn(2, numbers), torch.full((2, 6), float(8 * side)))
    return Denoiser(network), given


def of_a_grid(pipeline: Any, card: ModelCard, parts: int) -> dict[str, Shapes]:
    """What goes into the networks for a grid in the model's own size, by name: the decoder takes it
    whole, the denoiser one of its equal parts; not that of the SDXL kin, which is too large to be
    in memory twice."""
    side = card.native // pipeline.vae_scale_factor
    config, rows = pipeline.unet.config, GRID * (2 if card.guidance > 1 else 1) // parts
    text = (rows, pipeline.tokenizer.model_max_length, config.cross_attention_dim)
    cells = GRID, pipeline.vae.config.latent_channels, side, side
    found: dict[str, Shapes] = {DECODER: (cells,)}
    if not takes_sizes(pipeline.unet):
        found[UNET] = ((rows, config.in_channels, side, side), (rows,), text)
    return found


@dataclass(frozen=True)
class Identity:
    """What tells a pipeline's networks from others, as they are now: adapters that are put on
    later, which rename what they lie on, do not change it."""

    configs: Sequence[Mapping[str, Any]]
    tensors: Mapping[str, torch.Tensor]


def identity(pipeline: Any) -> Identity:
    """At once: nothing is read but names."""
    return Identity(
        [_public(part.config) for part in (pipeline.unet, pipeline.vae)],
        {
            f"{name} {part}": tensor
            for name, network in networks_of(pipeline).items()
            for part, tensor in network.state_dict().items()
        },
    )


def key_of(identity: Identity) -> str:
    """A name that changes with every weight, every config and every version that matters."""
    digest = hashlib.blake2b(digest_size=16)
    libraries = {name: importlib.metadata.version(name) for name in ("diffusers", "torch")}
    said = [_FORMAT, runtime.version(), libraries, identity.configs]
    digest.update(json.dumps(said, sort_keys=True, default=str).encode())
    for name, tensor in identity.tensors.items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        numbers: Any = tensor.detach().contiguous().flatten().view(torch.uint8).numpy()
        digest.update(numbers)
    return digest.hexdigest()


def _public(config: Mapping[str, Any]) -> dict[str, Any]:
    """Without what names a place on this disk."""
    return {name: value for name, value in config.items() if not name.startswith("_")}
