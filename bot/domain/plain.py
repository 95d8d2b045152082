"""Plain data as values: what JSON can hold, made so that it can be compared and hashed."""

from __future__ import annotations

from typing import Any

Plain = Any
"""None, a truth value, a number, a text, or a tuple of these."""

Pairs = tuple[tuple[str, Plain], ...]
"""Names and values, in order; JSON has an object for it."""


def frozen(value: Any) -> Plain:
    """JSON's lists as tuples. Raises TypeError for an object, which has a place of its own."""
    if isinstance(value, list | tuple):
        return tuple(frozen(each) for each in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} is no plain value")


def pairs(data: Any) -> Pairs:
    """JSON's object as pairs."""
    return tuple((str(name), frozen(value)) for name, value in data.items())


def as_json(pairs: Pairs) -> dict[str, Any]:
    """The inverse of `pairs`, with lists for tuples as JSON gives them back."""
    return {name: _thawed(value) for name, value in pairs}


def _thawed(value: Plain) -> Any:
    return [_thawed(each) for each in value] if isinstance(value, tuple) else value
