"""The parts of a prompt with their weights, and the links to pictures in it."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from bot.domain.errors import InvalidPrompt
from bot.domain.language import _
from bot.domain.prompt import values
from bot.domain.prompt.marks import SEPARATING, each_in_words
from bot.domain.prompt.parameter import quoted
from bot.domain.prompt.values import WEIGHT_MAX

Part = tuple[str, float]
"""A text, or the address of a picture, and its weight; 1 where none was typed."""

_NUMBER = r"[-\u2212\u2013]?(?:\d+(?:\.\d+)?|\.\d+)"
# Behind a space it is a number of things, if anything follows that could be the things.
_COLONS = re.compile(
    rf"[:\uff1a][^\S\n]?[:\uff1a]+(?:(?P<weight>{_NUMBER})(?![A-Za-z0-9_])"
    rf"|[^\S\n]+(?P<apart>{_NUMBER})(?=\s*(?:[,;\uff0c]|::|\Z)))?"
)
_PICTURE = re.compile(r"\.(?:png|jpe?g|webp|gif|avif|bmp)(?:[?#]|\Z|[,;.])", re.IGNORECASE)
_LINK = re.compile(
    r"<?[ ]?(?P<link>https?://(?:(?!::)[^\s<>])+)(?:[ ]?>)?"
    rf"(?:\s*::(?P<weight>{_NUMBER}(?![A-Za-z0-9_]))?)?[{re.escape(SEPARATING)}]*",
    re.IGNORECASE,
)


def without_links(text: str) -> tuple[str, tuple[Part, ...]]:
    """The text, and the pictures that it links to, in order. Raises InvalidPrompt."""
    if "://" not in text:
        return text, ()
    pictures = _pictures(text, list(_LINK.finditer(text)))
    found = tuple((values.link_of(match["link"]), _weight(match["weight"])) for match in pictures)
    starts = {match.start() for match in pictures}
    return _LINK.sub(lambda match: " " if match.start() in starts else match[0], text), found


def _pictures(text: str, links: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """Those in front of the words or behind them, and those to files of pictures; others are some
    of the words."""
    inside = links[_joined(text, 0, links) : len(links) - _joined_behind(text, links)]
    words_among = {match.start() for match in inside if not _PICTURE.search(match["link"])}
    return [match for match in links if match.start() not in words_among]


def _joined(text: str, at: int, links: Sequence[re.Match[str]]) -> int:
    """How many have nothing but space between them, from `at` on."""
    for count, match in enumerate(links):
        if text[at : match.start()].strip():
            return count
        at = match.end()
    return len(links)


def _joined_behind(text: str, links: Sequence[re.Match[str]]) -> int:
    """How many have nothing but space between them and the end."""
    at = len(text)
    for count, match in enumerate(reversed(links)):
        if text[match.end() : at].strip():
            return count
        at = match.start()
    return len(links)


def parted(text: str) -> tuple[Part, ...]:
    """The parts of a multi-prompt; empty where nothing parts it.

    A weight belongs to what stands before it. Raises InvalidPrompt where they add up to nothing.
    """
    # Text, weight, weight behind a space, text, and so on.
    pieces = _COLONS.split(text)
    if len(pieces) == 1:
        return ()
    typed = [glued or apart for glued, apart in zip(pieces[1::3], pieces[2::3], strict=True)]
    numbers = [*map(_weight, typed), 1.0]
    parts = tuple(part for part in zip(each_in_words(pieces[::3]), numbers, strict=True) if part[0])
    if parts and sum([weight for _, weight in parts]) <= 0:
        raise InvalidPrompt(
            _("The weights behind `::` have to add up to more than 0, so make one of them larger.")
        )
    return parts


@functools.lru_cache(1000)
def _weight(typed: str | None) -> float:
    if typed is None:
        return 1.0
    try:
        return values.weight_of(typed)
    except ValueError:
        raise InvalidPrompt(
            _(
                "A weight behind `::` is a number from {least} to {most}, not {typed}.",
                least=format(-WEIGHT_MAX, "g"),
                most=format(WEIGHT_MAX, "g"),
                typed=quoted(typed),
            )
        ) from None


def written(parts: tuple[Part, ...]) -> str:
    """The parts as one types them."""
    return " ".join(f"{text}::{values.digits(weight)}" for text, weight in parts)


def links_written(images: tuple[Part, ...]) -> str:
    """The links as one types them."""
    return " ".join(
        link if weight == 1.0 else f"{link}::{values.digits(weight)}" for link, weight in images
    )
