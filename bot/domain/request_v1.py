"""Requests as schema 1 stored them, turned into schema 2. History: nothing here ever changes.

Schema 1 held the prompt as canonical text (`text --ar 3:2 --seed 7 --quality 0.5 --no a, b`, the
options in this order) and one source picture, and picture i started from seed + i.
This is a copy of that grammar as far as such text needs it. It checks no range, and it does not
know today's parser, so that no change of the language can make an old request unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_DASHES = re.compile(r"(?:^|(?<=\s))(?:--|—)(?=\S)")

_READ: Mapping[str, Callable[[str], Any]] = {
    "ar": lambda value: _sides(*value.split(":")),
    "seed": int,
    "quality": float,
    "no": lambda value: [part.strip() for part in value.split(",")],
}


def upgraded(old: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data of schema 1 as plain data of schema 2.

    Raises KeyError, ValueError or TypeError for what schema 1 never wrote.
    """
    source = old["source"]
    return {
        "schema": 2,
        "kind": "extract" if old["action"] == "upscale" else "draw",
        "action": old["action"],
        "prompt": _prompt(old["prompt"]),
        "model": old["model"],
        "size": [old["width"], old["height"]],
        "count": old["count"],
        "seed": old["seed"],
        "seeding": 1,
        "sampling": {
            "steps": old["steps"],
            "guidance": old["guidance"],
            "sampler": old["sampler"],
            "strength": old["strength"],
            "stop": 1.0,
        },
        "inputs": [_input(*source)] if source else [],
        "frame": None,
        "extra": {},
    }


def _input(job: str, index: int) -> dict[str, Any]:
    return {"role": "source", "digest": None, "tile": [job, index], "weight": 1.0}


def _prompt(canonical: str) -> dict[str, Any]:
    text, *parts = _DASHES.split(canonical)
    options = {}
    for part in parts:
        name, _, value = part.partition(" ")
        options[name] = _READ[name](value.strip())
    return {"text": text.strip(), "options": options}


def _sides(width: str, height: str) -> list[int]:
    return [int(width), int(height)]
