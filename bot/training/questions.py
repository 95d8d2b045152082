"""Questions: sets of ideas that a pipeline is asked to draw, the same ones each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.training.captions import Idea, draw_idea, held_out
from bot.training.vocabulary import LAYOUTS, PLAIN


@dataclass(frozen=True)
class Questions:
    """Sets of ideas by name; all seeds and choices are fixed."""

    names: tuple[str, ...]
    count: int = 48

    def sets(self) -> dict[str, list[Idea]]:
        return {
            "held-out object in a scene": self._ideas("single", plain=False, new=True),
            "seen object in a scene": self._ideas("single", plain=False, new=False),
            "object on a colour": self._ideas("single", plain=True, new=False),
            "held-out colour of an object": self._ideas("single", True, new=True, tinted=True),
            "seen colour of an object": self._ideas("single", True, new=False, tinted=True),
            "held-out pair": self._ideas("beside", plain=None, new=True),
            "seen pair": self._ideas("beside", plain=None, new=False),
            "one on top of another": self._ideas("stack", plain=None, new=False),
            "one holding another": self._ideas("hold", plain=None, new=False),
            "lying in a sun lounger": self._ideas("lounge", plain=None, new=False),
            "two of a kind": self._ideas("two", plain=None, new=False),
            "three of a kind": self._ideas("three", plain=None, new=False),
        }

    def _ideas(
        self, layout: str, plain: bool | None, new: bool, tinted: bool = False
    ) -> list[Idea]:
        rng = np.random.default_rng([41, LAYOUTS.index(layout), int(new)])
        weights, found = np.ones(len(self.names)), []
        for _ in range(400_000):
            idea = draw_idea(rng, self.names, weights)
            if idea.layout != layout or bool(idea.tint) is not tinted:
                continue
            if held_out(idea) is not new:
                continue
            if plain is None or (idea.scene == PLAIN) is plain:
                found.append(idea)
            if len(found) == self.count:
                return found
        return found
