"""What somebody who is typing a prompt may want next: a parameter's name, or its value.

Knows the table; what models, styles and own options there are, it is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.domain.prompt import parameters
from bot.domain.prompt.marks import DASH
from bot.domain.prompt.parameter import Kind, Parameter
from bot.domain.prompt.parameters import PARAMETERS

LONGEST = 100
"""Characters of a choice that Discord takes."""
_NAMING = re.compile(rf"(?P<before>(?:.*\s)?)(?:--|[{DASH[4:7]}])(?P<name>[A-Za-z]*)\Z", re.DOTALL)
_VALUING = re.compile(
    rf"(?P<before>(?:.*\s)?(?:--|[{DASH[4:7]}])(?P<name>[A-Za-z]+)[ =])(?P<value>\S*)\Z", re.DOTALL
)

Values = Mapping[str, Sequence[str]]
"""By the name of a parameter, what it may be given here besides what its row suggests."""


def completions(typed: str, values: Values | None = None, own: Sequence[str] = ()) -> list[str]:
    """The typed text with its last word completed, in the table's order; `own` are further names.

    Empty where the last word is neither a name nor a value, or the text too long to be a choice.
    """
    if match := _NAMING.match(typed):
        found = _names(match["before"], match["name"].lower(), own)
    elif (match := _VALUING.match(typed)) and (row := parameters.known(match["name"])):
        offered = (values or {}).get(row.name, row.suggests)
        found = _values(match["before"], match["value"].lower(), offered)
    else:
        return []
    return [each for each in found if len(each) <= LONGEST]


def _names(before: str, begun: str, own: Sequence[str]) -> Iterator[str]:
    given = {row.name for row in map(parameters.known, _named(before)) if row}
    for row in PARAMETERS:
        fits = any(name.startswith(begun) for name in row.names)
        if row.help and fits and (row.adds_up or row.name not in given):
            yield f"{before}{_completed(row, begun)}"
    for name in own:
        if name.startswith(begun):
            yield f"{before}--{name}"


def _named(before: str) -> list[str]:
    return re.findall(r"--([A-Za-z]+)", before)


def _completed(row: Parameter, begun: str) -> str:
    """A flag as it is; of others the name with the first of what it may be given."""
    name = next(name for name in row.names if name.startswith(begun))
    if row.kind is Kind.FLAG or not row.suggests:
        return f"--{name}"
    return f"--{name} {row.suggests[0]}"


def _values(before: str, begun: str, offered: Sequence[str]) -> Iterator[str]:
    for value in offered:
        if value.lower().startswith(begun) and value.lower() != begun:
            yield f"{before}{value}"
