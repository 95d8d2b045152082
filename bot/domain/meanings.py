"""What parameters mean to the engine, by the names under which a request says it."""

from __future__ import annotations

from bot.domain import upscaling

PALETTE = "palette"
MEANINGS = frozenset({
    "chaos", "weird", "stylize", "exp", "looks", "tile", "draft", "hd", PALETTE, upscaling.NAME,
})  # fmt: skip
"""Names in `extra` of what parameters mean. `chaos`, `weird` and `exp` are from 0 to 1,
`stylize` is within `STYLIZE`, 0 being the usual; `looks` are pairs of a number and a weight, and
`palette` is a picture's colours and the share of them that is taken."""
STYLIZE = (-2.0, 9.0)
"""From none of the model's own taste, and by `--raw` the usual less than that."""
