"""Muon: momentum whose matrices are made orthogonal before each step, by Newton–Schulz iteration.

It knows matrices and their gradients only. The iteration runs on the small Gram matrix, which costs
half of iterating on the gradient itself where kernels are much wider than high.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import nn

# Quintic coefficients, one row an iteration, tuned so that four suffice (Polar Express).
_ROWS = (
    (4.0848, -6.8946, 2.9270),
    (3.9505, -6.3029, 2.6377),
    (3.7418, -5.5913, 2.3037),
    (2.8769, -3.1427, 1.2046),
)


def orthogonalised(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest semi-orthogonal matrices, roughly; shape (n, rows, columns).

    In half precision (bfloat16) they come out to about two digits, which is enough for a step.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    wide = matrices.mT if tall else matrices
    wide = wide / (wide.norm(dim=(1, 2), keepdim=True) + 1e-7)
    gram = wide @ wide.mT
    one = torch.eye(gram.shape[1], device=gram.device, dtype=gram.dtype)
    product = one.expand_as(gram)
    for a, b, c in _ROWS:
        factor = a * one + b * gram + c * (gram @ gram)
        product = factor @ product
        gram = factor @ gram @ factor
    found = product @ wide
    return found.mT if tall else found


class Muon:
    """The optimiser for weight matrices and convolution kernels; its state is its momentum."""

    def __init__(
        self,
        weights: Iterable[nn.Parameter],
        decay: float = 0.01,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self._weights = list(weights)
        self._momentum = [torch.zeros_like(weight) for weight in self._weights]
        self._decay, self._precision = decay, precision
        self._shapes: dict[tuple[int, int], list[int]] = defaultdict(list)
        for place, weight in enumerate(self._weights):
            self._shapes[weight.shape[0], weight[0].numel()].append(place)

    @torch.no_grad()
    def step(self, rate: float, momentum: float = 0.95) -> None:
        """One update; `rate` is scaled so that it compares with AdamW's."""
        for shape, places in self._shapes.items():
            updates = []
            for place in places:
                gradient = self._weights[place].grad
                assert gradient is not None
                self._momentum[place].lerp_(gradient, 1 - momentum)
                updates.append(gradient.lerp(self._momentum[place], momentum).reshape(shape))
            scale = 0.2 * max(shape) ** 0.5
            stacked = torch.stack(updates).to(self._precision)
            for place, update in zip(places, orthogonalised(stacked), strict=True):
                weight = self._weights[place]
                weight.mul_(1 - rate * self._decay)
                weight.add_(update.reshape(weight.shape), alpha=-rate * scale)

    def state_dict(self) -> dict[str, list[torch.Tensor]]:
        return {"momentum": self._momentum}

    def load_state_dict(self, state: dict[str, list[torch.Tensor]]) -> None:
        for mine, stored in zip(self._momentum, state["momentum"], strict=True):
            mine.copy_(stored)


def takes(name: str, weight: nn.Parameter) -> bool:
    """Whether Muon shall train this weight of a U-Net: a matrix inside it, not at its ends."""
    if weight.ndim < 2 or name.startswith(("conv_in", "conv_out", "time_emb")):
        return False
    return min(weight.shape[0], weight[0].numel()) >= 32
