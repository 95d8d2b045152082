"""Words in scripts in which a word does not end where its letters do.

Chinese, Thai and their like have no gaps between words, so a word is found anywhere. Katakana are a
word from one other script to the next. Hiragana and Hangul go on with particles, and what is none
makes another word: `ばか`, `ばかな`, but not `ばかり`; `시발은`, but not `시발역`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.filtering.rule import Letter, Word, key_of, means
from bot.filtering.signs import HANGUL, HIRAGANA, UNSPACED, sign

_JOSA = re.compile(
    "(?:은|는|이|가|을|를|의|에|에서|에게|한테|께|도|만|과|와|랑|이랑|로|으로|아|야|들|이다|다|이야|인)+"
    "(?![가-힣ㄱ-ㅣ])"
)
_PARTICLES = frozenset("はがをにでともへのやかなだねよ")


def places(letters: Sequence[Letter], text: str, word: Word) -> Iterator[tuple[int, int]]:
    """Where a word begins and ends in a piece of text, whose letters these are."""
    first = letters[0].at if letters else 0
    folded = "".join(letter.folded for letter in letters)
    for start, end in _runs(folded, key_of(word)):
        found = letters[start:end]
        begin, behind = found[0].at - first, found[-1].at - first + 1
        whole = (start == 0 or letters[start - 1].at != found[0].at) and (
            end == len(letters) or letters[end].at != found[-1].at
        )
        if whole and _begins(text, begin) and _ends(text, behind) and means(word, found):
            yield begin, behind


def _runs(folded: str, wanted: str) -> Iterator[tuple[int, int]]:
    """Where the letters of a key stand, each as often as it is repeated."""
    pattern = "".join(f"{re.escape(letter)}+" for letter in wanted)
    return (found.span() for found in re.finditer(pattern, folded))


def _begins(text: str, at: int) -> bool:
    if at == 0:
        return True
    mine, before = sign(text[at]), sign(text[at - 1])
    if mine.mark:
        return False
    if mine.script in UNSPACED or mine.script != before.script:
        return True
    return mine.script == HIRAGANA and text[at - 1] in _PARTICLES


def _ends(text: str, at: int) -> bool:
    if at == len(text):
        return True
    mine, behind = sign(text[at - 1]), sign(text[at])
    if behind.mark:
        return False
    if mine.script in UNSPACED or mine.script != behind.script:
        return True
    if mine.script == HANGUL:
        return bool(_JOSA.match(text, at))
    return mine.script == HIRAGANA and text[at] in _PARTICLES
