"""The words that a small model knows; a large one has an idea of any word, and no vocabulary."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?", re.UNICODE)


@dataclass(frozen=True)
class Vocabulary:
    """`words` are single words that mean something to the model, or that it passes over safely."""

    objects: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    ideas: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()

    def unknown(self, text: str) -> list[str]:
        """The words of a prompt that mean nothing to the model, in order, each once.

        Empty when the vocabulary does not list its words.
        """
        if not self.words:
            return []
        asked = dict.fromkeys(word.lower() for word in _WORD.findall(text))
        return [word for word in asked if word not in self.words]

    def knows(self, text: str) -> bool:
        """Whether any word of a text means something to the model."""
        asked = (word.lower() for word in _WORD.findall(text))
        return not self.words or any(word in self.words for word in asked)
