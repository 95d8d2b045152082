"""Finds blocked words in texts, in a time that grows with their length alone.

A text is cut into pieces; a piece, several spelled out (`s c u m`), or several of a phrase have a
key, under which the rules that may be meant are looked up, and only these are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from bot.domain.errors import UserError
from bot.domain.language import _
from bot.domain.prompt.parameter import quoted
from bot.filtering import eastern
from bot.filtering.lexicon import Entry, Lexicon, runs
from bot.filtering.pieces import Piece, disguises, folded, looked, pieces, shown
from bot.filtering.rule import ANY, Letter, Rule, key
from bot.filtering.signs import Kind
from bot.filtering.spared import Spared

_KNOWN = 2_000
"""Chunks that are remembered, of so many characters at most."""
_REMEMBERED = 40
_SPELLED = 40
"""Pieces of a word that is spelled out, at most."""
_CHUNK = re.compile(r"\S+")
# Letters alone, of scripts in which a word ends where they do.
_PLAIN = re.compile("[A-Za-z\u00c0-\u0dff\u1e00-\u1fff]{3,}[,.;:?]?")
_CONTRACTED = re.compile(r"['’](?:ll|s|t|re|ve|d|m)\W*\Z", re.IGNORECASE)
_NO_SCRIPTS: frozenset[str] = frozenset()


class Match(NamedTuple):
    """A rule, by its number, and where it was found in the text as it is `shown`."""

    rule: int
    start: int
    end: int


class _Chunk(NamedTuple):
    """What stands between spaces: what was found in it, and its pieces that may be parts of more,
    None in the place of others."""

    found: tuple[Match, ...] = ()
    pieces: tuple[Piece | None, ...] = (None,)


def rule_of(text: str) -> Rule:
    """A rule that is found. Raises UserError with what is wrong of one that is not."""
    rule = Rule.typed(text)
    if not any(WordFilter([rule]).find(f"so {rule.text.strip(ANY)} so")):
        raise UserError(
            _("{typed} mixes letters in a way that is not found again; write it in letters and"
              " digits of one script.", typed=quoted(rule.text))
        )  # fmt: skip
    return rule


class WordFilter:
    """Rules that are read once, for any number of texts. What is `allowed` (words and phrases) is
    never found, nor is anything within."""

    def __init__(self, rules: Sequence[Rule], allowed: Iterable[str] = ()) -> None:
        self._rules = rules
        self._lexicon = Lexicon(rules)
        self._spared = Spared(allowed)
        self._known: dict[tuple[str, frozenset[str]], _Chunk] = {}

    def find(self, text: str) -> Iterator[Match]:
        """Every rule that is in a text, once each."""
        if not self._rules:
            return
        text = shown(text)
        reach: list[int] | None = None
        said: set[int] = set()
        for match in self._found(text):
            if match.rule in said:
                continue
            if reach is None:
                reach = self._spared.reach(text)
            if reach[match.start] < match.end:
                said.add(match.rule)
                yield match

    def _found(self, text: str) -> Iterator[Match]:
        scripts = _NO_SCRIPTS if text.isascii() else disguises(text)
        row: list[tuple[int, Piece]] = []
        for found in _CHUNK.finditer(text):
            chunk, start = found[0], found.start()
            known = self._known.get((chunk, scripts))
            if known is None:
                known = self._learned(chunk, scripts)
            for rule, begin, end in known.found:
                yield Match(rule, start + begin, start + end)
            for piece in known.pieces:
                if piece is not None:
                    row.append((start, piece))
                elif row:
                    yield from self._together(row, scripts)
                    row = []
        yield from self._together(row, scripts)

    def _learned(self, chunk: str, scripts: frozenset[str]) -> _Chunk:
        made = self._read(chunk, scripts)
        if len(self._known) >= _KNOWN:
            self._known.clear()
        if len(chunk) <= _REMEMBERED:
            self._known[chunk, scripts] = made
        return made

    def _read(self, chunk: str, scripts: frozenset[str]) -> _Chunk:
        if _PLAIN.fullmatch(chunk) and self._harmless(chunk.rstrip(",.;:?")):
            return _Chunk()
        found: list[Match] = []
        cuts = [*pieces(chunk)]
        for cut in cuts:
            for piece in cut:
                found += self._in(piece, scripts)
            found += self._glued(chunk, cut)
        joining = (each if self._joins(each) else None for each in cuts[0])
        return _Chunk(tuple(found), tuple(joining))

    def _harmless(self, word: str) -> bool:
        """Whether a plain word is nothing, and no part of anything."""
        lexicon = self._lexicon
        keys = (folded(word),) if word.isascii() else (folded(word), looked(word))
        return not any(
            mine in lexicon.words
            or lexicon.holds_part(mine)
            or len(mine) <= 2
            or lexicon.open_to(mine)
            for mine in keys
        )

    def _joins(self, piece: Piece) -> bool:
        """Whether it may be a part of what is spelled out, or of a phrase."""
        return piece.short or self._lexicon.part_of_phrase(piece)

    def _maybe(self, piece: Piece) -> bool:
        """Whether letters of it may be a rule."""
        lexicon, text = self._lexicon, piece.text
        for mine in (piece.key, piece.look) if piece.look else (piece.key,):
            if mine in lexicon.words or lexicon.open_to(mine):
                return True
        return text[0].isdecimal() or text[-1].isdecimal()

    def _in(self, piece: Piece, scripts: frozenset[str]) -> Iterator[Match]:
        if piece.eastern:
            yield from self._within(piece)
        elif self._maybe(piece):
            for reading in piece.readings(scripts):
                for letters in _without_numbers(reading.letters):
                    yield from self._named(letters, reading.disguised)
                    yield from self._longer(letters, reading.disguised)

    def _within(self, piece: Piece) -> Iterator[Match]:
        letters: list[Letter] = []
        for inner, number, word in self._lexicon.eastern:
            if inner in piece.key:
                letters = letters or piece.letters()
                for start, end in eastern.places(letters, piece.text, word):
                    yield Match(number, piece.start + start, piece.start + end)

    def _named(self, letters: Sequence[Letter], disguised: bool) -> Iterator[Match]:
        """Rules that these letters are, as a whole."""
        for entry in self._lexicon.words.get(_key(letters), ()):
            said = entry.said(letters) if entry.disguised <= disguised else ()
            if said:
                yield Match(entry.rule, said[0].at, said[-1].at + 1)

    def _longer(self, letters: Sequence[Letter], disguised: bool) -> Iterator[Match]:
        """Rules with an open end that are a part of these letters."""
        given: list[list[Letter]] = []
        for entry, begin, end in self._lexicon.longer(_key(letters)):
            given = given or runs(letters)
            some = [*chain(*given[begin:end])]
            said = entry.said(some) if entry.disguised <= disguised else ()
            if said:
                yield Match(entry.rule, said[0].at, said[-1].at + 1)

    def _glued(self, chunk: str, cut: Sequence[Piece]) -> Iterator[Match]:
        """What a chunk says without its gaps: `sc-um`, but not `he'll`."""
        if len(cut) < 2 or any(each.eastern for each in cut) or _CONTRACTED.search(chunk):
            return
        mixed = _mixed(cut)
        for looks in (False, True) if mixed else (False,):
            if key("".join(_key_of(each, looks) for each in cut)) in self._lexicon.words:
                letters = [letter for each in cut for letter in each.letters(looks=looks)]
                yield from self._named(letters, looks)

    def _together(
        self, row: Sequence[tuple[int, Piece]], scripts: frozenset[str]
    ) -> Iterator[Match]:
        """What pieces say that follow one another."""
        if len(row) < 2:
            return
        for at, ((_one, first), (_two, second)) in enumerate(pairwise(row)):
            for number in self._lexicon.begun(first, second):
                words = self._lexicon.phrases[number]
                said = row[at : at + len(words)]
                if _say(said, words, scripts):
                    yield _between(number, said)
        if sum(piece.eastern or len(piece.key) == 1 for _, piece in row) > 1:
            yield from self._spelled(row, False)
            if any(piece.look for _, piece in row):
                yield from self._spelled(row, True)

    def _spelled(self, row: _Row, looks: bool) -> Iterator[Match]:
        """Words of a letter here and a letter there."""
        cells = _merged(row, looks)
        for first in range(len(cells)):
            whole = ""
            for last in range(first, min(first + _SPELLED, len(cells))):
                piece = cells[last][0][1]
                whole = key(whole + _key_of(piece, looks))
                if not piece.short or whole not in self._lexicon.prefixes:
                    break
                found = self._lexicon.words.get(whole)
                some = [each for cell in cells[first : last + 1] for each in cell] if found else []
                for entry in found or ():
                    if _spelled_out(some, entry, looks):
                        yield _between(entry.rule, some)


_Row = Sequence[tuple[int, Piece]]
"""Pieces, and where their chunks begin."""


def _between(number: int, row: _Row) -> Match:
    (start, first), (end, last) = row[0], row[-1]
    return Match(number, start + first.start, end + last.start + len(last.text))


def _say(row: _Row, words: Sequence[Entry], scripts: frozenset[str]) -> bool:
    """Whether each of the pieces is the word of a phrase in its place."""
    return len(row) == len(words) and all(
        any(word.met(reading.key, reading.letters) for reading in piece.readings(scripts))
        for (_, piece), word in zip(row, words, strict=True)
    )


def _key_of(piece: Piece, looks: bool) -> str:
    return piece.look or piece.key if looks else piece.key


def _merged(row: _Row, looks: bool) -> Sequence[_Row]:
    """Pieces of one and the same letter together: `s s c u m`."""
    cells: list[list[tuple[int, Piece]]] = []
    before = ""
    for each in row:
        mine = _key_of(each[1], looks)
        if len(mine) == 1 and mine == before:
            cells[-1].append(each)
        else:
            cells.append([each])
        before = mine
    return cells


def _spelled_out(row: _Row, entry: Entry, looks: bool) -> bool:
    """Whether short pieces are a word: not a few words that happen to be short."""
    pieces = [piece for _, piece in row]
    mixed, word = _mixed(pieces), entry.word
    if (looks or entry.disguised) and not mixed:
        return False
    letters = [letter for piece in pieces for letter in piece.letters(looks=looks)]
    if all(piece.eastern for piece in pieces):
        return len(pieces) > 1 and bool(entry.said(letters))
    pairs = sum(len(piece.key) == 2 for piece in pieces)
    leet = sum(letter.kind not in (Kind.LETTER, Kind.EASTERN) for letter in letters)
    plain = len(letters) >= 3 and pairs <= 1 and leet <= (len(word) > 3)
    return plain and len(pieces) - pairs >= 2 and bool(entry.said(letters))


def _mixed(pieces: Iterable[Piece]) -> bool:
    """Whether they are of several scripts together."""
    return len({script for piece in pieces for script in piece.scripts}) > 1


def _key(letters: Sequence[Letter]) -> str:
    return key("".join(letter.folded for letter in letters))


def _without_numbers(letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
    """All of them, and without the numbers in front and behind."""
    size = len(letters)
    front = next((at for at, each in enumerate(letters) if not each.digit), size)
    back = next((at for at in range(size, 0, -1) if not letters[at - 1].digit), 0)
    spans = dict.fromkeys(((0, size), (front, size), (0, back), (front, back)))
    return (letters[start:end] for start, end in spans if start < end)
