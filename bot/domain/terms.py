"""Texts as the terms by which they are found, in any script. Knows no database.

Letters count without case, width and accents. A script that puts no spaces between words has a term
for each character, and what is looked for in it is a phrase of them; so is each emoji a term.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_ACCENTS = re.compile("[\u0300-\u036f]")
# Thai and Lao, Burmese, Khmer, then Chinese and Japanese in all their blocks.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_SPOKEN = frozenset("LMN")
_SYMBOL = "So"
_LOOKS_OF_SYMBOLS = re.compile("[\ufe00-\ufe0f]")


def terms(text: str) -> list[str]:
    """All terms of a text, in order."""
    return [term for phrase in phrases(text) for term in phrase]


def phrases(text: str) -> list[tuple[str, ...]]:
    """The terms of a text; those that must follow one another to mean the same are together."""
    found: list[tuple[str, ...]] = []
    last = None
    for kind, term in _read(text):
        if kind == last == "character":
            found[-1] += (term,)
        elif kind != "gap":
            found.append((term,))
        last = kind
    return found


def _read(text: str) -> Iterator[tuple[str, str]]:
    """Words, characters that are words, and the gaps between them."""
    word = ""
    for letter in _plain(text):
        category = unicodedata.category(letter)
        spoken = category[0] in _SPOKEN
        if spoken and not _UNSPACED.match(letter):
            word += letter
            continue
        if word:
            yield "word", word
            word = ""
        if spoken:
            yield "character", letter
        elif category == _SYMBOL:
            yield "symbol", letter
        else:
            yield "gap", ""
    if word:
        yield "word", word


def _plain(text: str) -> str:
    """As it is compared: accents go where they are signs of their own, in Latin and its kin."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    without = _LOOKS_OF_SYMBOLS.sub("", _ACCENTS.sub("", apart))
    return unicodedata.normalize("NFKC", without)
