"""What somebody wants where their prompt does not say otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.plain import Pairs
from bot.domain.prompt import Prompt
from bot.domain.speed import Speed

HIDDEN = "stealth"
"""Under which a request's `extra` says that nobody but its owner is to see it."""


def hidden(extra: Pairs) -> bool:
    """Whether a request is for its owner's eyes alone."""
    return bool(dict(extra).get(HIDDEN))


@dataclass(frozen=True)
class Usual:
    """The line in which they wait, and whether nobody else is to see it."""

    speed: Speed = Speed.FAST
    stealth: bool = False

    def hides(self, prompt: Prompt) -> bool:
        """Whether what a prompt asks for is for its owner alone."""
        return bool(prompt.get(HIDDEN)) or (self.stealth and not prompt.get("public"))


USUAL = Usual()
"""Of who chose nothing."""
