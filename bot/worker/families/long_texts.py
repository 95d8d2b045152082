"""Texts beyond what a CLIP encoder takes at once: read in pieces, which stand behind each other
along the axis of tokens, as compel and web UIs do. Imported in a worker only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

PIECES = 5
"""So many are read; what is behind them is cut."""
_ENDS = 2
"""Tokens of each piece that are no words: its begin and its end."""

_PHRASE = re.compile(r"(?<=[,;:.!?/|、。，；：！？…])")

Part = tuple[str, int]
"""Of a text, and how many tokens that is."""


def pieces(pipeline: Any, text: str) -> list[str]:
    """Whole words that the encoder takes at once, of longer ones whole phrases, or some letters;
    the text itself where it is short."""
    tokenizer = pipeline.tokenizer
    room = tokenizer.model_max_length - _ENDS

    def length(part: str) -> int:
        return _length(pipeline, tokenizer, part)

    if sum(map(length, text.split())) <= room:
        return [text]
    parts = [part for word in text.split() for part in _parts(word, room, length)]
    return list(_filled(parts, room))[:PIECES]


def _parts(word: str, room: int, length: Callable[[str], int]) -> Iterator[Part]:
    """A word with the space before it; one that is too long, as lists without a space are, and
    whatever is written without any, where its phrases end."""
    if length(word) <= room:
        yield f" {word}", length(word)
        return
    phrases = [each for each in _PHRASE.split(f" {word}") if each.strip()]
    for phrase in phrases:
        yield from _halved(phrase, room, length)


def _halved(phrase: str, room: int, length: Callable[[str], int]) -> Iterator[Part]:
    """Until each half is short enough."""
    if (tokens := length(phrase)) <= room or len(phrase) < 2:
        yield phrase, min(tokens, room)
        return
    middle = len(phrase) // 2
    for half in (phrase[:middle], phrase[middle:]):
        yield from _halved(half, room, length)


def _filled(parts: list[Part], room: int) -> Iterator[str]:
    piece, left = "", room
    for part, length in parts:
        if piece and length > left:
            yield piece.strip()
            piece, left = "", room
        piece += part
        left -= length
    yield piece.strip()


def _length(pipeline: Any, tokenizer: Any, word: str) -> int:
    """In tokens, of which a word that was taught by textual inversion may have many."""
    return len(tokenizer.tokenize(pipeline.maybe_convert_prompt(word, tokenizer)))
