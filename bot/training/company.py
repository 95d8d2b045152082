"""Several processes that train one model together (`torchrun` starts them): each goes its own way
for a few steps, then all go on from the mean of their weights (local SGD, Stich, 2019)."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from torch import distributed


def company() -> int:
    """How many processes train together; one where nobody else does."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this is; the first speaks and saves."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def join(device: str) -> None:
    """Become one of those that `torchrun` started, where it did."""
    if "RANK" in os.environ and not distributed.is_initialized():
        distributed.init_process_group("gloo" if device == "cpu" else "nccl")


@torch.no_grad()
def meet(weights: Sequence[torch.Tensor]) -> None:
    """Have the weights be their mean in all processes."""
    if company() == 1:
        return
    together = torch.cat([weight.flatten() for weight in weights])
    distributed.all_reduce(together)
    sizes = [weight.numel() for weight in weights]
    for weight, part in zip(weights, (together / company()).split(sizes), strict=True):
        weight.copy_(part.view_as(weight))
