"""What values look like in prompts: their spelling, their range, and how they are written back.

A `Spelling` says where a value ends, so that the text behind it is text again; whether the value
makes sense is said by `read`. Knows no parameter by name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from bot.domain.language import _
from bot.domain.plain import Plain
from bot.domain.size import WIDEST, AspectRatio

SEED_MAX = 2**32 - 1
WEIGHT_MAX = 10_000.0
"""Of a part of a prompt, of a picture, of a look."""

# A value ends where no letter or digit follows; other scripts are written without spaces.
_END = r"(?![A-Za-z0-9_])(?![.,:]\d)"
_DIGITS = r"[0-9\uff10-\uff19]"
_NUMBER = rf"(?:{_DIGITS}+(?:[.,]{_DIGITS}+)?|[.,]{_DIGITS}+)"
_SIGNED = rf"[-+\u2212\u2013]?{_NUMBER}"
LINK = r"<?[ ]?https?://[^\s<>]+(?:[ ]?>)?"
WEIGHT = rf"\s*::\s?(?:[-\u2212]?{_NUMBER}(?![A-Za-z0-9_])|(?=\s|\Z))"


class Adjusted(NamedTuple):
    """A value that was taken for what was typed, and the sentence that says so."""

    value: Plain
    why: str


@dataclass(frozen=True)
class Spelling:
    """`shape` matches one value where it stands; `read` turns it into plain data, or raises
    ValueError, or says what it `Adjusted`; `write` is its inverse."""

    shape: re.Pattern[str]
    read: Callable[[str], Plain | Adjusted]
    write: Callable[[Plain], str] = str


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@functools.lru_cache(1000)
def number(text: str) -> float:
    """Of any script's digits, with a decimal point or comma, or with commas between thousands.
    Raises ValueError."""
    plain = text.strip().replace("\u2212", "-").replace("\u2013", "-")
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+", plain):
        plain = plain.replace(",", "")
    return float(plain.replace(",", "."))


def whole(low: int, high: int, *, most: int | None = None) -> Spelling:
    """A whole number of a range; up to `most`, a larger one counts as the largest."""

    def read(text: str) -> Plain | Adjusted:
        value = number(text)
        if most is not None and high < value <= most:
            why = _("goes up to {most}, so it is drawn with that, not {typed}", most=high,
                    typed=format(value, "g"))  # fmt: skip
            return Adjusted(high, why)
        if not (low <= value <= high and value == int(value)):
            raise ValueError(text)
        return int(value)

    thousands = rf"[-+\u2212\u2013]?{_DIGITS}{{1,3}}(?:,{_DIGITS}{{3}})+"
    return Spelling(_shape(rf"(?:{thousands}|{_SIGNED}){_END}"), read)


def share(low: float, high: float) -> Spelling:
    """A number of a range, with decimals."""

    def read(text: str) -> float:
        value = number(text)
        if not low <= value <= high:
            raise ValueError(text)
        return round(value, 4)

    return Spelling(_shape(_SIGNED + _END), read, lambda value: f"{value:g}")


def _seed(text: str) -> Plain | Adjusted:
    if text.lower() in ("random", "-1"):
        why = _("is drawn at random where none is given, so it was left out")
        return Adjusted(None, why)
    if not (text.isdigit() and len(text) <= 10 and int(text) <= SEED_MAX):
        raise ValueError(text)
    return int(text)


def seed() -> Spelling:
    """A seed, or a word for any."""
    return Spelling(_shape(rf"(?:random|{_SIGNED}){_END}"), _seed)


def _ratio(text: str) -> Plain | Adjusted:
    left, right = (
        number(side) for side in re.split(r"[:\uff1ax\u00d7/]", text.lower(), maxsplit=1)
    )
    width, height = round(left * 1000), round(right * 1000)
    if not (width and height):
        raise ValueError(text)
    try:
        ratio = AspectRatio.parse(f"{width}:{height}")
    except ValueError:
        if max(left, right) >= 1e6:
            raise
        shape = (WIDEST, 1) if width > height else (1, WIDEST)
        why = _("goes up to {most}:1 and 1:{most}, so it is drawn as {shape}", most=WIDEST,
                shape=":".join(map(str, shape)))  # fmt: skip
        return Adjusted(shape, why)
    return ratio.width, ratio.height


def ratio() -> Spelling:
    """Width to height, in whatever spelling, as whole numbers in lowest terms."""
    shape = rf"{_NUMBER}\s?[:\uff1ax\u00d7/]\s?{_NUMBER}{_END}"
    return Spelling(_shape(shape), _ratio, lambda sides: f"{sides[0]}:{sides[1]}")


def version() -> Spelling:
    """The number of a model: kept as it was typed, for 6 and 6.0 are told apart by nobody."""

    def read(text: str) -> str:
        plain = text.lstrip("vV")
        if not 0 < float(plain) < 100:
            raise ValueError(text)
        return plain

    return Spelling(_shape(rf"v?[0-9]{{1,2}}(?:\.[0-9]{{1,2}})?{_END}"), read)


def word(pattern: str = r"[^\W_][\w.:/@+-]*") -> Spelling:
    """A name; marks behind it are none of it."""
    return Spelling(_shape(rf"(?:{pattern}){_END}"), lambda text: text.rstrip(".:"))


@functools.lru_cache(4000)
def sayable(name: str) -> str:
    """How a `word` says the name of a file, which may have spaces and marks; empty for marks
    alone."""
    return re.sub(r"[^\w.@+-]+", "_", name).strip("_.@+-")


def look() -> Spelling:
    """The name of a style, in small letters."""
    return Spelling(_shape(rf"[A-Za-z0-9][A-Za-z0-9_-]*{_END}"), str.lower)


def one_of(*choices: str) -> Spelling:
    """One of some words, in small letters."""
    pattern = "|".join(map(re.escape, sorted(choices, key=len, reverse=True)))
    return Spelling(_shape(rf"(?:{pattern}){_END}"), str.lower)


def link_of(text: str) -> str:
    """The address in a link with or without a weight, as it is shown: without the brackets that
    keep Discord from showing a picture, and without marks that end a sentence."""
    address, colons, weight = text.partition("::")
    address = address.strip(" <>").rstrip(",;.)\"'\u201d*`")
    if not (colons and weight.strip()):
        return address
    return f"{address}::{digits(weight_of(weight))}"


@functools.lru_cache(1000)
def digits(weight: float) -> str:
    """Enough digits to be read back as the same, and no exponent, which would not be."""
    short = f"{weight:g}"
    if float(short) == weight and "e" not in short:
        return short
    return f"{weight:f}".rstrip("0").rstrip(".")


def weight_of(typed: str) -> float:
    """Raises ValueError for one that is none."""
    weight = number(typed)
    if not abs(weight) <= WEIGHT_MAX:
        raise ValueError(typed)
    return weight


_WEIGHED_LINK = r"<?[ ]?https?://(?:(?!::)[^\s<>])+(?:[ ]?>)?" + rf"(?:::{_SIGNED})?"


def links() -> Spelling:
    """The address of a picture, perhaps with a weight."""
    return Spelling(_shape(_WEIGHED_LINK), link_of)


def _reference(text: str) -> str:
    if "//" in text:
        return link_of(text)
    code, colons, weight = text.lower().partition("::")
    if code != "random" and not 0 <= int(code) <= SEED_MAX:
        raise ValueError(text)
    return f"{code}::{digits(weight_of(weight))}" if colons else code


def references() -> Spelling:
    """A number that stands for a look, `random`, or the address of a picture."""
    return Spelling(
        _shape(rf"(?:{_WEIGHED_LINK}|(?:random|[0-9]+)(?:::{_SIGNED})?{_END})"), _reference
    )


def codes() -> Spelling:
    """Letters and digits mixed, as sites hand them out: a word of prose is none."""
    return Spelling(_shape(rf"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{{4,40}}{_END}"), str)
