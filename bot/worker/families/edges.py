"""Closed edges: pictures that go on at their opposite side. Knows tensors and where networks look
over an edge, not models. Imported in a worker only.

A convolution looks no further than its kernel, so it is enough that it finds the other side where
there were zeros; see `Round`. A transformer that knows places sees the picture turned, at each step
by another offset: what was an edge is within, and no place is always at one; see `offsets`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_STRIDES = 0.7548776662466927, 0.5698402909980532
"""Of the sequence that fills a square most evenly (Roberts 2018)."""
_MARGIN = 8
"""Cells of the other side that are decoded along, where an autoencoder draws piece by piece."""


class Round(TorchFunctionMode):
    """While it is entered, all that is padded with zeros above, below and at the sides is padded
    with what is at the opposite side. Nothing in a network is changed, so there is nothing to be
    put back, and other threads draw as ever."""

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """For every call of torch's."""
        other = {torch.conv2d: _convolved, functional.pad: _padded}.get(func, func)
        return other(*args, **(kwargs or {}))


def around(closed: bool) -> contextlib.AbstractContextManager[Any]:
    """`Round`, where edges are closed."""
    return Round() if closed else contextlib.nullcontext()


def _convolved(
    given: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    *more: Any,
    **named: Any,
) -> torch.Tensor:
    high, wide = (padding, padding) if isinstance(padding, int) else padding
    if high or wide:
        given = functional.pad(given, (wide, wide, high, high), mode="circular")
    return torch.conv2d(given, weight, bias, stride, 0, *more, **named)


def _padded(
    given: torch.Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> torch.Tensor:
    """Where both height and width grow: attention pads its tokens alone. In a film, time is padded
    as ever."""
    sides, others = list(pad[:4]), list(pad[4:])
    grows = min(sides) >= 0 and any(sides[:2]) and any(sides[2:])
    if not grows or given.ndim < 4 or mode != "constant" or value:
        return functional.pad(given, pad, mode, value)
    if any(others):
        given = functional.pad(given, [0, 0, 0, 0, *others])
    return functional.pad(given, sides + [0, 0] * (given.ndim - 4), mode="circular")


def offsets(step: int, height: int, width: int) -> tuple[int, int]:
    """By how many cells down and to the right a transformer sees the picture turned. Between a
    quarter and three quarters of a side: its own edges are always well within."""
    shares = (0.25 + 0.5 * (step * stride % 1) for stride in _STRIDES)
    down, right = (int(side * share) for side, share in zip((height, width), shares, strict=True))
    return down, right


def turned(cells: torch.Tensor, step: int, back: bool) -> torch.Tensor:
    """Cells (n, channels, height, width) as they are seen at a step, or `back` again."""
    shifts = offsets(step, *cells.shape[-2:])
    return torch.roll(cells, [-each for each in shifts] if back else shifts, (-2, -1))


def decoded(
    decode: Callable[[torch.Tensor], torch.Tensor], cells: torch.Tensor, cell: int, pieces: bool
) -> torch.Tensor:
    """What `decode` makes of cells whose edges are closed. One that works in `pieces` does not have
    the opposite side at hand: it gets some of it, and its picture is cut."""
    if not pieces:
        with Round():
            return decode(cells)
    margins = [min(_MARGIN, side) for side in cells.shape[-2:]]
    high, wide = margins
    pictures = decode(functional.pad(cells, (wide, wide, high, high), mode="circular"))
    above, left = (margin * cell for margin in margins)
    return pictures[..., above:-above, left:-left]
