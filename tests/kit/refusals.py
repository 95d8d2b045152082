"""What a form error of Discord's says, path by path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bot.sandbox import ApiError

Paths = dict[str, list[str]]
"""Codes of problems by dotted path, as in {"embeds.0.title": ["BASE_TYPE_MAX_LENGTH"]}."""


def paths(errors: dict[str, Any]) -> Paths:
    """The nested `errors` of a 50035, flat."""
    return dict(_walk(errors, ""))


def _walk(node: dict[str, Any], path: str) -> Iterator[tuple[str, list[str]]]:
    for key, below in node.items():
        if key == "_errors":
            yield path.removesuffix("."), [each["code"] for each in below]
        else:
            yield from _walk(below, f"{path}{key}.")


def refusal(act: Callable[[], object]) -> Paths:
    """What `act` was refused for; {} when nothing is wrong with it."""
    try:
        act()
    except ApiError as error:
        if error.code != 50035:
            raise
        return paths(error.errors or {})
    return {}
