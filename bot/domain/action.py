"""What a request does, and the pictures that it does it to."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """What sort of work a request is, which decides what a complete result of it is."""

    DRAW = "draw"
    """Pictures that a worker draws."""
    EXTRACT = "extract"
    """One stored picture alone; nothing is drawn."""


class Action(enum.StrEnum):
    """What a request does; the value is the code in custom ids."""

    IMAGINE = "imagine"
    VARY = "vary"
    REROLL = "reroll"
    UPSCALE = "upscale"


@dataclass(frozen=True)
class Tile:
    """One picture of a job: 1 top left, 2 top right, 3 bottom left, 4 bottom right."""

    job: str
    index: int
