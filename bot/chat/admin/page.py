"""What a page of the panel is given, and what it makes of that."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import discord
from discord import ui

from bot.domain.errors import NotFound, UserError
from bot.domain.language import _, spoken
from bot.domain.people import Asker

_WHOLE = re.compile(r"[0-9]+|[0-9]{1,3}(?:[.,'’ ][0-9]{3})+")
_WIDE = {0xFEE0 + ord(each): each for each in "0123456789,."}
"""As they are typed among Chinese and Japanese letters."""
SHOW = "show"
"""The deed of doing nothing but showing a page, which all of them know."""


@dataclass(frozen=True)
class Press:
    """Who pressed what on which server: the deed with its argument, what was chosen in a menu, what
    that showed as chosen `before`, and what was written or chosen in a form, by field."""

    asker: Asker
    guild: int
    deed: str = SHOW
    argument: str = ""
    chosen: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    server: discord.Guild | None = None

    @property
    def added(self) -> frozenset[str]:
        """What was chosen that the menu did not show as chosen."""
        return frozenset(self.chosen) - frozenset(self.before)

    @property
    def dropped(self) -> frozenset[str]:
        """What the menu showed as chosen and is no more. Another admin may have changed the rest
        since it was shown."""
        return frozenset(self.before) - frozenset(self.chosen)

    def written(self, name: str) -> str:
        """In a line of a form, without what surrounds it."""
        return " ".join("".join(self.fields.get(name, ())).split())

    def number(self, name: str, called: str, least: int, most: int) -> int | None:
        """The same as a number, however its thousands are set apart; None for an empty line. Raises
        UserError for anything else."""
        written = self.written(name).translate(_WIDE)
        if not written:
            return None
        number = int(re.sub("[^0-9]", "", written)) if _WHOLE.fullmatch(written) else -1
        if not least <= number <= most:
            raise UserError(
                _(
                    "{called}: give a whole number from {least} to {most}, or nothing.",
                    called=called,
                    least=spoken().number(least),
                    most=spoken().number(most),
                )
            )
        return number

    @property
    def first(self) -> int:
        """The argument as a place in a list."""
        if self.argument and not self.argument.isdecimal():
            raise stale()
        return min(int(self.argument or 0), 1_000_000)


def stale() -> NotFound:
    """What is pressed is not known to this version."""
    return NotFound(_("This panel is from another version of Easel; use `/admin panel` again."))


@dataclass(frozen=True)
class Shown:
    """What stands on a page, above the menu of all pages, and the files that it shows."""

    items: Sequence[ui.Item[Any]]
    files: Sequence[discord.File] = ()


class Page(Protocol):
    """One page. `forms` are the deeds that a form answers; all others show the page anew. Errors
    are the services': a press is refused as a command would be."""

    title: str
    emoji: str
    forms: frozenset[str]

    @property
    def deeds(self) -> Collection[str]:
        """All that it does; it is asked for nothing else."""
        ...

    async def show(self, press: Press) -> Shown:
        """Do what was pressed, and show how it is then."""
        ...

    async def form(self, press: Press) -> ui.Modal:
        """The form that a deed opens."""
        ...
