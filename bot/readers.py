"""Reads the text of a setting: each reader's docstring completes "it should be …".

Raises ValueError for what it cannot read, SettingsError where it knows better what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.domain.errors import SettingsError
from bot.domain.shop import Pack, Span


class Secret:
    """A string that prints as stars."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret('****')" if self._value else "Secret('')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def bare(text: str) -> str:
    """Without the pair of quotes that `docker run --env-file` hands over with the value."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1].strip()
    return text


def cast(name: str, text: str, read: Callable[[str], Any]) -> Any:
    """What `read` makes of the text of a setting. Raises SettingsError naming it."""
    try:
        return read(text)
    except SettingsError as error:  # a secret: its value is not repeated
        raise SettingsError(f"{name} {error}") from None
    except ValueError:
        wanted = read.__doc__ or "another value"
        raise SettingsError(f"{name} is {text!r}; it should be {wanted}.") from None


def whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    read.__doc__ = f"a whole number from {low} to {high}"
    return read


def number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    read.__doc__ = f"a number from {low:g} to {high:g}"
    return read


def one_of(*choices: str) -> Callable[[str], str]:
    by_letters = {choice.upper(): choice for choice in choices}

    def read(text: str) -> str:
        if text.upper() not in by_letters:
            raise ValueError(text)
        return by_letters[text.upper()]

    read.__doc__ = "one of " + ", ".join(choices)
    return read


def yes_or_no(text: str) -> bool:
    """yes or no"""
    return {"yes": True, "no": False}[one_of("yes", "no")(text)]


def url(text: str) -> str:
    """empty, or an address such as http://127.0.0.1:8000/api/v10"""
    if text and not text.startswith(("http://", "https://")):
        raise ValueError(text)
    return text.rstrip("/")


def host_and_port(text: str) -> str:
    """empty, or a host and a port such as 192.168.1.5:6379"""
    host, _, port = text.rpartition(":")
    if text and not (host and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise ValueError(text)
    return text


def unix_or_port(text: str) -> str:
    """empty, unix, or a host and a port such as 192.168.1.5:7007"""
    return "unix" if text.lower() == "unix" else host_and_port(text)


def words(text: str) -> tuple[str, ...]:
    """names separated by commas"""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def blocked(text: str) -> tuple[str, ...]:
    """words separated by commas, or the path of a text file (.txt) in UTF-8 with one a line"""
    if not text.lower().endswith(".txt"):
        return words(text)
    try:
        lines = Path(path(text)).read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise SettingsError(f"names the file {text!r}, which cannot be read: {error}.") from error
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def versions(text: str) -> Mapping[str, str]:
    """empty, or versions and models such as 7=flux-dev, niji=animagine, niji 5=anything"""
    found = {}
    for each in words(text):
        name, equals, model = (part.strip() for part in each.partition("="))
        if not (equals and model and re.fullmatch(r"(niji\b ?)?([0-9.]+)?", name)) or not name:
            raise ValueError(text)
        found[name] = model
    return found


def ids(text: str) -> frozenset[int]:
    """ids (whole numbers) separated by commas"""
    found = frozenset(int(word) for word in words(text))
    if not all(0 < each < 1 << 64 for each in found):
        raise ValueError(text)
    return found


_A_SKU = "the id of an SKU from the developer portal, such as 1234567890123456789"


def packs(text: str) -> Mapping[int, Pack]:
    """empty, or SKUs and credits such as 1234567890123456789=115 for 12 months"""
    return {sku: _pack(said) for sku, said in _by_sku(text).items()}


def plans_sold(text: str) -> Mapping[int, str]:
    """empty, or SKUs and names of plans such as 1234567890123456789=Patron"""
    return _by_sku(text)


def _by_sku(text: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for each in words(text):
        left, _, right = (part.strip() for part in each.partition("="))
        if not re.fullmatch(r"[0-9]{1,19}", left) or not 0 < int(left) < 1 << 63:
            raise SettingsError(f"names {left!r} in {each!r}; what stands before = is {_A_SKU}.")
        if not right:
            raise SettingsError(f"says nothing behind {left}=; write what is sold.")
        if int(left) in found:
            raise SettingsError(f"has {left} twice; an SKU is sold as one thing.")
        found[int(left)] = right
    return found


def _pack(said: str) -> Pack:
    found = re.fullmatch(r"([0-9]{1,7})(?: for ([0-9]{1,4}) (day|month|year)s?)?", said)
    credits, count = (int(found[1]), int(found[2] or 1)) if found else (0, 0)
    if found is None or not 0 < credits <= 1_000_000 or not 0 < count <= 1200:
        raise SettingsError(
            f"sells {said!r}; that should be credits and for how long, such as 115 for 12 months,"
            " 50 for 90 days, or 500 for credits that stay."
        )
    match found[3]:
        case "day":
            return Pack(credits, Span(days=count))
        case "month":
            return Pack(credits, Span(count))
        case "year":
            return Pack(credits, Span(12 * count))
    return Pack(credits)


def path(text: str) -> str:
    """a path; ~ at its beginning is the home folder"""
    if "\0" in text:
        raise ValueError(text)
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else text
    except RuntimeError as error:  # whose home?
        raise ValueError(text) from error


def folder(text: str) -> Path:
    """a folder; ~ at its beginning is the home folder"""
    return Path(path(text))


def devices(text: str) -> str:
    """auto, none, or devices separated by commas: cpu, mps, cuda:0"""
    names = words(text)
    if not names or not all(re.fullmatch(r"[a-z]+(:[0-9]+)?", name) for name in names):
        raise ValueError(text)
    return text


_SLIPS = (
    (r"[<\[{(].*[>\]})]", "stands in brackets"),
    (r"[“”„‘’‚«»`].*|.*[“”„‘’‚«»`]", "stands in a word processor's quotation marks"),
    (r"[Bb]ot\s.*", "begins with “Bot”"),
    (r".*\s.*", "contains a space"),
    (r".*[^!-~].*", "contains what is no letter, digit or sign of a token"),
)


def secret(text: str) -> Secret:
    for pattern, slip in _SLIPS:
        if re.fullmatch(pattern, text, re.DOTALL):
            raise SettingsError(f"{slip}; write the token alone.")
    return Secret(text)
