"""What `easel check` finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`ok` None means that it works but deserves a word."""

    ok: bool | None
    words: str
