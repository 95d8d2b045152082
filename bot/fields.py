"""How a setting is declared: its default as text, what it means, how it is read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import field
from typing import Any


def setting(
    default: str, meaning: str, read: Callable[[str], Any] = str, live: bool = False
) -> Any:
    """A row of `bot.settings.Settings`."""
    return field(
        default_factory=lambda: read(default),
        metadata={"default": default, "meaning": meaning, "read": read, "live": live},
    )


live = functools.partial(setting, live=True)
"""One that may be changed while the bot runs."""
