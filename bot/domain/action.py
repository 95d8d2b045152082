"""What a request does, and the pictures that it does it to."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Action(enum.StrEnum):
    """What a request does; the value is the code in custom ids."""

    IMAGINE = "imagine"
    VARY = "vary"
    REROLL = "reroll"
    UPSCALE = "upscale"

    @property
    def draws(self) -> bool:
        """False where the pictures already exist."""
        return self is not Action.UPSCALE


@dataclass(frozen=True)
class Tile:
    """One picture of a job: 1 top left, 2 top right, 3 bottom left, 4 bottom right."""

    job: str
    index: int
