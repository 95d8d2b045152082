"""Shorter prompts out of a long one, by how much each piece of it matters.

Knows words, numbers and what a prompt looks like; not who found the numbers.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.errors import InvalidPrompt
from bot.domain.language import _

MOST = 64
"""Pieces of a prompt: each takes the text encoder once."""
SHARES = (0.85, 0.7, 0.55, 0.45, 0.35)
"""Of the pieces, how many a shorter prompt keeps."""
LEAST = 4
_ENDING = ",;.:!?\u3001\u3002\uff0c\uff1b\uff01\uff1f"
_PHRASES = re.compile(rf"(?<=[{re.escape(_ENDING)}])\s+")


@dataclass(frozen=True)
class Analysis:
    """`pieces` are a text with spaces between; each has an `importance` from 0 to 1."""

    pieces: tuple[str, ...]
    importance: tuple[float, ...]

    @property
    def shorter(self) -> list[str]:
        """Five texts at most, each shorter than the one before."""
        kept = (self.kept(share) for share in SHARES)
        texts = dict.fromkeys(self._text(some) for some in kept if len(some) < len(self.pieces))
        return [text for text in texts if text]

    def kept(self, share: float) -> list[int]:
        """The places of that share of the pieces which matters most, in the order of the text:
        `LEAST` at least, or nobody would know the prompt again."""
        ranked = sorted(range(len(self.pieces)), key=lambda place: -self.importance[place])
        return sorted(ranked[: max(LEAST, round(share * len(self.pieces)))])

    def _text(self, places: Sequence[int]) -> str:
        """What stood in different phrases is parted by commas."""
        phrases = list(itertools.accumulate((_ends(piece) for piece in self.pieces), initial=0))
        together = itertools.groupby(places, key=lambda place: phrases[place])
        said = (
            " ".join(self.pieces[place].strip(_ENDING) for place in some) for _, some in together
        )
        return ", ".join(filter(None, map(str.strip, said)))


def pieces(text: str) -> tuple[str, ...]:
    """Words; of a long text phrases, as many of them together as makes `MOST` of all. Raises
    InvalidPrompt where there is nothing to leave out."""
    words = text.split()
    if len(words) <= LEAST:
        raise InvalidPrompt(
            _(
                "This prompt is short already; give one of more than {least} words to shorten.",
                least=LEAST,
            )
        )
    if len(words) <= MOST:
        return tuple(words)
    phrases = [phrase for phrase in _PHRASES.split(text) if phrase.strip()]
    some = phrases if len(phrases) > MOST // 4 else words
    size = -(-len(some) // MOST)
    return tuple(" ".join(some[at : at + size]) for at in range(0, len(some), size))


def _ends(piece: str) -> int:
    return int(piece[-1] in _ENDING)
