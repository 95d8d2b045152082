"""Rows: what the denoiser is given, a row for every sample.

Tensors with a first dimension of samples, or, where samples are of different lengths, lists of
tensors. Imported in a worker only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

Rows = Mapping[str, Any]
"""By what they mean to the denoiser."""


def repeated(positive: Any, negative: Any = None, count: int | None = None) -> Any:
    """A row for each of `count` samples (None: as many as there are): the negative half first,
    where there is one."""
    halves = [positive] if negative is None else [negative, positive]
    if isinstance(positive, list):
        return [row for half in halves for row in half * (count or 1)]
    if count is not None:
        halves = [half.expand(count, *half.shape[1:]) for half in halves]
    return torch.cat(halves)


def doubled(positive: Rows, negative: Rows | None, count: int) -> dict[str, Any]:
    """`repeated` of each."""
    return {
        name: repeated(row, None if negative is None else negative[name], count)
        for name, row in positive.items()
    }


def joined(parts: Sequence[Rows]) -> Rows:
    """All rows of several."""
    if len(parts) == 1:
        return parts[0]
    return {name: _joined([part[name] for part in parts]) for name in parts[0]}


def _joined(parts: Sequence[Any]) -> Any:
    if isinstance(parts[0], list):
        return [row for part in parts for row in part]
    return torch.cat(list(parts))


def cut(rows: Rows, begin: int, end: int) -> dict[str, Any]:
    """Some of the rows."""
    return {name: row[begin:end] for name, row in rows.items()}


def bytes_of(rows: Rows) -> int:
    """In memory."""
    each = [part for row in rows.values() for part in (row if isinstance(row, list) else [row])]
    return sum(part.nbytes for part in each)


def kind_of(name: str, row: Any) -> tuple[str, ...]:
    """Rows of one kind can be joined."""
    if isinstance(row, list):
        return name, str(row[0].shape[1:]), str(row[0].dtype), "of any length"
    return name, str(row.shape[1:]), str(row.dtype)
