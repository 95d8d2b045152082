"""Which networks of a pipeline are compiled, in what way, and how another process gets one like
them. Imported in a worker only.

Only pipelines that call their denoiser in the plain way are known here: what one that hooks into
its attention changes between calls, a graph would not hear of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import diffusers
import torch

from bot.worker.compiled import float8
from bot.worker.compiled.policy import DECODER, DENOISER, Policy

_PIPELINES = frozenset(
    {"StableDiffusionPipeline", "StableDiffusionXLPipeline", "LatentConsistencyModelPipeline"}
    | {"FluxPipeline"}
)
VAE = "vae"
"""The part whose decoder it is."""
_LAYERS = ("num_layers", "num_single_layers")
"""Of a network whose blocks are compiled one by one, two of each kind show all there is."""
_SHOWN = 2


@dataclass(frozen=True)
class Network:
    """`module` is `part` of a pipeline (its decoder, where `part` is VAE); `owner` has the
    config. Compiled whole, or in its repeated blocks."""

    part: str
    owner: Any
    module: torch.nn.Module
    whole: bool
    policy: Policy

    @property
    def channels_last(self) -> bool:
        """How a card's convolutions like pictures laid out."""
        return any(isinstance(each, torch.nn.Conv2d) for each in self.module.modules())

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(each.nbytes for each in self.module.parameters())


def networks_of(pipeline: Any) -> list[Network]:
    """Of a text-to-image pipeline; none for other kinds, and for what is moved about in memory."""
    if type(pipeline).__name__ not in _PIPELINES:
        return []
    found = [_denoiser(pipeline, part) for part in ("unet", "transformer")]
    vae = pipeline.vae
    if type(vae).__name__ == "AutoencoderKL":
        found.append(Network(VAE, vae, vae.decoder, True, DECODER))
    return [each for each in found if each and not hasattr(each.owner, "_hf_hook")]


def _denoiser(pipeline: Any, part: str) -> Network | None:
    module = getattr(pipeline, part, None)
    if module is None or getattr(module, "hf_quantizer", None):
        return None
    whole = type(module).__name__ == "UNet2DConditionModel"
    if not whole and not getattr(module, "_repeated_blocks", None):
        return None
    return Network(part, module, module, whole, DENOISER)


def compiled(network: Network, eager: Callable[..., Any], backend: str) -> Callable[..., Any]:
    """`eager`, the network's own forward, as it is to be called from now on. Compiles with the
    first call of each shape."""
    _allow_many_shapes()
    if network.channels_last:
        network.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    how: dict[str, Any] = {"fullgraph": True, "dynamic": False, "backend": backend}
    if network.whole:
        return torch.compile(eager, **how)
    network.owner.compile_repeated_blocks(**how)
    return eager


def _allow_many_shapes() -> None:
    """By themselves they are eight of each function, for all models together."""
    import torch._dynamo  # seconds: only where something is compiled

    torch._dynamo.config.recompile_limit = 256
    torch._dynamo.config.accumulated_recompile_limit = 4096


def described(network: Network) -> dict[str, Any]:
    """What `like` needs, as plain data."""
    config = {name: value for name, value in network.owner.config.items() if name[0] != "_"}
    if not network.whole:
        config |= {name: min(_SHOWN, config[name]) for name in _LAYERS if name in config}
    return {
        "part": network.part,
        "kind": type(network.owner).__name__,
        "config": config,
        "dtype": str(network.owner.dtype).removeprefix("torch."),
        "whole": network.whole,
        "float8": any(isinstance(each, float8.Float8Linear) for each in network.module.modules()),
    }


def like(said: Mapping[str, Any], device: torch.device) -> Network:
    """A network of the same code with any numbers, on a device. Compiled code does not depend on
    weights."""
    kind = getattr(diffusers, said["kind"])
    with torch.device("meta"):
        owner = kind.from_config(said["config"])
    owner = owner.to(getattr(torch, said["dtype"])).to_empty(device=device).eval()
    module = owner.decoder if said["part"] == VAE else owner
    if said["float8"]:
        float8.convert(module, device)
    return Network(said["part"], owner, module, said["whole"], DENOISER)
