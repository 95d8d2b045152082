"""A part of a picture, as somebody says which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.language import NP_

FIELDS = (
    NP_("line", "Top left"), NP_("line", "Top"), NP_("line", "Top right"), NP_("line", "Left"),
    NP_("line", "Middle"), NP_("line", "Right"), NP_("line", "Bottom left"), NP_("line", "Bottom"),
    NP_("line", "Bottom right"),
)  # fmt: skip
"""Of a picture that is cut three times across and down, in the order of their numbers from 1."""
_ARTICLES = frozenset({"a", "an", "the"})

Grid = Sequence[Sequence[float]]
"""How much of something is seen in each of some cells, by rows."""


@dataclass(frozen=True)
class Region:
    """By any of three ways, which add up: `picture` is the address of one that is white, or has
    nothing in it, where the part is; `fields` are numbers of `FIELDS`; `word` names what is seen
    there."""

    picture: str = ""
    fields: tuple[int, ...] = ()
    word: str = ""

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.picture or self.fields or self.thing)

    @property
    def thing(self) -> str:
        """The word without an article, such as "hat" of "the hat"."""
        words = self.word.split()
        while words and words[0].lower() in _ARTICLES:
            del words[0]
        return " ".join(words)
