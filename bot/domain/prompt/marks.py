"""The characters that prompts are written with: which are invisible, which are dashes, which only
stand around words.

Knows characters, not the grammar.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

JOINERS = "\u200c\u200d"
"""They join letters (Persian, Indic scripts) and emoji (families, professions)."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co"})
_KEPT = 10_000

DASH = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
"""Phones, word processors and input methods make all of these of the hyphens that are typed."""
OPENING = "([{<\"'`*_\u201c\u2018\u00ab\u300c\u300e\uff08\u3010"
CLOSING = ".,;:!%)]}>\"'`*_\u201d\u2019\u00bb\u3002\u3001\uff0c\uff1b\uff09\u300d\u300f\u3011"
SEPARATING = ",;\u3001\uff0c\uff1b"
_AROUND = SEPARATING + " "

_QUOTES = {
    **dict.fromkeys(("```", "``", "**", "__", '"', "'", "`", "*", "_")),
    "\u201c": "\u201d", "\u201e": "\u201c", "\u2018": "\u2019", "\u00ab": "\u00bb",
    "\u300c": "\u300d", "\u300e": "\u300f",
}  # fmt: skip
_QUOTING = frozenset(opening[0] for opening in _QUOTES)


class _Shown(dict[int, str]):
    """How each character is shown, by its code; learned as they are met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char.isspace():
            shown = "\n" if char == "\n" else " "
        elif char in JOINERS or unicodedata.category(char) not in _INVISIBLE:
            shown = char
        else:
            shown = ""
        if len(self) < _KEPT:
            self[code] = shown
        return shown


_SHOWN = _Shown()


def visible(source: str) -> str:
    """Without control and formatting characters; what is white space is a space or a line feed."""
    if source.isprintable():
        return source
    return source.replace("\r\n", "\n").replace("\r", "\n").translate(_SHOWN)


def unquoted(text: str) -> str:
    """Without the marks around all of it: quotes, back-ticks, bold and italics, a code fence."""
    while (inner := _inside(text := text.strip())) is not None:
        text = inner
    return text


def _inside(text: str) -> str | None:
    if text[:1] not in _QUOTING:
        return None
    for opening, other in _QUOTES.items():
        closing = other or opening
        size, end = len(opening), len(text) - len(closing)
        if size < end and text.startswith(opening) and text.endswith(closing):
            inner = text[size:end]
            if opening in inner or closing in inner:
                return None
            return re.sub(r"\A\w*\n", "", inner) if opening == "```" else inner
    return None


def words(text: str) -> str:
    """On one line, without what separates it from nothing."""
    return " ".join(text.split()).strip(_AROUND)


def each_in_words(texts: Iterable[str]) -> list[str]:
    """`words` of each, many at once; none has a zero in it."""
    on_one_line = " ".join("\0".join(texts).split())
    return [text.strip(_AROUND) for text in on_one_line.split("\0")]
