"""What waits for a server's moderators, in the channel that is their desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.domain.grounds import Ground, RefusalKind
from bot.domain.people import Account

CardKind = Literal["report", "appeal"]


@dataclass(frozen=True)
class Card:
    """One thing that waits, as it is at a `revision`, on the desk of a server: the message that
    shows it in a `channel`, 0 while there is none. `subject` is the id of what it is about.
    `sending_at` (UTC seconds) says that an earlier try to post it by `nonce` may have arrived."""

    id: int
    guild: int
    kind: CardKind
    subject: str
    revision: int
    channel: int
    message: int
    nonce: str
    sending_at: float | None
    tries: int


@dataclass(frozen=True)
class Settled:
    """What became of a card, and by whom; 0 where that is not known."""

    verdict: str
    actor: int


@dataclass(frozen=True)
class Refused:
    """What somebody was refused: the `texts` that were, and why, which they were told in the
    language that Discord calls `locale`; of pictures the `jobs`."""

    account: Account
    ground: Ground
    texts: tuple[str, ...] = ()
    locale: str = ""
    jobs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Appeal:
    """The same with what they `said` of it (None: nothing so far), and the `answer`: "approved",
    "denied", or None while there is none. `locale` is empty where it is not known."""

    id: str
    guild: int
    user: int
    kind: RefusalKind
    texts: tuple[str, ...]
    ground: Ground
    refused_at: float
    said: str | None = None
    answer: str | None = None
    locale: str = ""

    def left_of(self, text: str, within: bool) -> str:
        """What of a text this does not let pass: all of it, unless it is the very one; or what is
        around it, where that was drawn `within` others."""
        if not within:
            return "" if text in self.texts else text
        for each in sorted(filter(None, self.texts), key=len, reverse=True):
            text = text.replace(each, " ")
        return text
