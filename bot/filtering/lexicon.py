"""All rules of a filter, by what a text may hold of them: each is found by one look-up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from bot.filtering.pieces import Piece
from bot.filtering.rule import Letter, Rule, Word, folded, key_of, looks, means, sizes


class Entry(NamedTuple):
    """The number of a rule, and its letters, or the Latin ones that they look like: such a rule is
    found in a mixture of scripts only. Its ends may be open."""

    rule: int
    word: Word
    disguised: bool = False
    open_start: bool = False
    open_end: bool = False

    @property
    def open(self) -> bool:
        """Whether it is found in longer words."""
        return self.open_start or self.open_end

    def met(self, key: str, letters: Sequence[Letter]) -> bool:
        """Whether letters with that key say it, perhaps with more at its open ends."""
        mine, given = key_of(self.word), runs(letters)
        return any(
            self.said([*chain(*given[at : at + len(mine)])])
            for at in _places(mine, key)
            if (self.open_start or at == 0) and (self.open_end or at + len(mine) == len(key))
        )

    def said(self, letters: Sequence[Letter]) -> Sequence[Letter]:
        """Those of letters with its key that say it, if they do."""
        return next((each for each in self._cuts(letters) if means(self.word, each)), ())

    def _cuts(self, letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
        """All of them, and without what may be letters beyond its open ends: there any letters are,
        of the key of its last, too (`kill*`, `killing`)."""
        yield letters
        wanted, given = sizes(map(folded, self.word)), sizes(each.folded for each in letters)
        front, back = max(0, given[0] - wanted[0]), max(0, given[-1] - wanted[-1])
        if len(wanted) == 1:
            least, most = 0 if self.open_end else front, front if self.open_start else 0
            yield from (letters[at : at + wanted[0]] for at in range(least, most + 1))
        elif self.open:
            start, end = front * self.open_start, len(letters) - back * self.open_end
            yield letters[start:end]


class Lexicon:
    """`words` by their keys, phrases written as one word included; `phrases` by the numbers of
    their rules, each as its words; `eastern` keys are looked for within what has no gaps.
    `prefixes` are the beginnings of all keys."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.words: dict[str, list[Entry]] = {}
        self.eastern: list[tuple[str, int, Word]] = []
        self.prefixes: set[str] = set()
        self.phrases: dict[int, list[Entry]] = {}
        self._parts: set[str] = set()
        self._begun: dict[tuple[str, str], list[int]] = {}
        self._starts: dict[int, dict[str, list[Entry]]] = {}
        self._ends: dict[int, dict[str, list[Entry]]] = {}
        self._inside: list[tuple[str, Entry]] = []
        for number, rule in enumerate(rules):
            self._take(number, rule)
        self._inner = re.compile("|".join(re.escape(inner) for inner, _ in self._inside))
        self._outer = re.compile("|".join(self._open_parts()))

    def _take(self, number: int, rule: Rule) -> None:
        word = rule.joined
        if rule.eastern:
            self.eastern.append((key_of(word), number, word))
        if len(rule.words) > 1:
            self._take_phrase(number, rule)
        self._enter(Entry(number, word, False, rule.open_start, rule.open_end))
        if look := looks(word):
            self._enter(Entry(number, look, True, rule.open_start, rule.open_end))

    def _take_phrase(self, number: int, rule: Rule) -> None:
        last = len(rule.words) - 1
        words = [
            Entry(number, word, False, rule.open_start and at == 0, rule.open_end and at == last)
            for at, word in enumerate(rule.words)
        ]
        first, second, *_ = ("" if each.open else key_of(each.word) for each in words)
        self.phrases[number] = words
        self._begun.setdefault((first, second), []).append(number)
        self._parts.update(key_of(each.word) for each in words)

    def _open_parts(self) -> Iterator[str]:
        """Patterns of longer words that are parts of phrases."""
        for words in self.phrases.values():
            for each in words:
                if each.open:
                    start, end = "" if each.open_start else r"\A", "" if each.open_end else r"\Z"
                    yield f"{start}{re.escape(key_of(each.word))}{end}"

    def _enter(self, entry: Entry) -> None:
        key = key_of(entry.word)
        self.words.setdefault(key, []).append(entry)
        self.prefixes.update(key[:size] for size in range(1, len(key) + 1))
        if entry.open_start and entry.open_end:
            self._inside.append((key, entry))
        elif entry.open:
            table = self._ends if entry.open_start else self._starts
            table.setdefault(len(key), {}).setdefault(key, []).append(entry)

    def open_to(self, key: str) -> bool:
        """Whether a rule with an open end may be in a word with this key."""
        if self._inside and self._inner.search(key):
            return True
        some = bool(self._starts or self._ends)
        return some and any(True for _ in self._at_an_end(key))

    def begun(self, first: Piece, second: Piece) -> Iterator[int]:
        """Phrases that two pieces may begin; under no key are words with an open end."""
        if not self.part_of_phrase(first):
            return
        for one in dict.fromkeys((first.key, first.look, "")):
            for other in dict.fromkeys((second.key, second.look, "")):
                yield from self._begun.get((one, other), ())

    def part_of_phrase(self, piece: Piece) -> bool:
        """Whether a piece may be a word of one."""
        return self.holds_part(piece.key) or bool(piece.look and self.holds_part(piece.look))

    def holds_part(self, key: str) -> bool:
        """Whether a word with this key may be one of a phrase."""
        return key in self._parts or bool(self._outer.pattern and self._outer.search(key))

    def longer(self, key: str) -> Iterator[tuple[Entry, int, int]]:
        """Rules with an open end that may be in a longer word, and which part of its key."""
        yield from self._at_an_end(key)
        for inner, entry in self._inside:
            for at in _places(inner, key) if len(inner) < len(key) else ():
                yield entry, at, at + len(inner)

    def _at_an_end(self, key: str) -> Iterator[tuple[Entry, int, int]]:
        size = len(key)
        for length, found in self._starts.items():
            if length < size:
                yield from ((entry, 0, length) for entry in found.get(key[:length], ()))
        for length, found in self._ends.items():
            if length < size:
                yield from ((each, size - length, size) for each in found.get(key[-length:], ()))


def runs(letters: Sequence[Letter]) -> list[list[Letter]]:
    """The letters of each place of their key."""
    return [[*run] for _, run in groupby(letters, key=lambda each: each.folded)]


def _places(inner: str, key: str) -> Iterator[int]:
    """Where it begins in a key."""
    at = key.find(inner)
    while at >= 0:
        yield at
        at = key.find(inner, at + 1)
