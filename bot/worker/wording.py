"""Words for what has no text of its own: a model's taste, finer detail, and looks by number.

They follow a prompt after a comma. Knows vocabularies, not tensors. Imported in a worker only.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.vocabulary import Vocabulary

Shares = Sequence[tuple[str, float]]
"""Words, and how much of them."""

_STYLES = (
    "oil painting", "watercolour", "pencil sketch", "ink drawing", "charcoal drawing", "gouache",
    "etching", "woodblock print", "risograph print", "comic book art", "pop art", "art nouveau",
    "art deco", "impressionism", "baroque", "fresco", "stained glass", "paper collage", "low poly",
    "isometric 3d render", "claymation", "pixel art", "vaporwave", "synthwave", "neon lights",
    "film photograph", "polaroid", "long exposure", "infrared photograph", "double exposure",
)  # fmt: skip
_TINTS = (
    "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "gold", "sepia",
    "pastel colours", "black and white", "earthy colours", "jewel tones",
)  # fmt: skip
_PLAIN_TINTS = (
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "grey",
)  # fmt: skip


@dataclass(frozen=True)
class Wording:
    """`taste` and `detail` are one text each; a look is made of `styles` and `tints`."""

    taste: str = "beautiful expressive artwork, rich colours, dramatic light, masterpiece"
    detail: str = "highly detailed, sharp focus, intricate textures, high contrast"
    styles: Sequence[str] = _STYLES
    tints: Sequence[str] = _TINTS

    def look(self, number: int) -> Shares:
        """The words of a look, each with its share of the way towards them: the same for one
        number on every machine."""
        chance = random.Random(f"look {number}")
        main, other = chance.sample(self.styles, 2)
        tint = chance.choice(self.tints)
        shares = [chance.uniform(*_SPANS[role]) for role in ("main", "tint", "other")]
        return list(zip((main, tint, other), shares, strict=True))


_SPANS = {"main": (0.8, 1.0), "tint": (0.3, 0.5), "other": (0.1, 0.3)}


def wording_of(vocabulary: Vocabulary | None) -> Wording:
    """For a model that was taught word by word, the styles that it was taught."""
    if vocabulary is None or len(vocabulary.styles) < 2:
        return Wording()
    styles = vocabulary.styles[1:]  # the first is none in particular
    taste = "oil painting" if "oil painting" in styles else styles[0]
    detail = "neon" if "neon" in styles else styles[-1]
    tints = [f"{tint} background" for tint in _PLAIN_TINTS if not vocabulary.unknown(tint)]
    return Wording(taste, detail, styles, tints or styles)
