"""What can be done for a model that is too large for the memory, from what costs least time to what
costs most: `RUNGS`.

All of it is diffusers' own, and is done to a pipeline in place, so that drawings that are under way
go on with it. Sequential offloading is what diffusers calls leaf-level: accelerate's leaves weights
on no device at all in between, where adapters cannot be put on them. Imported in a worker only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.hooks.group_offloading import apply_group_offloading
from diffusers.hooks.hooks import HookRegistry

from bot.worker import mapped

LOAD, BEGIN, STEP, DECODE, DRAW = "load", "begin", "step", "decode", "draw"
"""Where memory can run out: `BEGIN` reads words and pictures, `DRAW` is a pipeline's own call."""

_CPU = torch.device("cpu")
_TILE = 512
"""Pixels along a tile at most; some autoencoders would not cut what they were trained on."""
_CASTING = "layerwise_casting"
_GROUPS = ("group_offloading", "layer_execution_tracker", "lazy_prefetch_group_offloading")
_SMALL = torch.float8_e4m3fn


@dataclass(frozen=True)
class Rung:
    """`relieves` are the stages that it helps. `applies` says whether a pipeline that draws on a
    device can do so, `climb` has it do so, once or again. What cannot `leave` lasts: then weights
    are not what, or where, they were. `place`: it says where weights rest, instead of another.
    `note` is for recipes, where pixels change."""

    name: str
    relieves: frozenset[str]
    applies: Callable[[Any, torch.device], bool]
    climb: Callable[[Any, torch.device], None]
    leave: Callable[[Any], None] | None = None
    place: bool = False
    note: str = ""


def networks(pipeline: Any) -> Iterator[torch.nn.Module]:
    """The parts that have weights."""
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            yield part


def denoiser(pipeline: Any) -> Any:
    """The part that is called at every step; None for what has none by a usual name."""
    return getattr(pipeline, "transformer", None) or getattr(pipeline, "unet", None)


def has_own_memory(device: torch.device) -> bool:
    """Whether weights that rest in the system's memory are out of the way there. Others share that
    memory, which the system does not refuse: it ends processes."""
    return device.type == "cuda"


def grounded(pipeline: Any) -> None:
    """No part is brought to the device by itself any more; all rest in the system's memory."""
    pipeline.remove_all_hooks()
    for part in networks(pipeline):
        registry = HookRegistry.check_if_exists_or_initialize(part)
        for name in _GROUPS:
            registry.remove_hook(name, recurse=True)
        part.to(_CPU)
        mapped.own(part)


# Slicing and tiling of the autoencoder: a picture at a time, and its pieces one by one


def _can_tile(pipeline: Any, _: torch.device) -> bool:
    return hasattr(getattr(pipeline, "vae", None), "enable_tiling")


def _tile(pipeline: Any, _: torch.device) -> None:
    vae = pipeline.vae
    vae.enable_slicing()
    vae.enable_tiling()
    side = getattr(vae, "tile_sample_min_size", 0)
    if side > _TILE:
        vae.tile_latent_min_size = vae.tile_latent_min_size * _TILE // side
        vae.tile_sample_min_size = _TILE


def _do_not_tile(pipeline: Any) -> None:
    pipeline.vae.disable_tiling()


# Attention, a few heads at a time: where the whole matrix would be there at once


def _can_slice(pipeline: Any, device: torch.device) -> bool:
    """On Metal alone: other devices never hold the matrix. Not while attention sees pictures, by
    processors of its own."""
    network = denoiser(pipeline)
    if device.type != "mps" or not hasattr(network, "set_attention_slice"):
        return False
    return not any("IPAdapter" in type(each).__name__ for each in network.attn_processors.values())


def _slice(pipeline: Any, _: torch.device) -> None:
    pipeline.enable_attention_slicing("max")  # what is "auto" has no slices where there is one head


def _do_not_slice(pipeline: Any) -> None:
    pipeline.disable_attention_slicing()


# The denoiser's weights in 8 bits, each layer's widened while it computes


def _can_cast(pipeline: Any, device: torch.device) -> bool:
    network = denoiser(pipeline)
    if not hasattr(network, "enable_layerwise_casting") or getattr(network, "hf_quantizer", None):
        return False
    is_small = any(tensor.dtype is _SMALL for tensor in network.buffers())
    return has_own_memory(device) and not is_small


def _cast(pipeline: Any, _: torch.device) -> None:
    """In the system's memory: the device, which is full, would have to hold both for a while."""
    network = denoiser(pipeline)
    if any(casts(network)):
        return
    places = {each.device for each in network.parameters()}
    network.to(_CPU)
    network.enable_layerwise_casting(storage_dtype=_SMALL, compute_dtype=network.dtype)
    if len(places) == 1:  # else it was on its way there, and goes on
        network.to(*places)


def casts(network: torch.nn.Module) -> Iterator[tuple[torch.nn.Module, Any]]:
    """The layers whose weights are kept in 8 bits, each with what widens them."""
    for layer in network.modules():
        registry = getattr(layer, "_diffusers_hook", None)
        if registry and (hook := registry.get_hook(_CASTING)):
            yield layer, hook


# Weights in the system's memory, on the device while they are used


def _can_take_turns(pipeline: Any, device: torch.device) -> bool:
    return has_own_memory(device) and bool(pipeline.model_cpu_offload_seq)


def _take_turns(pipeline: Any, device: torch.device) -> None:
    pipeline.enable_model_cpu_offload(device=device)


def _can_group(pipeline: Any, device: torch.device) -> bool:
    if not has_own_memory(device):
        return False
    quantised = any(getattr(part, "hf_quantizer", None) for part in networks(pipeline))
    able = (getattr(part, "_supports_group_offloading", True) for part in networks(pipeline))
    return not quantised and all(able)


def _block_by_block(pipeline: Any, device: torch.device) -> None:
    """The denoiser block by block. What is called at its ends only, layer by layer: an autoencoder
    is not called as a whole, which is what brings the rest of its blocks."""
    for part in networks(pipeline):
        how: dict[str, Any] = {"offload_type": "leaf_level"}
        if part is denoiser(pipeline):
            how = {"offload_type": "block_level", "num_blocks_per_group": 1}
        apply_group_offloading(part, onload_device=device, offload_device=_CPU, **how)


def _leaf_by_leaf(pipeline: Any, device: torch.device) -> None:
    for part in networks(pipeline):
        apply_group_offloading(
            part, onload_device=device, offload_device=_CPU, offload_type="leaf_level"
        )


_DRAWING = frozenset({BEGIN, STEP, DECODE, DRAW})
_ALL = _DRAWING | {LOAD}

RUNGS = (
    Rung("tiling", frozenset({BEGIN, DECODE, DRAW}), _can_tile, _tile, _do_not_tile, note="tiled"),
    Rung("attention slicing", frozenset({STEP, DRAW}), _can_slice, _slice, _do_not_slice),
    Rung("8-bit weights", _ALL, _can_cast, _cast, note="float8 weights"),
    Rung("offloading", _ALL, _can_take_turns, _take_turns, place=True),
    Rung("group offloading", _ALL, _can_group, _block_by_block, place=True),
    Rung("sequential offloading", _ALL, _can_group, _leaf_by_leaf, place=True),
)
