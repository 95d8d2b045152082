"""The arguments of a network's call: which tensors they hold, of what shape, and how they are
filled up to more rows or told to another process.

A tensor is one of rows where its first dimension is that of the first tensor, the sample; the
others (positions, say) are the same for all rows. Imported in a worker only.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree

_PLAIN = (type(None), bool, int, float, str)


class Call:
    """`leaves` are tensors and plain values, in the order in which they are found in arguments."""

    def __init__(self, leaves: Sequence[Any], spec: Any) -> None:
        self.leaves = tuple(leaves)
        self.spec = spec
        self._tensors = [leaf for leaf in self.leaves if isinstance(leaf, torch.Tensor)]
        self.rows = len(self.sample) if self._tensors and self.sample.ndim else 0

    @property
    def sample(self) -> torch.Tensor:
        """The first tensor."""
        return self._tensors[0]

    @classmethod
    def of(cls, args: tuple[Any, ...], named: Mapping[str, Any]) -> Call | None:
        """None for arguments that hold anything but tensors without gradients and plain values."""
        leaves, spec = pytree.tree_flatten((args, dict(named)))
        call = cls(leaves, spec)
        return call if call.rows and all(map(_is_simple, leaves)) else None

    @property
    def arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """As they came, or were filled up."""
        return pytree.tree_unflatten(list(self.leaves), self.spec)

    def has_rows(self, leaf: Any) -> bool:
        """Whether it is a tensor with a row for each sample."""
        return isinstance(leaf, torch.Tensor) and leaf.ndim > 0 and len(leaf) == self.rows

    def key(self, rows: int) -> Hashable:
        """Equal for calls that are alike once they are filled up to so many rows."""
        return rows, pytree.treespec_dumps(self.spec), tuple(map(self._look, self.leaves))

    def _look(self, leaf: Any) -> Hashable:
        if not isinstance(leaf, torch.Tensor):
            return repr(leaf)
        own = self.has_rows(leaf)
        return own, tuple(leaf.shape[own:]), leaf.dtype

    def filled(self, rows: int) -> Call:
        """With copies of the last row up to so many: numbers like the others', so that nothing
        overflows."""
        more = rows - self.rows
        if not more:
            return self
        leaves = [
            torch.cat([leaf, leaf[-1:].expand(more, *leaf.shape[1:])])
            if self.has_rows(leaf)
            else leaf
            for leaf in self.leaves
        ]
        return Call(leaves, self.spec)

    def on(self, device: torch.device, channels_last: bool) -> Call:
        """With all tensors on a device, and pictures laid out as convolutions like them there."""
        leaves = [
            _laid(leaf.to(device), channels_last) if isinstance(leaf, torch.Tensor) else leaf
            for leaf in self.leaves
        ]
        return Call(leaves, self.spec)

    # To another process

    def described(self) -> dict[str, Any]:
        """What `example` needs, as plain data."""
        leaves = [
            {"shape": list(leaf.shape), "dtype": str(leaf.dtype).removeprefix("torch.")}
            if isinstance(leaf, torch.Tensor)
            else {"value": leaf}
            for leaf in self.leaves
        ]
        return {"leaves": leaves, "spec": pytree.treespec_dumps(self.spec)}

    @classmethod
    def example(cls, described: Mapping[str, Any]) -> Call:
        """A call of that shape, on the CPU, with ones for numbers."""
        leaves = [
            torch.ones(leaf["shape"], dtype=getattr(torch, leaf["dtype"]))
            if "shape" in leaf
            else leaf["value"]
            for leaf in described["leaves"]
        ]
        return cls(leaves, pytree.treespec_loads(described["spec"]))


def _is_simple(leaf: Any) -> bool:
    if isinstance(leaf, torch.Tensor):
        return not leaf.requires_grad
    return isinstance(leaf, _PLAIN)


def _laid(tensor: torch.Tensor, channels_last: bool) -> torch.Tensor:
    if channels_last and tensor.ndim == 4:
        return tensor.contiguous(memory_format=torch.channels_last)
    return tensor.contiguous()


def cut(result: Any, rows: int) -> Any:
    """The first rows of everything in a result, as copies."""
    return pytree.tree_map_only(torch.Tensor, lambda tensor: tensor[:rows].clone(), result)
