"""Finds the parameters in a prompt, wherever they stand and with whatever dash.

A run of dashes begins a parameter when a known name follows it directly and it stands at the start,
after a space or after punctuation. Glued to a word, with a space behind it, or as a single hyphen
it needs a value that fits as well (a flag: the end, or another parameter); with prose in between
`no` is prose, too. Two hyphens after a space before an unknown name are a mistake to be named; so
is a known name whose value cannot be read. All else is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bot.domain.errors import InvalidPrompt
from bot.domain.plain import Plain
from bot.domain.prompt import parameters
from bot.domain.prompt.marks import CLOSING, DASH, OPENING, SEPARATING
from bot.domain.prompt.parameters import STYLES, Kind, Parameter, quoted
from bot.domain.prompt.values import Adjusted

_RUN = re.compile(rf"[{DASH}](?:[^\S\n]?[{DASH}])*")
_NAME = re.compile(r"[A-Za-z]+")
_TYPED = re.compile(r"(?<!\S)-{2,}([A-Za-z][\w-]*)")
_GLUED = re.compile(r"[_-]+[A-Za-z]")
_BEFORE_VALUE = re.compile(r"\s*[=:\uff1a]?\s*(?:[\"'`(\[\u201c\u2018](?=\S))?")
_AFTER_VALUE = re.compile(rf"[{re.escape(CLOSING)}]+(?=\s|[{DASH}]|\Z)|[{re.escape(SEPARATING)}]+")
_BETWEEN = re.compile(rf"[\s{re.escape(SEPARATING)}]+")
_WORDS = re.compile(r"\S+(?:[^\S\n]+\S+){0,3}")
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True)
class Mention:
    """One parameter in a text, from `start` to `end` with its value, which is None where only a
    look at it says that it is none, and `why` it is another than was typed."""

    row: Parameter
    value: Plain
    start: int
    end: int
    why: str = ""


@dataclass(frozen=True)
class _Run:
    """Some dashes in a text."""

    source: str
    start: int
    end: int

    @property
    def dashes(self) -> str:
        return self.source[self.start : self.end]

    @cached_property
    def before(self) -> str:
        """The character in front of them; a space at the start."""
        return self.source[self.start - 1] if self.start else " "

    @property
    def apart(self) -> bool:
        return self.before.isspace()

    @property
    def glued(self) -> bool:
        """To a word."""
        return self.before.isalnum()

    @property
    def spaced(self) -> bool:
        """Whether spaces are among them or behind them."""
        return " " in self.dashes or self.source[self.end : self.end + 1].isspace()

    @property
    def single(self) -> bool:
        return self.dashes == "-"

    @property
    def hyphens(self) -> bool:
        return len(self.dashes) > 1 and set(self.dashes) == {"-"}

    @property
    def clear(self) -> bool:
        """Whether the name behind them is enough to know a parameter."""
        return not (self.glued or self.spaced or self.single)


def mentions(source: str) -> Iterator[Mention]:
    """The parameters of a prompt, in order. Raises InvalidPrompt."""
    at = 0
    while run := _RUN.search(source, at):
        mention = _mention(source, run)
        if mention is None:
            at = run.end()
            continue
        yield mention
        at = mention.end


def _mention(source: str, match: re.Match[str]) -> Mention | None:
    run = _Run(source, match.start(), match.end())
    if run.single and run.glued:
        return None
    name = _NAME.match(source, _past_space(source, run.end))
    if name is None:
        return None
    row = parameters.known(name[0])
    if row is None or _GLUED.match(source, name.end()):
        if run.clear and run.hyphens and run.apart:
            raise InvalidPrompt(parameters.unknown(_unknown(source, run.start)))
        return None
    if row.kind is Kind.TEXT:
        return _text(row, source, run, name.end()) if _is_list(run) else None
    found = _valued(row, source, run.start, name.end())
    if found is None and run.clear:
        raise InvalidPrompt(_refusal(row, source, name.end()))
    if found is None or not (run.clear or _fits(found, source, run, name[0])):
        return None
    return found


def _past_space(source: str, at: int) -> int:
    while at < len(source) and source[at] in " \u3000":
        at += 1
    return at


def _unknown(source: str, at: int) -> list[str]:
    """The names that no parameter has, from there on."""
    typed = (match[1].rstrip("-_") for match in _TYPED.finditer(source, at))
    return [name for name in dict.fromkeys(typed) if not parameters.known(name)]


def _is_list(run: _Run) -> bool:
    """Whether a `no` behind them is one: `— no windows` is prose."""
    return run.clear or (run.hyphens and not run.spaced) or (run.spaced and len(run.dashes) > 1)


def _fits(found: Mention, source: str, run: _Run, name: str) -> bool:
    """Whether what looks like prose is a parameter after all."""
    if found.value is True and not (run.single and run.spaced):
        return _ends(source, found.end)
    if found.row.name == "style" and str(found.value).lower() not in STYLES:
        return False
    if not run.single:
        return True
    if run.spaced:
        return found.row.name == "ar"
    return len(name) > 1 or _ends(source, found.end)


def _ends(source: str, at: int) -> bool:
    """Whether the prompt ends there, or another parameter follows."""
    at = _past_space(source, at)
    if not source[at:].strip(CLOSING + " \n"):
        return True
    run = _RUN.match(source, at)
    return run is not None and _mention(source, run) is not None


# Values


def _valued(row: Parameter, source: str, start: int, at: int) -> Mention | None:
    """The mention of a row whose name ends at `at`; None where a value is missing or unlike one.
    Raises InvalidPrompt for one that makes no sense."""
    if row.kind is Kind.FLAG:
        return Mention(row, True, start, _end(source, at))
    if row.kind in (Kind.LIST, Kind.CODES, Kind.EACH):
        return _listed(row, source, start, at)
    assert row.spelling is not None
    begins = _BEFORE_VALUE.match(source, at)
    match = begins and row.spelling.shape.match(source, begins.end())
    if match is None:
        return Mention(row, True, start, _end(source, at)) if row.kind is Kind.OPTIONAL else None
    value, why = _read(row, source, match)
    return Mention(row, value, start, _end(source, match.end()), why)


def _listed(row: Parameter, source: str, start: int, at: int) -> Mention | None:
    assert row.spelling is not None
    found: list[Plain] = []
    begins = _BEFORE_VALUE.match(source, at)
    end, at = at, begins.end() if begins else at
    while match := row.spelling.shape.match(source, at):
        found.append(_read(row, source, match)[0])
        end = match.end()
        between = _BETWEEN.match(source, end)
        if between is None or row.kind is Kind.EACH:
            break
        at = between.end()
    if not found and row.kind is not Kind.CODES:
        return None
    return Mention(row, tuple(found) or True, start, _end(source, end))


def _text(row: Parameter, source: str, run: _Run, at: int) -> Mention:
    """Up to the next parameter, or an empty line."""
    begins = _BEFORE_VALUE.match(source, at)
    at = begins.end() if begins else at
    stop = next(_starts(source, at), len(source))
    paragraph = _PARAGRAPH.search(source, at, stop)
    stop = paragraph.start() if paragraph else stop
    typed = source[at:stop]
    items = tuple(dict.fromkeys(filter(None, map(_item, re.split(r"[,\uff0c\u3001;]", typed)))))
    if not items:
        raise InvalidPrompt(_refusal(row, source, at))
    return Mention(row, items, run.start, stop)


def _starts(source: str, at: int) -> Iterator[int]:
    for match in _RUN.finditer(source, at):
        if _mention(source, match) is not None:
            yield match.start()


def _item(text: str) -> str:
    """Without what only ends a sentence or a bracket around all, and without dashes of no use."""
    line = " ".join(word for word in text.split() if word.strip(DASH))
    line = line.strip(" .;:*_`\"'\u201c\u201d\u3002")
    return line.removesuffix(")") if line.count(")") > line.count("(") else line


def _read(row: Parameter, source: str, match: re.Match[str]) -> tuple[Plain, str]:
    assert row.spelling is not None
    if row.gone:
        raise InvalidPrompt(row.gone)
    try:
        value = row.spelling.read(match[0])
    except ValueError:
        raise InvalidPrompt(_takes(row, match[0])) from None
    if isinstance(value, Adjusted):
        return value.value, f"`--{row.name}` {value.why}."
    return value, ""


def _end(source: str, at: int) -> int:
    """Behind the marks that end a value."""
    match = _AFTER_VALUE.match(source, at)
    return match.end() if match else at


def _refusal(row: Parameter, source: str, at: int) -> str:
    if row.gone:
        return row.gone
    begins = _BEFORE_VALUE.match(source, at)
    following = _WORDS.match(source, begins.end() if begins else at)
    typed = following[0] if following else ""
    run = _RUN.match(typed)
    named = run and run[0] != "-" and _NAME.match(typed, run.end())
    return _takes(row, "" if named else re.split(r"\s", typed)[0])


def _takes(row: Parameter, typed: str) -> str:
    takes = f"`--{row.name}` takes {row.expects}"
    shown = typed.strip(SEPARATING + " ")
    return f"{takes}, not {quoted(shown)}." if shown else f"{takes}; a value is missing."


def without(source: str, found: list[Mention]) -> str:
    """What is left of a prompt when its parameters are taken out."""
    pieces, at = [], 0
    for mention in found:
        pieces.append(_before(source[at : mention.start]))
        at = mention.end
    pieces.append(source[at:])
    return " ".join(pieces)


def _before(piece: str) -> str:
    """The marks that open a bracket around parameters close nothing any more."""
    return piece.rstrip(OPENING) if piece[-1:] in OPENING else piece
