"""Finds the parameters in a prompt, wherever they stand and with whatever dash.

A run of dashes begins a parameter when a known name follows it directly and it stands at the start,
after a space or after punctuation. Glued to a word, with a space behind it, or as a single hyphen
it needs a value that fits as well (a flag: the end, or another parameter); with prose in between
`no` is prose, too. Two hyphens after a space before an unknown name are a mistake to be named; so
is a known name whose value cannot be read. All else is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.domain.errors import InvalidPrompt
from bot.domain.language import _
from bot.domain.prompt import parameters
from bot.domain.prompt.marks import CLOSING, DASH, OPENING
from bot.domain.prompt.parameter import Kind, Parameter
from bot.domain.prompt.parameters import STYLES
from bot.domain.prompt.taking import Mention, Mistake, listing, refusal, valued

MOST = 100
"""Parameters of a prompt, repeated ones as well."""

# A hyphen inside a word is no run; most of prose's are, so they are not looked at one by one. What
# all begin with stands first and once: that is looked for many times as fast.
_LINK_OR_RUN = re.compile(
    rf"[{DASH}h](?:(?<=h)ttps?://(?:[^\s<>,;]|[,;](?![{DASH}]))+"
    rf"|(?<=[^\W_]-)(?![{DASH}\s])"
    rf"|(?<=[{DASH}])(?P<run>(?:[^\S\n]?[{DASH}])*+)(?:(?=[ \u3000]*(?P<name>[A-Za-z]+))|))"
)
_NAME = re.compile(r"[A-Za-z]+")
_TYPED = re.compile(r"(?<!\S)-{2,}([A-Za-z][\w-]*)")
_GLUED = re.compile(r"[_-]+[A-Za-z]")
_ENDING = re.compile(rf"[{re.escape(CLOSING + DASH)}\s]*\Z")


class _Run(NamedTuple):
    """Some dashes in a text, and the name that stands behind them up to `ends`, with its row in the
    table."""

    source: str
    start: int
    end: int
    dashes: str
    name: str
    ends: int
    row: Parameter | None

    @property
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
        return self.end + len(self.name) < self.ends or " " in self.dashes

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


_Decided = dict[int, Mention | Mistake]
"""What the runs behind a place turned out to be, by where they start."""


def mentions(source: str) -> list[Mention]:
    """The parameters of a prompt, in order. Raises InvalidPrompt for the first mistake."""
    runs = list(_runs(source))
    decided: _Decided = {}
    following = len(source)
    # From the end, since what a dash means may depend on what follows.
    for run in reversed(runs):
        if (found := _decide(run, decided, following)) is not None:
            decided[run.start] = found
            following = run.start
            if len(decided) > MOST:
                raise InvalidPrompt(
                    _("A prompt has {most} parameters at most; leave some out.", most=MOST)
                )
    return list(_in_order(runs, decided))


def _runs(source: str) -> Iterator[_Run]:
    """Those that could mean something: not inside links, and a name that is known follows, or a
    name behind the hyphens of a parameter; and no dash alone with `no` apart, which prose has."""
    for match in _LINK_OR_RUN.finditer(source):
        if not (name := match["name"]):
            continue
        dashes, row, (start, ends) = match[0], parameters.known(name), match.span("name")
        if row is None and not dashes.startswith("--"):
            continue
        if len(dashes) > 1 or start == match.end() or (row and row.kind is not Kind.TEXT):
            yield _Run(source, match.start(), match.end(), dashes, name, ends, row)


def _in_order(runs: Sequence[_Run], decided: _Decided) -> Iterator[Mention]:
    at = 0
    for run in runs:
        found = decided.get(run.start)
        if found is None or run.start < at:
            continue
        if isinstance(found, Mistake):
            raise found.error()
        yield found
        at = found.end


def _decide(run: _Run, decided: _Decided, following: int) -> Mention | Mistake | None:
    """None for prose. `following` is where the next parameter starts."""
    if run.single and run.glued:
        return None
    source, row, at = run.source, run.row, run.ends
    if row is None or _GLUED.match(source, at):
        wrong = run.hyphens and run.apart and run.clear
        return Mistake(unknown=lambda: _unknown(source, run.start)) if wrong else None
    if row.kind is Kind.TEXT:
        return listing(row, source, run.start, at, following) if _is_list(run) else None
    found = valued(row, source, run.start, at)
    if found is None:
        return Mistake(lambda: refusal(row, source, at)) if run.clear else None
    if isinstance(found, Mistake):
        return None if run.single else found
    return found if run.clear or _fits(found, run, decided) else None


def begun(name: str) -> Parameter | None:
    """The parameter as which dashes with this name behind them would be read."""
    letters = _NAME.match(name)
    if letters is None or _GLUED.match(name, letters.end()):
        return None
    return parameters.known(letters[0])


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
    if len(run.dashes) == 1:
        return run.clear
    return not run.glued or run.spaced or run.hyphens


def _fits(found: Mention, run: _Run, decided: _Decided) -> bool:
    """Whether what looks like prose is a parameter after all."""
    if found.value is True and not (run.single and run.spaced):
        return _ends(run.source, found.end, decided)
    if found.row.name == "style" and str(found.value).lower() not in STYLES:
        return False
    if not run.single:
        return True
    if run.spaced:
        return found.row.name == "ar"
    return len(run.name) > 1 or _ends(run.source, found.end, decided)


def _ends(source: str, at: int, decided: _Decided) -> bool:
    """Whether the prompt ends there, or another parameter follows."""
    return _past_space(source, at) in decided or _ENDING.match(source, at) is not None


def at_the_end(source: str, found: Sequence[Mention]) -> bool:
    """Whether nothing stands behind or between parameters."""
    starts = [mention.start for mention in found[1:]] + [len(source)]
    gaps = zip((mention.end for mention in found), starts, strict=True)
    return not any(source[end:start].strip() for end, start in gaps)


def without(source: str, found: Sequence[Mention]) -> str:
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
