"""Allowed words and phrases, and where they stand in a text: exactly as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate

from bot.filtering.pieces import shown
from bot.filtering.signs import UNSPACED, sign

_WORD = re.compile(r"\w+")


class Spared:
    """What is never found in a text, nor anything within."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._phrases: dict[str, list[list[str]]] = {}
        self._gapless: list[re.Pattern[str]] = []
        for text in map(shown, allowed):
            words = [word.casefold() for word in _WORD.findall(text)]
            if any(sign(char).script in UNSPACED for char in text):
                self._gapless.append(re.compile(re.escape(text)))
            elif words:
                self._phrases.setdefault(words[0], []).append(words)

    def reach(self, text: str) -> list[int]:
        """For each place of a text, how far an allowed word reaches that begins there or before."""
        ends = [0] * (len(text) + 1)
        for start, end in self._spans(text):
            ends[start] = max(ends[start], end)
        return [*accumulate(ends, max)]

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        words = [(found.start(), found.end()) for found in _WORD.finditer(text)]
        folded = [text[start:end].casefold() for start, end in words]
        for each in self._gapless:
            yield from (found.span() for found in each.finditer(text))
        for at, word in enumerate(folded):
            for phrase in self._phrases.get(word, ()):
                if folded[at : at + len(phrase)] == phrase:
                    yield words[at][0], words[at + len(phrase) - 1][1]
