"""A text in pieces: runs of what may be the letters of one word, between gaps.

A sign such as `$` is a letter, or a gap between others; both are tried.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bot.filtering.rule import Letter, key
from bot.filtering.signs import LATIN, WRITTEN, Kind, Table, sign

_KINDS, _FOLDED, _LOOKED = Table("kind"), Table("folded"), Table("looked")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_HALFWIDTH = re.compile("[\uff66-\uff9f]+")
_INNER = re.compile(r"(?<![LEDSB])I|I(?![LEDSBI])|B(?![LEDSBI])")
_AS_LETTERS = re.compile("[LDSBI]+|E+")
_AS_GAPS = re.compile("[LD]+|E+")
_WHOLE = re.compile("[LED]*E[LED]*")
_SIGNS = re.compile("[SBI]")


def folded(text: str) -> str:
    """The key of what characters are."""
    return key(text.translate(_FOLDED))


def looked(text: str) -> str:
    """The key of what characters look like."""
    return key(text.translate(_LOOKED))


class Reading(NamedTuple):
    """Letters that a piece may be, by their key, and whether some are of other scripts than they
    look."""

    key: str
    letters: list[Letter]
    disguised: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters of a chunk that begins at `start`; `eastern` are those of a script in
    which a word does not end where its letters do. For its `key` see `rule.key`; `look` is that of
    the Latin letters that it looks like, empty where it has no others."""

    text: str
    start: int
    key: str
    look: str = ""
    eastern: bool = False

    @classmethod
    def of(cls, chunk: str, start: int, end: int, *, eastern: bool = False) -> Piece:
        """These characters of a chunk."""
        text = chunk[start:end]
        own = folded(text)
        look = "" if text.isascii() else looked(text)
        return cls(text, start, own, "" if look == own else look, eastern)

    @property
    def short(self) -> bool:
        """Whether it may be a part of a word that is spelled out."""
        return len(self.text) == 1 if self.eastern else len(self.key) <= 2

    @property
    def scripts(self) -> set[str]:
        """Those of its letters."""
        return {script for each in self.text if (script := sign(each).script)}

    @property
    def mixed(self) -> bool:
        """Whether it has letters of several scripts, or what stands for some."""
        if self.text.isascii():
            return False
        return len(self.scripts) > 1 or not self.text.isalpha()

    def readings(self, disguises: frozenset[str], *, mixed: bool = False) -> Iterator[Reading]:
        """What it may say, also by its looks where it is in `mixed` company."""
        yield Reading(self.key, self.letters(), False)
        if self.look:
            mixed = mixed or self.mixed
            dressed = any(each in disguises or each not in WRITTEN for each in self.scripts)
            if mixed or dressed:
                yield Reading(self.look, self.letters(looks=True), mixed)

    def letters(self, *, looks: bool = False) -> list[Letter]:
        """What each of its characters may be in its own script, or by its looks."""
        cased = not (self.text.islower() or self.text.isupper())
        found: list[Letter] = []
        for at, char in enumerate(self.text):
            each = sign(char)
            solid = each.kind in (Kind.LETTER, Kind.EASTERN)
            own, latin = each.own or each.latin, each.latin or each.own
            for one, look in zip(own, latin if looks or not solid else own, strict=True):
                accepts = one + look
                if "i" in accepts and (one != "i" or not solid or (cased and char == "I")):
                    accepts += "l"
                found.append(Letter(accepts, look.replace("l", "i"), self.start + at, each.kind))
        return [*_doubled_v(found)]


def _doubled_v(letters: list[Letter]) -> Iterator[Letter]:
    """Two of them are a `w`."""
    at = 0
    while at < len(letters):
        pair = letters[at : at + 2]
        if len(pair) == 2 and all(each.folded == "v" for each in pair):
            yield pair[0]._replace(accepts="w", folded="w")
            at += 2
        else:
            yield letters[at]
            at += 1


class _Seen(dict[int, str | int]):
    """For `str.translate`: what is seen of each character."""

    def __missing__(self, code: int) -> str | int:
        kind = sign(chr(code)).kind
        said = "" if kind is Kind.UNSEEN else " " if kind is Kind.SPACE else code
        self[code] = said
        return said


_SEEN = _Seen()


def shown(text: str) -> str:
    """The text without what nobody sees, composed."""
    if _PLAIN.fullmatch(text):
        return text
    seen = text.translate(_SEEN)
    whole = _HALFWIDTH.sub(lambda found: unicodedata.normalize("NFKC", found[0]), seen)
    return unicodedata.normalize("NFC", whole).translate(_SEEN)


def pieces(chunk: str) -> Iterator[list[Piece]]:
    """All pieces of what stands between spaces, in each way to read its signs."""
    kinds = _INNER.sub(Kind.GAP, _INNER.sub(Kind.GAP, chunk.translate(_KINDS)))
    yield _cut(chunk, kinds, _AS_LETTERS)
    if _SIGNS.search(kinds):
        yield _cut(chunk, kinds, _AS_GAPS)
    if Kind.EASTERN in kinds:
        spans = [found.span() for found in _WHOLE.finditer(kinds)]
        mixed = [span for span in spans if len(set(kinds[slice(*span)])) > 1]
        if mixed:
            yield [Piece.of(chunk, *span, eastern=True) for span in mixed]
        # Fonts are made of Chinese and Japanese characters, too.
        dressed = [span for span in spans if _all_look(chunk[slice(*span)])]
        if dressed:
            yield [Piece.of(chunk, *span) for span in dressed]


def _cut(chunk: str, kinds: str, pattern: re.Pattern[str]) -> list[Piece]:
    return [
        Piece.of(chunk, *found.span(), eastern=found[0][0] == Kind.EASTERN)
        for found in pattern.finditer(kinds)
    ]


def _all_look(text: str) -> bool:
    """Whether they are of several scripts, and all like Latin letters."""
    signs = [*map(sign, text)]
    return all(each.latin for each in signs) and len({each.script for each in signs}) > 1


def disguises(text: str) -> frozenset[str]:
    """Scripts a word of which may be one in Latin letters, though all of it is of that script: in a
    text that has as many words in Latin ones."""
    counts: dict[str, int] = {}
    last = ""
    for each in map(sign, text):
        if each.script and each.script != last:
            counts[each.script] = counts.get(each.script, 0) + 1
        last = each.script
    latin = counts.get(LATIN, 0)
    return frozenset(each for each, count in counts.items() if count <= latin)
