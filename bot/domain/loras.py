"""LoRAs with weights: what a request says of them, and how people write them.

A LoRA is called by the name of its file, whichever that is; a weight of 1 is as it was trained. Of
weight 0 it is not there. Knows names and numbers; not files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bot.domain.errors import InvalidPrompt
from bot.domain.language import _
from bot.domain.plain import Pairs
from bot.domain.prompt.parameter import quoted

KEY = "loras"
"""Where they stand in the `extra` of a request: pairs of name and weight."""
STRONGEST = 10.0
MOST = 8
"""At once."""


def of_extra(extra: Pairs) -> dict[str, float]:
    """Those in the `extra` of a request. Raises ValueError for what nobody could have asked."""
    said = dict(extra).get(KEY, ())
    if not isinstance(said, tuple) or len(said) > MOST:
        raise ValueError(f"no LoRAs: {said!r}")
    found = {}
    for each in said:
        name, weight = each
        if not (isinstance(name, str) and is_weight(weight)):
            raise ValueError(f"no LoRA: {each!r}")
        found[name] = float(weight)
    return found


def in_extra(extra: Pairs, loras: Mapping[str, float]) -> Pairs:
    """`extra` with these instead of others."""
    kept = tuple(pair for pair in extra if pair[0] != KEY)
    return (*kept, (KEY, tuple(loras.items()))) if loras else kept


def is_weight(value: Any) -> bool:
    """Whether a value can be one."""
    return type(value) in (int, float) and math.isfinite(value) and abs(value) <= STRONGEST


def written(text: str, option: str = "lora") -> tuple[str, float]:
    """`NAME` or `NAME:WEIGHT`, of LoRAs and what is written like them. Raises InvalidPrompt."""
    name, colon, said = text.rpartition(":")
    if not colon:
        return text, 1.0
    try:
        weight = float(said)
    except ValueError:
        weight = math.nan
    if not (name and is_weight(weight)):
        raise InvalidPrompt(
            _(
                "`--{option}` takes a name and a weight from {least} to {most}, such as"
                " `--{option} detail:0.7`, not {typed}.",
                option=option,
                least=format(-STRONGEST, "g"),
                most=format(STRONGEST, "g"),
                typed=quoted(text),
            )
        )
    return name, weight
