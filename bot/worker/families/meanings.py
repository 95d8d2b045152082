"""Arithmetic of what texts mean: mixtures, directions and steps along them.

It works on rows whose texts have the same tokens in the same places, as encoders of a fixed number
of them give: "text" (n, tokens, width), pooled text (n, width), and "seen" (n, tokens) where some
tokens are not looked at. Everything is reckoned in float32. Imported in a worker only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch

from bot.worker.families.rows import Rows

_TEXT, _SEEN = "text", "seen"
Noise = Mapping[str, torch.Tensor]
"""By name, a vector (1, width) for each."""


def tokens_of(rows: Rows) -> int:
    """How many there are."""
    return rows[_TEXT].shape[1]


def filled(rows: Rows, tokens: int, empty: Callable[[], Rows]) -> Rows:
    """With so many tokens: what is missing are those of an empty text."""
    text, missing = rows[_TEXT], tokens - tokens_of(rows)
    if missing <= 0:
        return rows
    filler = empty()[_TEXT]
    more = filler.repeat(1, -(-missing // filler.shape[1]), 1)[:, :missing]
    return {**rows, _TEXT: torch.cat([text, more.expand(len(text), -1, -1)], 1)}


def mixed(parts: Sequence[tuple[Rows, float]]) -> Rows:
    """The weighted mean, as compel's blends are; the weights' sum is positive. One alone is
    itself."""
    if len(parts) == 1:
        return parts[0][0]
    total = sum(weight for _, weight in parts)
    return summed([(rows, weight / total) for rows, weight in parts])


def summed(parts: Sequence[tuple[Rows, float]]) -> Rows:
    """A sum by shares, whose own sum is 1. What nobody looks at is nothing; what is seen in any is
    seen."""
    first, bare = parts[0][0], [_bare(rows) for rows, _ in parts]
    rows = {
        name: sum(share * each[name] for each, (_, share) in zip(bare, parts, strict=True))
        for name in bare[0]
    }
    if _SEEN in first:
        rows[_SEEN] = torch.stack([rows[_SEEN] for rows, _ in parts]).amax(0)
    return _as(first, rows)


def moved(start: Rows, steps: Sequence[tuple[Rows, float]]) -> Rows:
    """So great a share of the way towards each, or away where that is negative."""
    return summed([(start, 1.0 - sum(share for _, share in steps)), *steps])


def together(items: Sequence[tuple[Rows, float]], empty: Rows, strength: float) -> Rows:
    """Where several lie, seen from an empty text: in the direction of their weighted sum, as far as
    they are on average, times `strength`; vectors keep the lengths that such have."""
    mean = mixed(items)
    far = _lengths_mean(items, empty)
    nothing, rows = _bare(empty), {}
    for name, here in _bare(mean).items():
        way = here - nothing[name]
        there = nothing[name] + strength * far[name] / way.norm().clamp(min=1e-9) * way
        rows[name] = torch.nn.functional.normalize(there, dim=-1) * here.norm(dim=-1, keepdim=True)
    return _as(mean, {**mean, **rows})


def _lengths_mean(items: Sequence[tuple[Rows, float]], empty: Rows) -> dict[str, torch.Tensor]:
    nothing = _bare(empty)
    lengths = [
        {name: (row - nothing[name]).norm() for name, row in _bare(rows).items()}
        for rows, _ in items
    ]
    return {name: torch.stack([each[name] for each in lengths]).mean() for name in nothing}


def without(start: Rows, items: Sequence[tuple[Rows, float]], empty: Rows) -> Rows:
    """Away from each item by a strength: what a word has in common with the item's strongest word
    is taken out of it, and it is moved as far as the item is from an empty text, but keeps its
    length. 1 is plain, 0 nothing.

    The first half is what concepts are erased by (Gandikota et al. 2023, on embeddings rather than
    weights), the second the arithmetic of Mikolov et al. 2013.
    """

    def change(name: str, here: torch.Tensor, nothing: torch.Tensor) -> torch.Tensor:
        there = here
        for item, strength in items:
            direction = _bare(item)[name] - nothing
            common = _common(here - nothing, direction)
            there = there - min(1.0, strength) * common
            there = there - strength * len(items) ** -0.5 * direction
        return there

    return _changed(start, empty, change)


def _common(words: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """What of each of the words points along the longest of a direction's vectors."""
    if words.ndim == 3:
        longest = direction.norm(dim=-1)[0].argmax()
        direction = direction[:, longest : longest + 1]
    unit = torch.nn.functional.normalize(direction, dim=-1)
    return (words * unit).sum(-1, keepdim=True).clamp(min=0) * unit


def strayed(start: Rows, empty: Rows, noise: Noise, share: float, *, aside: bool = False) -> Rows:
    """Every word moved the same way: `share` of its distance to an empty text, times a random
    vector of a length of about 1. It keeps its length; `aside` is at right angles to where it
    was."""

    def change(name: str, here: torch.Tensor, nothing: torch.Tensor) -> torch.Tensor:
        own = here - nothing
        way = noise[name].to(here.device).view(-1, *[1] * (here.ndim - 2), here.shape[-1])
        if aside:
            unit = torch.nn.functional.normalize(own, dim=-1)
            way = way - (way * unit).sum(-1, keepdim=True) * unit
        return here + share * own.norm(dim=-1, keepdim=True) * way

    return _changed(start, empty, change)


def noise_like(rows: Rows, generators: Sequence[torch.Generator]) -> Noise:
    """(n, width) for each name, a row from each generator, in lengths of about 1."""
    return {
        name: torch.cat([_unit(rows[name].shape[-1], each) for each in generators])
        for name in sorted(_bare(rows))
    }


def _unit(width: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randn((1, width), generator=generator) / width**0.5


def _changed(
    start: Rows, empty: Rows, change: Callable[[str, torch.Tensor, torch.Tensor], torch.Tensor]
) -> Rows:
    """Each tensor as `change` makes it of its name, itself and that of an empty text; every vector
    keeps its length."""
    nothing, rows = _bare(empty), {}
    for name, here in _bare(start).items():
        there = change(name, here, nothing[name])
        lengths = here.norm(dim=-1, keepdim=True)
        rows[name] = torch.nn.functional.normalize(there, dim=-1) * lengths
    return _as(start, {**start, **rows})


def _bare(rows: Rows) -> dict[str, torch.Tensor]:
    """In float32, without what is not seen."""
    bare = {name: row.float() for name, row in rows.items() if name != _SEEN}
    if _SEEN in rows:
        bare[_TEXT] = bare[_TEXT] * rows[_SEEN][..., None]
    return bare


def _as(like: Rows, rows: Rows) -> Rows:
    return {name: row.to(like[name].dtype) for name, row in rows.items()}
