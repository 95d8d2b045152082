"""What is done about pictures that a classifier finds unsafe: by the operator, and by each server.

A score says how sure the classifier is that a picture is unsafe, from 0 to 1; None says that it was
not looked at. Knows neither classifiers nor what people see.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.domain.errors import EaselError

THRESHOLD = 0.4
"""From this score on a picture counts as unsafe, where a server does not say: of 500 pictures by
the embedded model none has it (the highest had 0.39, one of a hundred more than 0.16)."""
LOOSEST = 0.9
"""The highest threshold of a server: with a higher one hardly anything would be found."""

Score = float | None


class Withheld(EaselError):
    """Nobody is to see these pictures."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"the pictures are {verdict.value}")
        self.verdict = verdict


class Reaction(enum.StrEnum):
    """What becomes of an unsafe picture: covered until somebody wants to see it, nothing at all, or
    what becomes of every other."""

    SPOILER = "spoiler"
    BLOCK = "block"
    OFF = "off"


class Verdict(enum.Enum):
    """On all pictures of a result together. UNSEEN: nobody may see them unchecked, and they were
    not checked."""

    FINE = "fine"
    COVERED = "covered"
    BLOCKED = "blocked"
    UNSEEN = "unseen"

    @property
    def refused(self) -> bool:
        """Whether nobody is to see anything of it."""
        return self in (Verdict.BLOCKED, Verdict.UNSEEN)


@dataclass(frozen=True)
class SafetySetting:
    """What a server's admins decided; None where they did not. `spares_adults` says that nothing is
    done in channels with an age limit."""

    reaction: Reaction | None = None
    threshold: float | None = None
    spares_adults: bool | None = None

    @property
    def empty(self) -> bool:
        return self == SafetySetting()

    def over(self, before: SafetySetting) -> SafetySetting:
        """With what was decided before where this says nothing."""
        adults = before.spares_adults if self.spares_adults is None else self.spares_adults
        threshold = before.threshold if self.threshold is None else self.threshold
        return SafetySetting(self.reaction or before.reaction, threshold, adults)


@dataclass(frozen=True)
class SafetyPolicy:
    """What holds somewhere."""

    reaction: Reaction = Reaction.OFF
    threshold: float = THRESHOLD
    spares_adults: bool = True

    def at(self, age_limited: bool) -> SafetyPolicy:
        """In a channel that has an age limit, or none."""
        spared = age_limited and self.spares_adults
        return replace(self, reaction=Reaction.OFF) if spared else self

    @property
    def looks(self) -> bool:
        """Whether scores matter."""
        return self.reaction is not Reaction.OFF

    @property
    def blocks(self) -> bool:
        return self.reaction is Reaction.BLOCK

    def verdict(self, scores: Iterable[Score]) -> Verdict:
        """One unsafe picture is as good as all of them; one that nobody looked at may be unsafe."""
        known = list(scores)
        unsafe = any(score is not None and score >= self.threshold for score in known)
        if not self.looks or not (unsafe or None in known):
            return Verdict.FINE
        if not self.blocks:
            return Verdict.COVERED
        return Verdict.BLOCKED if unsafe else Verdict.UNSEEN


@dataclass
class Stance:
    """What the operator wants: `policy` where a server has none of its own, and in direct messages.
    Servers `may_switch_off` what is done. Where pictures are not `checked`, which the operator may
    or may not have `chosen`, nothing is known of any."""

    policy: SafetyPolicy = SafetyPolicy()
    may_switch_off: bool = False
    checked: bool = False
    chosen: bool = True

    def become(self, new: Stance) -> None:
        """Want the same as `new`, by the classifier that is there."""
        self.policy, self.may_switch_off = new.policy, new.may_switch_off

    @property
    def cares(self) -> bool:
        """Whether anything is done about any picture anywhere."""
        return self.checked or not self.chosen

    def effective(self, own: SafetySetting) -> SafetyPolicy:
        """What holds under a server's own setting. A server that blocks gets nothing unchecked,
        unless the operator chose that."""
        reaction = own.reaction or self.policy.reaction
        if reaction is Reaction.OFF and not self.may_switch_off:
            reaction = self.policy.reaction
        if not self.checked and (self.chosen or reaction is not Reaction.BLOCK):
            reaction = Reaction.OFF
        threshold = self.policy.threshold if own.threshold is None else own.threshold
        adults = self.policy.spares_adults if own.spares_adults is None else own.spares_adults
        return SafetyPolicy(reaction, threshold, adults)


ANYTHING = Stance()
"""Every picture is as good as any other."""
