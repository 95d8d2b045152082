"""What happens to jobs and on the way to Discord, for whoever watches the bot run.

Who tells it is given one function, which returns at once and raises nothing, and knows neither
counters nor logs nor traces. Everything is told on the event loop. Nothing here holds what somebody
typed but for the request of a job, which no hearer writes down.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bot.domain.delivery import Kind
from bot.domain.job import Job
from bot.domain.pace import Device

# Of jobs


class Planned(NamedTuple):
    """It is known what a prompt or a press comes to, after so many seconds."""

    seconds: float


class Accepted(NamedTuple):
    """A job is stored, which took so many seconds, or goes on after a start of the bot."""

    job: Job
    seconds: float = 0.0
    again: bool = False


class Begun(NamedTuple):
    """An attempt at a job begins, on a worker of a device."""

    job: Job
    worker: str
    device: Device


class Stepped(NamedTuple):
    """An attempt made step `step` of `of`. It took so many `seconds`, 0 where that is not known, as
    of a first one, and `company` jobs made it together."""

    job: str
    model: str
    device: Device
    step: int
    of: int
    seconds: float
    company: int


class Tried(NamedTuple):
    """An attempt is over; the job is as it is now. `outcome` is a stable word, `why` for the log.
    Without an attempt, `no` is 0."""

    job: Job
    no: int
    outcome: str
    why: str = ""


class Ended(NamedTuple):
    """A job is over. Drawing took `seconds`; `why` is for the log."""

    job: Job
    seconds: float = 0.0
    why: str = ""


# Of deliveries


class Posting(NamedTuple):
    """Something of a job is about to be shown."""

    job: Job
    kind: Kind


class Posted(NamedTuple):
    """It is shown, by a message (0 where it was there, or is gone now), after some tries before."""

    job: Job
    kind: Kind
    message: int
    tries: int


class Postponed(NamedTuple):
    """It is tried again later; `why` is a stable word."""

    job: Job
    kind: Kind
    why: str


class Abandoned(NamedTuple):
    """It cannot be shown; `why` is a stable word."""

    job: Job
    kind: Kind
    why: str


# Of Discord


class Asked(NamedTuple):
    """Somebody used a command, a button or a form, which have stable names."""

    id: int
    kind: str
    name: str


class Answered(NamedTuple):
    """What they asked for was done, or refused with an error of that name."""

    id: int
    kind: str
    name: str
    error: str = ""


class Called(NamedTuple):
    """Discord answered a request of a class, which has a stable name, after some seconds; status 0
    where no answer came. `scope` says whom a refused one (429) was too much of; `exhausted` that
    no more of its class are allowed for now. It may have been the answer to an `interaction`."""

    road: str
    status: int
    seconds: float
    scope: str = ""
    exhausted: bool = False
    interaction: int = 0


class Gateway(NamedTuple):
    """A shard's connection is new, taken up again, or lost: "connected", "resumed", "lost"."""

    shard: int
    what: str


News = (
    Planned | Accepted | Begun | Stepped | Tried | Ended
    | Posting | Posted | Postponed | Abandoned
    | Asked | Answered | Called | Gateway
)  # fmt: skip

Tell = Callable[[News], None]


def nobody(news: News) -> None:
    """Nobody watches."""
