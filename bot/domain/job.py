"""A job: one attempt of the service to fulfil a request for a user, and what watchers see of it."""

from __future__ import annotations

import enum
import secrets
from dataclasses import dataclass
from typing import Any

from bot.domain.action import Action, Kind, Tile
from bot.domain.language import N_
from bot.domain.people import Account, Origin
from bot.domain.request import GenerationRequest
from bot.domain.size import Size
from bot.domain.usual import hidden

DELETED = "deleted"
"""Why nothing can be read of a request any more whose owner wanted its result to be gone."""


_SPREAD = 40_503
"""Odd, so that 65,536 numbers times it are as many different ones, each far from the one before."""

NEEDS_MEMORY = (
    N_("A picture of {size} needs more memory than the machine has; {smaller} fits."),
    N_("A picture of {size} needs more memory than the machine has; {smaller} needs half as much."),
)
"""What is told of a picture that is too large, where a `smaller` one is known to fit or may."""


class JobStatus(enum.StrEnum):
    """Everything after RUNNING is final."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def finished(self) -> bool:
        return self not in (JobStatus.WAITING, JobStatus.RUNNING)


@dataclass(frozen=True)
class Failure:
    """What the user is told, and the short reference that is also in the log. `smaller` is a size
    that may be drawn where this one could not; `code` is a stable word for why."""

    sentence: str
    reference: str
    smaller: Size | None = None
    code: str = "error"

    def __str__(self) -> str:
        return f"{self.sentence} (reference `{self.reference}`)"


@dataclass(frozen=True)
class Job:
    """A row of the jobs table. Times are UTC seconds since the epoch.

    `cost` is its price in whole credits. `attempt` fences; `strikes` counts workers that died while
    drawing it. `notice` is the id of the message that shows progress, 0 when none is known.
    `engine` says what drew it, empty when nothing did. `batch` is the first of the jobs that one
    message shows, this one among them; None for a job with a message of its own.
    """

    id: str
    origin: Origin
    user: int
    request: GenerationRequest
    status: JobStatus
    cost: int
    created_at: float
    parent: str | None = None
    attempt: int = 0
    strikes: int = 0
    running_limit: int = 3
    started_at: float | None = None
    finished_at: float | None = None
    failure: Failure | None = None
    notice: int = 0
    engine: str = ""
    batch: str | None = None

    @property
    def account(self) -> Account:
        return Account(self.origin.guild, self.user)

    @property
    def action(self) -> Action:
        return self.request.action

    @property
    def hidden(self) -> bool:
        """Whether nobody but its owner is to see anything of it."""
        return hidden(self.request.extra)

    @property
    def deleted(self) -> bool:
        """Whether its owner wanted its result to be gone."""
        lost = self.request.kind is Kind.LOST
        return lost and dict(self.request.extra).get("unreadable") == DELETED

    @property
    def shown_by(self) -> str:
        """The job whose message shows this one: the first of its batch, or itself."""
        return self.batch or self.id

    def recipe(self) -> dict[str, Any]:
        """What the metadata of its pictures holds."""
        drawn = {"engine": self.engine} if self.engine else {}
        return self.request.recipe() | {"job": self.id} | drawn

    def tile(self, index: int) -> Tile:
        return Tile(self.id, index)

    def limited(self, running: int) -> Job:
        """The same, of somebody of whom so many may be drawn at once."""
        if self.running_limit == running:
            return self
        twin = object.__new__(Job)  # `replace` takes ten times as long, and every submit comes by
        vars(twin).update(vars(self), running_limit=running)
        return twin


def new_id(now: float) -> str:
    """For a job of that moment (UTC seconds): 32 hexadecimal digits, of which nobody guesses the
    last 24.

    Those of the same minute begin with the same four, those of the next with quite others, and
    four more keep them in their order. So rows by them are written side by side, which is half the
    work, and folders by their first digits fill alike.
    """
    minute, moment = divmod(int(now * 1000), 1 << 16)
    return f"{minute * _SPREAD & 0xFFFF:04x}{moment:04x}{secrets.token_hex(12)}"


@dataclass(frozen=True)
class JobUpdate:
    """A snapshot for watchers. `position` counts from 1; `wait_s` is an estimate in seconds or
    None before anything was measured; `fraction` is 0 to 1; `preview` is a small encoded picture.
    """

    job: Job
    position: int | None = None
    wait_s: float | None = None
    fraction: float = 0.0
    preview: bytes | None = None
    note: str = ""

    @property
    def finished(self) -> bool:
        return self.job.status.finished
