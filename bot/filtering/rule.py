"""A blocked word as an admin writes it, and how it is compared with what stands in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from bot.domain.errors import UserError
from bot.domain.language import _
from bot.domain.prompt.marks import visible
from bot.domain.prompt.parameter import quoted
from bot.filtering.signs import EASTERN, LATIN, Kind, sign

LONGEST = 60
ANY = "*"
"""At an end of a rule: longer words that have it there are meant, too."""

_REPEATED = re.compile(r"(.)\1+", re.DOTALL)
_FLOSS = frozenset("flsz")
"""English doubles these at the end of words, and others in short words only."""
_DOUBLED = frozenset("bcdfglmnprstz")
_VOWELS = frozenset("aeiouy")
_BEHIND = frozenset("aeiouylrs")


class Letter(NamedTuple):
    """One letter in a text: what it may be, what that has in common, of which character of its
    chunk it is, and what kind of one that is."""

    accepts: str
    folded: str
    at: int
    kind: Kind

    @property
    def digit(self) -> bool:
        return self.kind is Kind.DIGIT


Word = tuple[str, ...]
"""The letters of a rule's word; some are a character each of a script of their own."""


@dataclass(frozen=True)
class Rule:
    """A word or phrase. With an open end it is found at the beginning of longer words, too, and at
    their end with an open start."""

    text: str
    words: tuple[Word, ...]
    open_start: bool
    open_end: bool
    eastern: bool

    @classmethod
    def typed(cls, text: str) -> Rule:
        """Raises UserError with what is wrong."""
        shown = " ".join(visible(text).split()).casefold()
        if len(shown) > LONGEST:
            raise UserError(
                _("A word or phrase has at most {most} characters: {typed}.",
                  most=LONGEST, typed=quoted(shown))
            )  # fmt: skip
        words = tuple(filter(None, map(_spelled, shown.split())))
        letters = [letter for word in words for letter in word]
        eastern = any(sign(each).script in EASTERN for each in shown)
        if not letters or (len(letters) < 2 and not eastern):
            raise UserError(
                _("A word has at least two letters or digits, and {typed} has not.",
                  typed=quoted(shown or text))
            )  # fmt: skip
        return cls(shown, words, shown.startswith(ANY), shown.endswith(ANY), eastern)

    @property
    def joined(self) -> Word:
        """All its letters, as of one word."""
        return tuple(letter for word in self.words for letter in word)


def _spelled(text: str) -> Word:
    signs = [sign(each) for each in text]
    spelled = [
        each.own or each.latin
        for each in signs
        if each.kind in (Kind.LETTER, Kind.EASTERN, Kind.DIGIT, Kind.SIGN)
    ]
    return tuple("".join(spelled).replace("vv", "w"))


def key(folded: str) -> str:
    """What all spellings of a word have in common, however often its letters are repeated."""
    return _REPEATED.sub(r"\1", folded.replace("vv", "w") if "vv" in folded else folded)


def key_of(word: Word) -> str:
    """The key of letters."""
    return key("".join(map(folded, word)))


def looks(word: Word) -> Word:
    """The Latin letters that others look like; none where one of them looks like none."""
    signs = [*map(sign, word)]
    if not all(each.latin for each in signs) or all(each.script in ("", LATIN) for each in signs):
        return ()
    return tuple(each.latin for each in signs)


def means(word: Word, letters: Sequence[Letter]) -> bool:
    """Whether letters with the key of a word say that word, not one that English makes of it by a
    doubled letter (`as`, `ass`; `god`, `good`)."""
    wanted = [[*run] for _, run in groupby(word, key=folded)]
    given = [[*run] for _, run in groupby(letters, key=lambda each: each.folded)]
    doubled = 0
    for at, (ours, theirs) in enumerate(zip(wanted, given, strict=True)):
        if not _same(ours, theirs):
            return False
        if len(theirs) > len(ours):
            before = wanted[at - 1][-1] if at else ""
            behind = wanted[at + 1][0] if at + 1 < len(wanted) else ""
            natural = _natural(before, ours[-1], behind, len(word))
            doubled += 1 if len(theirs) == 2 and natural else 2
    solid = sum(not each.digit for each in letters)
    if any(map(str.isdigit, word)):
        return doubled != 1
    few = len(word) <= 3 and all(map(str.isascii, word))
    return doubled != 1 and solid >= (min(2, len(word)) if few else 1)


def sizes(letters: Iterable[str]) -> list[int]:
    """How many of the same letter follow one another, each time."""
    return [sum(1 for _ in run) for _, run in groupby(letters)]


def folded(letter: str) -> str:
    """What letters that are taken for one another have in common."""
    return sign(letter).folded


def _same(ours: Sequence[str], theirs: Sequence[Letter]) -> bool:
    if len(set(ours)) == 1:
        return len(theirs) >= len(ours) and all(ours[0] in each.accepts for each in theirs)
    pairs = zip(ours, theirs, strict=False)
    return len(theirs) == len(ours) and all(one in each.accepts for one, each in pairs)


def _natural(before: str, letter: str, behind: str, length: int) -> bool:
    """Whether English may double this letter there."""
    if letter in "eo" or not ("a" <= letter <= "z"):
        return True
    if letter not in _DOUBLED or before not in _VOWELS or not before:
        return False
    return behind in _BEHIND if behind else letter in _FLOSS or length < 4
