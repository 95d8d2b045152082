"""Textual inversions, vectors that stand for words (Gal et al. 2022): the forms that they have in
files. Knows names and shapes; not files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.models.facts import Shapes

_PARAMETERS, _STAR = "string_to_param", "*"
"""Where Gal's own code and AUTOMATIC1111's web UI have them, and under which word."""
_FITS = {(768,): ("sd1",), (1024,): ("sd2",), (1280, 768): ("sdxl",)}
"""By the widths of the vectors, in the order of their names."""


def plain(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The vectors by name, out of what else trainers save with them; other files as they are."""
    held = tables.get(_PARAMETERS)
    if not isinstance(held, Mapping) or not held:
        return tables
    return {"emb_params": held.get(_STAR, next(iter(held.values())))}


def widths(shapes: Shapes) -> tuple[int, ...]:
    """Of the vectors, in the forms of web UIs and of diffusers; empty for other files."""
    names = sorted(shapes)
    if names in (["emb_params"], ["clip_g", "clip_l"]):
        return tuple(shapes[name][-1] for name in names)
    one = names[0] if len(names) == 1 else ""
    few = 0 < len(shapes.get(one, ())) <= 2
    return (shapes[one][-1],) if few and ("." not in one or one.startswith("<")) else ()


def fits(vectors: tuple[int, ...]) -> tuple[str, ...]:
    """The families that have words of these widths."""
    return _FITS.get(vectors, ())
