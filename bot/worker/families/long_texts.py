"""Texts beyond what a CLIP encoder takes at once: read in pieces, which stand behind each other
along the axis of tokens, as compel and web UIs do. Imported in a worker only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

PIECES = 5
"""So many are read; what is behind them is cut."""
_ENDS = 2
"""Tokens of each piece that are no words: its begin and its end."""


def pieces(pipeline: Any, text: str) -> list[str]:
    """Whole words that the encoder takes at once; the text itself where it is short."""
    tokenizer = pipeline.tokenizer
    room = tokenizer.model_max_length - _ENDS
    lengths = [_length(pipeline, tokenizer, word) for word in text.split()]
    if sum(lengths) <= room:
        return [text]
    return list(_filled(text.split(), lengths, room))[:PIECES]


def _filled(words: list[str], lengths: list[int], room: int) -> Iterator[str]:
    piece: list[str] = []
    left = room
    for word, length in zip(words, lengths, strict=True):
        if piece and length > left:
            yield " ".join(piece)
            piece, left = [], room
        piece.append(word)
        left -= length
    yield " ".join(piece)


def _length(pipeline: Any, tokenizer: Any, word: str) -> int:
    """In tokens, of which a word that was taught by textual inversion may have many."""
    return len(tokenizer.tokenize(pipeline.maybe_convert_prompt(word, tokenizer)))
