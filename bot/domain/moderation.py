"""What a server's admins allow: words, places, people; and when refusals lead to a time-out.

Pure: the clock and what is kept are others' business.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace

DAY_S = 86_400.0


class WordKind(enum.StrEnum):
    """BLOCKED words are refused, ADULT ones where a channel has no age limit. ALLOWED ones pass,
    whatever they hold."""

    BLOCKED = "blocked"
    ADULT = "adult"
    ALLOWED = "allowed"


class PlaceKind(enum.StrEnum):
    """What drawing may be kept to."""

    CHANNEL = "channel"
    ROLE = "role"


@dataclass(frozen=True)
class TimeoutRule:
    """So many `refusals` within `within_s` seconds lead to a time-out of `lasts_s`; 0 of them to
    none."""

    refusals: int = 5
    within_s: int = 600
    lasts_s: int = 600


@dataclass(frozen=True)
class ServerRules:
    """Everything that a server's admins decided; no channel or role is all of them."""

    words: tuple[tuple[str, WordKind], ...] = ()
    channels: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    timeout: TimeoutRule = field(default_factory=TimeoutRule)

    def of(self, kind: WordKind) -> list[str]:
        """The words of a kind."""
        return [word for word, each in self.words if each is kind]


@dataclass(frozen=True)
class Ban:
    """Of a user, from `since` until `ends_at` (UTC seconds), None for good."""

    user: int
    reason: str
    actor: int
    since: float
    ends_at: float | None = None

    def holds(self, now: float) -> bool:
        """Whether it is not over."""
        return self.ends_at is None or now < self.ends_at


@dataclass(frozen=True)
class Refusals:
    """When somebody's prompts were refused lately, when their time-out ends or ended, and how many
    they had in a row."""

    moments: tuple[float, ...] = ()
    ends_at: float = 0.0
    timeouts: int = 0

    def one_more(self, now: float, rule: TimeoutRule) -> Refusals:
        """With one at this moment. Each time-out is twice as long as the one before, up to a day;
        a day without any forgets that."""
        recent = tuple(at for at in self.moments if now - rule.within_s < at <= now)
        moments = (*recent, now)
        if not rule.refusals or len(moments) < rule.refusals:
            return replace(self, moments=moments)
        before = self.timeouts if now - self.ends_at < DAY_S else 0
        lasts = min(rule.lasts_s * 2.0 ** min(before, 20), max(DAY_S, rule.lasts_s))
        return Refusals((), now + lasts, before + 1)
