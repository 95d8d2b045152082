"""Having what draws faster stand aside for a while. Imported in a worker only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Protocol


class Forward(Protocol):
    """What a network's forward was replaced by; torch draws while it stands `aside`."""

    aside: bool


@contextlib.contextmanager
def aside(forwards: Iterable[Forward]) -> Iterator[None]:
    """While it is entered they are."""
    there = tuple(forwards)
    for each in there:
        each.aside = True
    try:
        yield
    finally:
        for each in there:
            each.aside = False
