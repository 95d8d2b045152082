"""What a half-drawn picture looks like, without decoding it.

Two things make a preview cheap and early: the noise-free picture follows from what the denoiser
predicted, or from two consecutive steps, and its latents become colours by one small matrix, fitted
once to the model's own encoder. Knows latents, not jobs. Imported in a worker only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image

_PICTURES = 8
_CELLS = 16
"""The fit uses 8 pictures of 16 × 16 latents: 2,048 samples for at most a few dozen unknowns."""


Encode = Callable[[torch.Tensor], torch.Tensor]
"""From a picture (1, 3, height, width) from -1 to 1 to latents (1, channels, rows, columns), as the
denoiser knows them."""


class LatentColours:
    """A linear map from latents to RGB, fitted by least squares."""

    def __init__(self, weights: torch.Tensor) -> None:
        self._weights = weights

    def pictures(self, latents: torch.Tensor) -> list[Image.Image]:
        """`latents` (n, channels, height, width), as the pipeline scales them → n pictures of
        width × height pixels."""
        cells = latents.detach().float().cpu().movedim(1, -1)
        rgb = cells @ self._weights[:-1] + self._weights[-1]
        pixels = (rgb.clamp(0, 1) * 255).round().byte().numpy()
        return [Image.fromarray(one) for one in pixels]


def colours_of(pipeline: Any) -> LatentColours | None:
    """The map for a pipeline with an image autoencoder; None for other kinds.

    Also None where the encoder overflows, as SDXL's does in float16.
    """
    vae: Any = getattr(pipeline, "vae", None)
    if type(vae).__name__ not in {"AutoencoderKL", "AutoencoderTiny"}:
        return None
    cell = 2 ** (len(vae.config.block_out_channels) - 1)
    if type(vae).__name__ == "AutoencoderTiny":
        cell = 2 ** sum(_halves(layer) for layer in vae.encoder.layers)
    return fitted(lambda image: _encode(vae, image), cell)


def fitted(encode: Encode, cell: int) -> LatentColours | None:
    """The map for latents of which each covers `cell` × `cell` pixels; None where the encoder
    overflows."""
    weights = _fit(encode, cell)
    return None if weights is None else LatentColours(weights)


@torch.no_grad()
def _fit(encode: Encode, cell: int) -> torch.Tensor | None:
    """Weights (channels + 1, 3): encode soft and blocky colour fields, solve latents → colour."""
    generator = torch.Generator("cpu").manual_seed(0)
    fields = torch.rand((_PICTURES, 3, 4, 4), generator=generator)
    side = _CELLS * cell
    half = _PICTURES // 2
    soft = torch.nn.functional.interpolate(fields[:half], (side, side), mode="bicubic")
    blocks = torch.nn.functional.interpolate(fields[half:], (side, side), mode="nearest")
    images = torch.cat([soft, blocks]).clamp(0, 1)
    latents = torch.cat([encode(2 * image[None] - 1).float().cpu() for image in images])
    if not latents.isfinite().all():
        return None
    colours = torch.nn.functional.avg_pool2d(images, cell).movedim(1, -1).reshape(-1, 3)
    cells = latents.movedim(1, -1).reshape(colours.shape[0], -1)
    ones = torch.ones((cells.shape[0], 1))
    # float64 on the CPU: a few thousand rows, and no surprise from a half-precision solver
    solved = torch.linalg.lstsq(torch.cat([cells, ones], 1).double(), colours.double()).solution
    return solved.float()


def _halves(layer: Any) -> bool:
    return getattr(layer, "stride", (1, 1)) == (2, 2)


def _encode(vae: Any, image: torch.Tensor) -> torch.Tensor:
    encoded = vae.encode(image.to(vae.device, vae.dtype))
    latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
    shift = getattr(vae.config, "shift_factor", None) or 0.0
    return (latents.float() - shift) * vae.config.scaling_factor


def unpacked(pipeline: Any, latents: torch.Tensor, size: tuple[int, int]) -> torch.Tensor | None:
    """Latents as (n, channels, height, width); transformers that keep them as a sequence know how.

    `size` is (width, height) in pixels. None where the layout is unknown.
    """
    if latents.ndim == 4:
        return latents
    if latents.ndim == 3 and hasattr(pipeline, "_unpack_latents"):
        width, height = size
        return pipeline._unpack_latents(latents, height, width, pipeline.vae_scale_factor)
    return None


def believed(
    scheduler: Any, step: int, time: float, noisy: torch.Tensor, predicted: torch.Tensor
) -> torch.Tensor | None:
    """The noise-free latents that a denoiser sees in `noisy` ones at a `time`, which is the 0-based
    `step` of the schedule: whichever sampler goes on from there. None where the scheduler's levels
    are unknown."""
    level = _level(scheduler, step, time)
    if level is None:
        return None
    (signal, noise), noisy, predicted = level, noisy.float(), predicted.float()
    match scheduler.config.get("prediction_type", "flow_prediction"):
        case "sample":
            return predicted
        case "v_prediction":
            both = math.hypot(signal, noise)  # 1, but where the signal is whole
            return (signal * noisy / both - noise * predicted) / both
        case _ if signal < 1e-6:
            return None
        case "epsilon":
            return (noisy - noise * predicted) / signal
        case "flow_prediction":
            return noisy - noise * predicted
    return None


_BY_TIME = frozenset(f"{name}Scheduler" for name in ("DDIM", "PNDM", "DDPM", "LCM", "TCD"))
_BY_SIGMA = frozenset(
    f"{name}Scheduler"
    for name in ("DPMSolverMultistep", "DPMSolverSinglestep", "DEISMultistep", "UniPCMultistep")
)
_WITH_SIGNAL = frozenset(
    f"{name}DiscreteScheduler" for name in ("Euler", "EulerAncestral", "Heun", "KDPM2")
) | {"KDPM2AncestralDiscreteScheduler"}
"""Whose latents are the whole signal, and noise besides."""


def _level(scheduler: Any, step: int, time: float) -> tuple[float, float] | None:
    """How much signal and how much noise there is in latents at a step."""
    kind, flows = type(scheduler).__name__, scheduler.config.get("use_flow_sigmas")
    if kind in _BY_TIME:
        signal = float(scheduler.alphas_cumprod[int(time)]) ** 0.5
        return signal, (1 - signal**2) ** 0.5
    if kind == "FlowMatchEulerDiscreteScheduler" or (kind in _BY_SIGMA and flows):
        sigma = float(scheduler.sigmas[step])
        return 1 - sigma, sigma
    if kind in _BY_SIGMA:
        return _variance_preserving(float(scheduler.sigmas[step]))
    if kind in _WITH_SIGNAL and not flows:
        own = kind.startswith("KDPM2")  # whose levels in between are in another list
        return 1.0, _sigma_at(scheduler, time) if own else float(scheduler.sigmas[step])
    return None


def _sigma_at(scheduler: Any, time: float) -> float:
    """Of times between those that the model was trained at, too."""
    alphas = scheduler.alphas_cumprod.double()
    logs = ((1 - alphas) / alphas).log() / 2
    below = min(int(time), len(logs) - 2)
    share = time - below
    return float(((1 - share) * logs[below] + share * logs[below + 1]).exp())


def estimate(
    scheduler: Any, step: int, before: torch.Tensor | None, after: torch.Tensor
) -> torch.Tensor:
    """The noise-free latents that the step from `before` to `after` aims at.

    Both are signal · a + noise · s with known a and s, so two of them tell the signal. `step` is
    the 0-based number of the step among `scheduler.timesteps`. Where the levels are unknown, or
    the step adds noise of its own, it is `after` itself.
    """
    levels = _levels(scheduler, step)
    if before is None or levels is None:
        return after
    (a0, s0), (a1, s1) = levels
    below = s0 * a1 - s1 * a0
    if abs(below) < 1e-6:
        return after
    return (s0 * after.float() - s1 * before.float()) / below


def _levels(scheduler: Any, step: int) -> tuple[tuple[float, float], tuple[float, float]] | None:
    kind = type(scheduler).__name__
    if kind in {"DDIMScheduler", "PNDMScheduler"}:
        times = [int(time) for time in scheduler.timesteps[step : step + 2]]
        if len(times) < 2:
            return None
        first, second = (float(scheduler.alphas_cumprod[time]) for time in times)
        return (first**0.5, (1 - first) ** 0.5), (second**0.5, (1 - second) ** 0.5)
    index = getattr(scheduler, "step_index", None)
    sigmas = getattr(scheduler, "sigmas", None)
    if sigmas is None or index is None or not 0 < index < len(sigmas):
        return None
    first, second = float(sigmas[index - 1]), float(sigmas[index])
    if kind == "FlowMatchEulerDiscreteScheduler":
        return (1 - first, first), (1 - second, second)
    if kind == "EulerDiscreteScheduler":
        return (1.0, first), (1.0, second)
    if kind in {"DPMSolverMultistepScheduler", "UniPCMultistepScheduler"}:
        if "sde" in scheduler.config.get("algorithm_type", ""):
            return None
        return _variance_preserving(first), _variance_preserving(second)
    return None


def _variance_preserving(sigma: float) -> tuple[float, float]:
    signal = 1 / (1 + sigma**2) ** 0.5
    return signal, sigma * signal
