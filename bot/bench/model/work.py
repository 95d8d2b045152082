"""Floating-point operations of a pipeline's call, counted without making them.

The networks run on torch's meta device, which has shapes and no numbers, and only once for each
shape; around them diffusers' own pipeline goes on with zeros. Imported with torch only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.utils import _pytree as trees
from torch.utils.flop_counter import FlopCounterMode

_NETWORKS = ("text_encoder", "text_encoder_2", "text_encoder_3", "transformer", "unet", "prior")


def teraflop(pipeline: Any, arguments: Mapping[str, Any]) -> float:
    """Operations of `pipeline(**arguments)` in 10¹²; a product and a sum are two.

    The pipeline has to be on the CPU, and draws nothing of use meanwhile.
    """
    with FlopCounterMode(display=False) as counter, contextlib.ExitStack() as stack:
        hollow = [Hollow(network, counter) for network in _networks(pipeline)]
        for each in hollow:
            stack.enter_context(each.in_place())
        pipeline(**arguments)
    return (counter.get_total_flops() + sum(each.repeated for each in hollow)) / 1e12


def _networks(pipeline: Any) -> Iterator[torch.nn.Module]:
    decoder = getattr(getattr(pipeline, "vae", None), "decoder", None)
    for found in (*(getattr(pipeline, name, None) for name in _NETWORKS), decoder):
        if isinstance(found, torch.nn.Module):
            yield found


class Hollow:
    """Stands for a network's forward: counts it, and gives zeros of the right shapes.

    `repeated` are the operations of calls whose shapes had been there before. A network that cannot
    do without numbers runs as it is.
    """

    def __init__(self, network: torch.nn.Module, counter: FlopCounterMode) -> None:
        self.repeated = 0
        self._network = network
        self._counter = counter
        tensors = (*network.named_parameters(), *network.named_buffers())
        self._weights = {name: tensor.to("meta") for name, tensor in tensors}
        self._seen: dict[str, tuple[int, Any]] = {}

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """While this lasts, whoever calls the network calls this."""
        self._network.forward = self
        try:
            yield
        finally:
            del self._network.forward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        key = str([_shape(leaf) for leaf in trees.tree_leaves((args, kwargs))])
        if key in self._seen:
            operations, shapes = self._seen[key]
            self.repeated += operations
            return trees.tree_map(_zeros, shapes)
        before = self._counter.get_total_flops()
        del self._network.forward
        try:
            made = self._made(args, kwargs)
        finally:
            self._network.forward = self
        self._seen[key] = self._counter.get_total_flops() - before, trees.tree_map(_hollow, made)
        return trees.tree_map(_zeros, made)

    def _made(self, args: Any, kwargs: Any) -> Any:
        given, named = trees.tree_map(_hollow, (args, kwargs))
        try:
            return torch.func.functional_call(self._network, self._weights, given, named)
        except (RuntimeError, NotImplementedError):
            return self._network(*args, **kwargs)


def _shape(leaf: Any) -> str:
    return str(tuple(leaf.shape)) if isinstance(leaf, torch.Tensor) else repr(leaf)


def _hollow(leaf: Any) -> Any:
    return leaf.to("meta") if isinstance(leaf, torch.Tensor) else leaf


def _zeros(leaf: Any) -> Any:
    return torch.zeros_like(leaf, device="cpu") if isinstance(leaf, torch.Tensor) else leaf
