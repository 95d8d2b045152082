"""How much of a hurry somebody is in, and what that costs."""

from __future__ import annotations

import enum

from bot.domain.language import _
from bot.domain.plain import Pairs
from bot.domain.prompt import Prompt

NAME = "speed"
"""Under which a request's `extra` says it, where it is not the usual one."""


class Speed(enum.StrEnum):
    """In the order in which they are served. The value is the parameter's name."""

    TURBO = "turbo"
    FAST = "fast"
    RELAX = "relax"

    @property
    def price(self) -> int:
        """How many times the usual price is paid for it."""
        return 2 if self is Speed.TURBO else 1

    @property
    def at_once(self) -> int:
        """How many times as many jobs as usual may be drawn at once."""
        return 2 if self is Speed.TURBO else 1

    @property
    def mode(self) -> str:
        """What a headline says of it; nothing of the usual one."""
        return {Speed.TURBO: _("turbo"), Speed.FAST: "", Speed.RELAX: _("relaxed")}[self]

    @property
    def stored(self) -> str:
        """As a request says it; empty for what it need not say."""
        return "" if self is Speed.FAST else self.value

    @classmethod
    def asked(cls, prompt: Prompt, usual: Speed) -> Speed:
        """What a prompt asks for; `usual` is its asker's where it says nothing."""
        return next((each for each in cls if prompt.get(each.value)), usual)

    @classmethod
    def of(cls, extra: Pairs) -> Speed:
        """What a request says; fast for one of another version."""
        said = dict(extra).get(NAME)
        return next((each for each in cls if each.value == said), cls.FAST)
