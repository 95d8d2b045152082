"""Why somebody was refused, kept so that it can be told again to others, in their language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from bot.domain.language import N_, _
from bot.domain.prompt.parameter import quoted

RefusalKind = Literal["words", "picture", "timeout", "ban"]

_BLOCKED = {
    "operator": N_("{word} is blocked by the operator of this bot; nothing was charged."),
    "adult": N_(
        "{word} is drawn in age-restricted channels only on this server; nothing was charged."
    ),
    "server": N_("{word} is blocked on this server; nothing was charged."),
}
_BLOCKED_AGAIN = {
    "operator": N_(
        "{word} is blocked by the operator of this bot; nothing was charged, and after so many of"
        " these you may draw again {when}."
    ),
    "adult": N_(
        "{word} is drawn in age-restricted channels only on this server; nothing was charged, and"
        " after so many of these you may draw again {when}."
    ),
    "server": N_(
        "{word} is blocked on this server; nothing was charged, and after so many of these you may"
        " draw again {when}."
    ),
}


@dataclass(frozen=True)
class BlockedWord:
    """A word of the rules, as it is written there, `by` whom; or one for `adult` channels. It led
    to a time-out until `ends_at` (UTC seconds), 0 for none."""

    kind: ClassVar[RefusalKind] = "words"
    word: str
    by: Literal["operator", "adult", "server"] = "server"
    ends_at: float = 0.0

    def said(self) -> str:
        """What is told of it."""
        told, when = _BLOCKED_AGAIN if self.ends_at else _BLOCKED, f"<t:{self.ends_at:.0f}:R>"
        return _(told[self.by], word=quoted(self.word), when=when)


@dataclass(frozen=True)
class TimedOut:
    """Until `ends_at` (UTC seconds), for refused prompts."""

    kind: ClassVar[RefusalKind] = "timeout"
    ends_at: float

    def said(self) -> str:
        """What is told of it."""
        when = f"<t:{self.ends_at:.0f}:R>"
        return _(
            "Too many of your prompts had blocked words; you may draw again {when}.", when=when
        )


@dataclass(frozen=True)
class Banned:
    """Until `ends_at` (UTC seconds), None for good, for a `reason` if one was given."""

    kind: ClassVar[RefusalKind] = "ban"
    ends_at: float | None = None
    reason: str = ""

    def said(self) -> str:
        """What is told of it."""
        reason = quoted(self.reason, 200)
        when = "" if self.ends_at is None else f"<t:{self.ends_at:.0f}:f>"
        if when and self.reason:
            return _(
                "An admin of this server has banned you from drawing until {when}: {reason}.",
                when=when, reason=reason,
            )  # fmt: skip
        if when:
            return _("An admin of this server has banned you from drawing until {when}.", when=when)
        if self.reason:
            return _(
                "An admin of this server has banned you from drawing for good: {reason}.",
                reason=reason,
            )
        return _("An admin of this server has banned you from drawing for good.")


@dataclass(frozen=True)
class Told:
    """A sentence as it was told in English, with the `reference` of a failure if it was one."""

    kind: ClassVar[RefusalKind] = "picture"
    text: str
    reference: str = ""

    def said(self) -> str:
        """What is told of it."""
        if not self.reference:
            return _(self.text)
        return _(
            "{sentence} (reference `{reference}`)",
            sentence=_(self.text), reference=self.reference,
        )  # fmt: skip


Ground = BlockedWord | TimedOut | Banned | Told
GROUNDS: Mapping[RefusalKind, type[Ground]] = {
    each.kind: each for each in (BlockedWord, TimedOut, Banned, Told)
}
