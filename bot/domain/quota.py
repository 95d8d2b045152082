"""What a user may do: credits a period, pictures at once, waiting jobs. Pure rules.

Precedence: a user's own setting beats roles, the most generous matching role beats the server's
default, and that beats the operator's. Each field is decided apart, so a role may raise only one.
"""

from __future__ import annotations

import calendar
import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# Whom a setting is for: everybody on a server, members with a role, one user.
Scope = Literal["server", "role", "user"]


class Period(enum.StrEnum):
    DAY = "day"
    MONTH = "month"

    def key(self, now: float) -> str:
        """The ledger bucket of the period that holds `now` (UTC seconds)."""
        moment = dt.datetime.fromtimestamp(now, dt.UTC)
        return moment.strftime("%Y-%m-%d" if self is Period.DAY else "%Y-%m")

    def ends(self, now: float) -> float:
        """When the period that holds `now` is over, UTC seconds."""
        moment = dt.datetime.fromtimestamp(now, dt.UTC).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        if self is Period.DAY:
            return (moment + dt.timedelta(days=1)).timestamp()
        days = calendar.monthrange(moment.year, moment.month)[1]
        return (moment.replace(day=1) + dt.timedelta(days=days)).timestamp()

    @property
    def days(self) -> float:
        return 1.0 if self is Period.DAY else 30.0


@dataclass(frozen=True)
class Quota:
    """What holds for one user: whole credits each period, grids drawn at once, jobs waiting."""

    credits: int = 25
    period: Period = Period.DAY
    running: int = 3
    waiting: int = 10


@dataclass(frozen=True)
class QuotaSetting:
    """One line an admin wrote; None leaves a field to the next in precedence.

    `credits` and `period` go together.
    """

    credits: int | None = None
    period: Period | None = None
    running: int | None = None
    waiting: int | None = None

    @property
    def empty(self) -> bool:
        return self == QuotaSetting()

    def over(self, older: QuotaSetting) -> QuotaSetting:
        """This setting where it speaks, `older` where it is silent."""
        own = self.credits is not None
        return QuotaSetting(
            self.credits if own else older.credits,
            self.period if own else older.period,
            older.running if self.running is None else self.running,
            older.waiting if self.waiting is None else self.waiting,
        )


def most_generous(settings: Iterable[QuotaSetting]) -> QuotaSetting:
    """Field by field the largest; credits are compared by the day."""
    found = list(settings)
    paying = [s for s in found if s.credits is not None]
    best = max(paying, key=_per_day, default=QuotaSetting())
    return QuotaSetting(
        best.credits,
        best.period,
        max((s.running for s in found if s.running is not None), default=None),
        max((s.waiting for s in found if s.waiting is not None), default=None),
    )


def _per_day(setting: QuotaSetting) -> float:
    return (setting.credits or 0) / (setting.period or Period.DAY).days


def effective(
    fallback: Quota,
    default: QuotaSetting,
    roles: Iterable[QuotaSetting],
    own: QuotaSetting,
) -> Quota:
    """The quota that holds for a user, see the module's precedence."""
    chosen = own.over(most_generous(roles).over(default))
    return Quota(
        fallback.credits if chosen.credits is None else chosen.credits,
        fallback.period if chosen.credits is None else (chosen.period or Period.DAY),
        fallback.running if chosen.running is None else chosen.running,
        fallback.waiting if chosen.waiting is None else chosen.waiting,
    )


@dataclass(frozen=True)
class Balance:
    """Whole credits of an account. `periodic` lapses at `resets_at`; `extra` stays."""

    periodic: int
    extra: int
    held: int
    granted: int
    resets_at: float

    @property
    def spendable(self) -> int:
        return self.periodic + self.extra
