"""Weights that lie in their file still, made the worker's own.

safetensors maps a file into memory instead of reading it, and what needs no other format stays
there. Who copies another file over such a one changes the numbers of a model that draws, and, since
it is cut to nothing first, has the system end the worker. Imported in a worker only.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch


def owned(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same numbers, whatever becomes of the file."""
    return {name: _owned(tensor) for name, tensor in tensors.items()}


def own(network: torch.nn.Module) -> None:
    """Have its numbers whatever becomes of the file, one tensor after the other."""
    with torch.no_grad():
        for each in (*network.parameters(), *network.buffers()):
            each.data = _owned(each.data)


def _owned(tensor: torch.Tensor) -> torch.Tensor:
    """What is not of torch's own memory cannot be resized; on a device all is."""
    if tensor.device.type != "cpu" or tensor.untyped_storage().resizable():
        return tensor
    return tensor.clone()
