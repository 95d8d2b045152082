"""What is drawn once whoever asked for it has agreed to the price."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from bot.domain.errors import NotFound
from bot.domain.language import N_, _
from bot.domain.people import Origin
from bot.domain.request import GenerationRequest


class Answer(enum.StrEnum):
    """What somebody said to a proposal."""

    DRAWN = "drawn"
    LEFT = "left"


_SAID = {
    Answer.DRAWN: N_("You had this drawn already; for more of it give the command again."),
    Answer.LEFT: N_("You left this; to have it drawn after all give the command again."),
}
FORGOTTEN = N_(
    "This was asked too long ago: I keep it for a day. Give the command again to have it drawn."
)


@dataclass(frozen=True)
class Proposal:
    """A plan with the time at which its price was told (UTC seconds). `requests` are empty where
    they were answered or cannot be read; `parent` is the job under which it was asked for. `waived`
    is what it would cost if it were not free because whoever asked is out of credits."""

    id: str
    origin: Origin
    user: int
    requests: tuple[GenerationRequest, ...]
    prices: tuple[int, ...]
    created_at: float
    answer: Answer | None = None
    parent: str | None = None
    waived: int = 0

    def require_open(self) -> None:
        """Raises NotFound for one that was answered, or that another version kept."""
        if self.answer is not None:
            raise NotFound(_(_SAID[self.answer]))
        if not self.requests:
            raise NotFound(_(FORGOTTEN))
