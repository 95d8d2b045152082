"""Linear layers in 8-bit floating point: half the memory, twice the rate of the matrix products of
a card that has them (Ada, Hopper and later), at an error of about 35 dB.

Weights have a scale for each output, activations one for each row, found as they come (Micikevicius
et al. 2022, FP8 formats for deep learning, with the scales of row-wise scaled matrix products).
Imported in a worker only.
"""

from __future__ import annotations

from typing import Any

import torch

_KIND = torch.float8_e4m3fn
_LARGEST = 448.0
_MULTIPLE = 16
"""What the matrix products of a card ask of both sides of a layer."""
_LEAST = 1e-12


def able(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether this device multiplies such matrices and gives results in `dtype`."""
    if device.type != "cuda" or dtype is not torch.bfloat16:
        return False
    return torch.cuda.get_device_capability(device) >= (8, 9)


class Float8Linear(torch.nn.Module):
    """A Linear layer whose weights are kept on `device`; what it gives is of the type of what it
    is given."""

    def __init__(self, linear: torch.nn.Linear, device: torch.device) -> None:
        super().__init__()
        weight = linear.weight.detach().to(device).float()
        scale = weight.abs().amax(1, keepdim=True).clamp_min(_LEAST) / _LARGEST
        self.register_buffer("weight", (weight / scale).to(_KIND))
        self.register_buffer("scale", scale.reshape(1, -1))
        bias = None if linear.bias is None else linear.bias.detach().to(device)
        self.register_buffer("bias", bias)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        rows = given.reshape(-1, given.shape[-1])
        scale = rows.abs().amax(-1, keepdim=True).float().clamp_min(_LEAST) / _LARGEST
        small = (rows.float() / scale).clamp(-_LARGEST, _LARGEST).to(_KIND)
        return self._product(small, scale, given.dtype).reshape(*given.shape[:-1], -1)

    def _product(
        self, small: torch.Tensor, scale: torch.Tensor, dtype: torch.dtype
    ) -> torch.Tensor:
        own: Any = self
        if small.is_cuda:
            product: Any = torch._scaled_mm  # type: ignore[reportPrivateImportUsage]
            return product(
                small, own.weight.t(), scale_a=scale, scale_b=own.scale, bias=own.bias,
                out_dtype=dtype, use_fast_accum=True,
            )  # fmt: skip
        wide = (small.float() * scale) @ (own.weight.float().t() * own.scale)
        return (wide if own.bias is None else wide + own.bias).to(dtype)


def convert(network: Any, device: torch.device) -> int:
    """Have a network's repeated blocks compute so, but for what scales and shifts (it is small and
    sensitive); says how many layers do."""
    count = 0
    if getattr(network, "hf_quantizer", None):
        return count
    for block in network.modules():
        if type(block).__name__ in (getattr(network, "_repeated_blocks", None) or ()):
            for name, layer in list(block.named_modules()):
                if _fits(name, layer):
                    parent, _, own = name.rpartition(".")
                    setattr(block.get_submodule(parent), own, Float8Linear(layer, device))
                    count += 1
    return count


def _fits(name: str, layer: torch.nn.Module) -> bool:
    if not isinstance(layer, torch.nn.Linear) or "norm" in name:
        return False
    return layer.in_features % _MULTIPLE == 0 and layer.out_features % _MULTIPLE == 0
