"""The table of prompt parameters: names, ranges, defaults and help.

Parsing, error sentences, canonical text, autocomplete and help are all made from `PARAMETERS`;
a new parameter is a new row. Knows nothing about models or Discord.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.errors import InvalidPrompt
from bot.domain.plain import Plain
from bot.domain.size import WIDEST, AspectRatio, is_whole

SEED_MAX = 2**32 - 1
QUALITIES = (0.25, 0.5, 1.0, 2.0)


def _aspect(text: str) -> tuple[int, int]:
    ratio = AspectRatio.parse(text)
    return ratio.width, ratio.height


def _seed(text: str) -> int:
    if not is_whole(text) or int(text) > SEED_MAX:
        raise ValueError(text)
    return int(text)


def _quality(text: str) -> float:
    value = float(text) if text.isascii() else math.nan
    if value not in QUALITIES:
        raise ValueError(text)
    return value


def _exclusions(text: str) -> tuple[str, ...]:
    items = tuple(dict.fromkeys(part for raw in text.split(",") if (part := _dashless(raw))))
    if not items or any(item.startswith(("--", "—")) for item in items):
        raise ValueError(text)
    return items


def _dashless(text: str) -> str:
    # A dash that stands alone would begin a parameter once a comma is written behind it.
    return " ".join(word for word in text.split() if word not in ("--", "—"))


def quoted(text: str, limit: int = 60) -> str:
    """What somebody typed as inline code, shortened: it cannot ping or format there."""
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return "`" + shown.replace("`", "'") + "`"


@dataclass(frozen=True)
class Parameter:
    """One row of the table.

    `read` turns the typed text into a plain value or raises ValueError; `write` is its inverse.
    `expects` completes the sentence "`--name` takes …".
    """

    name: str
    aliases: tuple[str, ...]
    read: Callable[[str], Plain]
    write: Callable[[Plain], str]
    expects: str
    default: str
    help: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


PARAMETERS: tuple[Parameter, ...] = (
    Parameter(
        "ar", ("aspect",), _aspect, lambda sides: f"{sides[0]}:{sides[1]}",
        f"two whole numbers such as 3:2, between 1:{WIDEST} and {WIDEST}:1",
        "1:1", "Shape of the pictures, width to height",
    ),
    Parameter(
        "seed", (), _seed, str, f"a whole number from 0 to {SEED_MAX}",
        "random", "Start from this noise: the same seed draws the same pictures",
    ),
    Parameter(
        "quality", ("q",), _quality, lambda value: f"{value:g}",
        "one of 0.25, 0.5, 1 or 2", "1", "Share of the usual number of drawing steps",
    ),
    Parameter(
        "no", (), _exclusions, ", ".join, "what to leave out, separated by commas",
        "nothing", "Things that should not be in the pictures",
    ),
)  # fmt: skip

_BY_NAME = {name: parameter for parameter in PARAMETERS for name in parameter.names}


def written(name: str, value: Plain) -> str:
    """The value as one types it, of a parameter that this version does not know as well."""
    parameter = _BY_NAME.get(name)
    return str(value) if parameter is None else parameter.write(value)


def find(name: str) -> Parameter:
    """The row for a typed name. Raises InvalidPrompt with the nearest known name."""
    parameter = _BY_NAME.get(name.lower())
    if parameter is not None:
        return parameter
    shown = quoted(f"--{name}", 40)
    near = difflib.get_close_matches(name.lower(), _BY_NAME, n=1, cutoff=0.5)
    if near:
        raise InvalidPrompt(f"There is no parameter {shown}; did you mean `--{near[0]}`?")
    known = ", ".join(f"`--{parameter.name}`" for parameter in PARAMETERS)
    raise InvalidPrompt(f"There is no parameter {shown}; the known ones are {known}.")
