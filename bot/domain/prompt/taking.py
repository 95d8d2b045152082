"""How much of the text behind its name a parameter takes, and what that means.

Knows spellings and rows of the table; not what makes a name a parameter.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bot.domain.errors import InvalidPrompt, UnknownParameter
from bot.domain.language import _
from bot.domain.plain import Plain
from bot.domain.prompt import parameters
from bot.domain.prompt.marks import CLOSING, DASH, SEPARATING
from bot.domain.prompt.parameter import Kind, Parameter, quoted
from bot.domain.prompt.values import Adjusted

_BEFORE_VALUE = re.compile(r"\s*[=:\uff1a]?\s*(?:[\"'`(\[\u201c\u2018](?=\S))?")
_AFTER_VALUE = re.compile(rf"[{re.escape(CLOSING)}]+(?=\s|[{DASH}]|\Z)|[{re.escape(SEPARATING)}]+")
_BETWEEN = re.compile(rf"[\s{re.escape(SEPARATING)}]+")
_WORD = re.compile(r"\S+")
_COMMAS = re.compile(r"[,\uff0c\u3001;]")
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n")
_RUN = re.compile(rf"[{DASH}]+")


class Mention(NamedTuple):
    """One parameter in a text, from `start` to `end` with its value, which is None where only a
    look at it says that it is none, and `why` it is another than was typed."""

    row: Parameter
    value: Plain
    start: int
    end: int
    why: str = ""


class Mistake(NamedTuple):
    """What is to be refused where it stands, with the sentence that says why; `unknown` are names
    that no parameter has."""

    say: Callable[[], str] = str
    unknown: Callable[[], Sequence[str]] = tuple

    def error(self) -> InvalidPrompt:
        """To be raised."""
        if names := self.unknown():
            return UnknownParameter(parameters.unknown(names), names)
        return InvalidPrompt(self.say())


def valued(row: Parameter, source: str, start: int, at: int) -> Mention | Mistake | None:
    """The mention of a row whose name ends at `at`; None where a value is missing or unlike one."""
    if row.kind is Kind.FLAG:
        return Mention(row, True, start, _end(source, at))
    if row.kind in (Kind.LIST, Kind.CODES, Kind.EACH):
        return _listed(row, source, start, at)
    assert row.spelling is not None
    match = row.spelling.shape.match(source, _begin(source, at))
    if match is None:
        return Mention(row, True, start, _end(source, at)) if row.kind is Kind.OPTIONAL else None
    read = _read(row, match[0])
    if isinstance(read, Mistake):
        return read
    return Mention(row, read[0], start, _end(source, match.end()), read[1])


def _listed(row: Parameter, source: str, start: int, at: int) -> Mention | Mistake | None:
    assert row.spelling is not None
    found: list[Plain] = []
    end, at = at, _begin(source, at)
    while match := row.spelling.shape.match(source, at):
        read = _read(row, match[0])
        if isinstance(read, Mistake):
            return read
        found.append(read[0])
        end = match.end()
        between = _BETWEEN.match(source, end)
        if between is None or row.kind is Kind.EACH:
            break
        at = between.end()
    if not found and row.kind is not Kind.CODES:
        return None
    return Mention(row, tuple(found) or True, start, _end(source, end))


def listing(row: Parameter, source: str, start: int, at: int, following: int) -> Mention | Mistake:
    """Up to the next parameter, or an empty line."""
    at = min(_begin(source, at), following)
    paragraph = _PARAGRAPH.search(source, at, following)
    stop = paragraph.start() if paragraph else following
    typed = _COMMAS.split(source[at:stop])
    items = tuple(dict.fromkeys(filter(None, map(_item, typed))))
    if not items:
        return Mistake(lambda: refusal(row, source, at))
    return Mention(row, items, start, stop)


@functools.lru_cache(250)
def _item(text: str) -> str:
    """Without what only ends a sentence or a bracket around all, and without dashes of no use."""
    line = " ".join(word for word in text.split() if word.strip(DASH))
    line = line.strip(" .;:*_`\"'\u201c\u201d\u3002")
    return line.removesuffix(")") if line.count(")") > line.count("(") else line


def _read(row: Parameter, typed: str) -> tuple[Plain, str] | Mistake:
    """The value, and what is to be said about it."""
    assert row.spelling is not None
    if row.gone:
        return Mistake(lambda: _(row.gone))
    try:
        value = row.spelling.read(typed)
    except ValueError:
        return Mistake(lambda: _takes(row, typed))
    if isinstance(value, Adjusted):
        return value.value, _("`--{name}` {why}.", name=row.name, why=value.why)
    return value, ""


def _begin(source: str, at: int) -> int:
    """Where the value begins, past an equals sign or an opening quote."""
    match = _BEFORE_VALUE.match(source, at)
    return match.end() if match else at


def _end(source: str, at: int) -> int:
    """Behind the marks that end a value."""
    match = _AFTER_VALUE.match(source, at)
    return match.end() if match else at


def refusal(row: Parameter, source: str, at: int) -> str:
    if row.gone:
        return _(row.gone)
    typed = _WORD.match(source, _begin(source, at))
    named = typed and _RUN.match(typed[0]) and typed[0][1:2] not in "0123456789."
    return _takes(row, typed[0] if typed and not named else "")


def _takes(row: Parameter, typed: str) -> str:
    takes, shown = _(row.expects), typed.strip(SEPARATING + " ")
    if shown:
        return _("`--{name}` takes {takes}, not {typed}.", name=row.name, takes=takes,
                 typed=quoted(shown))  # fmt: skip
    return _("`--{name}` takes {takes}; a value is missing.", name=row.name, takes=takes)
