"""Who asks, and where: plain integers, so that nothing here knows Discord."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

_SNOWFLAKES = 1 << 63
"""Discord's ids are of 64 bits; SQLite's numbers have a sign."""


def snowflake(text: str) -> int | None:
    """An id of Discord's, as a text; None for what is none."""
    found = int(text) if text.isascii() and text.isdecimal() and len(text) <= 20 else _SNOWFLAKES
    return found if found < _SNOWFLAKES else None


@dataclass(frozen=True)
class Origin:
    """Where a job was asked for, and in which language. `guild` is 0 in direct messages;
    `parent_message` is the message whose button was pressed, 0 for a command; `locale` is the
    asker's, as Discord names it, empty where it is not known. What only an interaction says, and no
    stored job, is the channel that a thread belongs to (0 for what is none), and whether there is
    an age limit."""

    guild: int
    channel: int
    parent_message: int = 0
    locale: str = field(default="", compare=False)
    parent_channel: int = field(default=0, compare=False)
    age_restricted: bool = field(default=False, compare=False)

    @property
    def places(self) -> frozenset[int]:
        """The ids of the channel, and of that which it belongs to."""
        return frozenset({self.channel, self.parent_channel} - {0})


def _nowhere(channel: int) -> bool:
    return False


@dataclass(frozen=True)
class Asker:
    """Who asks: the account's owner with what decides their rights and limits; and of which
    channels of that server, besides the one where they ask, they may read what was said."""

    user: int
    roles: frozenset[int] = field(default_factory=frozenset)
    moderator: bool = False
    admin: bool = False
    reads: Callable[[int], bool] = field(default=_nowhere, compare=False, repr=False)


@dataclass(frozen=True)
class Account:
    """Whose credits: (guild, user); guild 0 is direct messages."""

    guild: int
    user: int
