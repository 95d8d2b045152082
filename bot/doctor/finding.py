"""One thing that is wrong, how often, and what mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`words` say what, with its number; `remedy` what mends it. `mend` does so: inside a
    transaction where it is about rows; None where a person has to. `on_disk` says that it is about
    files, which are dealt with when the rows are right."""

    words: str
    remedy: str
    mend: Callable[[], None] | None = None
    on_disk: bool = False


def counted(number: int, one: str, many: str) -> str:
    """ "1 file" or "3 files"."""
    return f"{number:,} {one if number == 1 else many}"
