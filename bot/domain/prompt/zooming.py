"""`--zoom` in the form of Custom Zoom, where alone it means something: how far away to go."""

from __future__ import annotations

import re

from bot.domain.errors import InvalidPrompt
from bot.domain.language import _
from bot.domain.prompt import values
from bot.domain.prompt.marks import DASH, visible
from bot.domain.prompt.parameter import quoted

LEAST, MOST = 1.0, 2.0
_TYPED = re.compile(
    rf"(?:(?<=\s)|\A)[{DASH}]+[^\S\n]?zoom\b[^\S\n]*[=:]?[^\S\n]*(?P<value>[^{DASH}\s]\S*)?",
    re.IGNORECASE,
)


def taken(text: str) -> tuple[float, str]:
    """So many times, `MOST` where nothing is said, and the prompt without it; of several the last
    one counts. Raises InvalidPrompt."""
    shown = visible(text)
    found = [match["value"] or "" for match in _TYPED.finditer(shown)]
    return _read(found[-1]) if found else MOST, _TYPED.sub("", shown).strip()


def _read(typed: str) -> float:
    try:
        times = values.number(typed.rstrip("x×,;"))
    except ValueError:
        times = 0.0
    if not LEAST <= times <= MOST:
        takes = _(
            "a number from {least} to {most}", least=format(LEAST, "g"), most=format(MOST, "g")
        )
        said = _("`--{name}` takes {takes}; a value is missing.", name="zoom", takes=takes)
        if typed:
            said = _("`--{name}` takes {takes}, not {typed}.", name="zoom", takes=takes,
                     typed=quoted(typed))  # fmt: skip
        raise InvalidPrompt(said)
    return times
