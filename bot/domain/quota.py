"""What a user may do: credits a period, pictures at once, waiting jobs; and what pays. Pure rules.

The allowance of a period is no money: what is left of it is the limit less what was used since the
period began, so that a changed limit or period holds at once. Lasting credits are money.

Precedence: a user's own setting beats roles, the most generous matching role beats the server's
default, and that beats the operator's. Each field is decided apart, so a role may raise only one.
The operator's caps stand above them all.
"""

from __future__ import annotations

import calendar
import datetime as dt
import enum
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

T = TypeVar("T")

# Whom a setting is for: everybody on a server, members with a role, one user.
Scope = Literal["server", "role", "user"]


class Period(enum.StrEnum):
    """How often an allowance comes back: at midnight UTC, or on the first of the month."""

    DAY = "day"
    MONTH = "month"

    def began(self, now: float) -> float:
        """When the period that holds `now` began; both UTC seconds."""
        moment = _midnight(now)
        return (moment if self is Period.DAY else moment.replace(day=1)).timestamp()

    def ends(self, now: float) -> float:
        """When the period that holds `now` is over, UTC seconds."""
        moment = _midnight(now)
        if self is Period.DAY:
            return (moment + dt.timedelta(days=1)).timestamp()
        days = calendar.monthrange(moment.year, moment.month)[1]
        return (moment.replace(day=1) + dt.timedelta(days=days)).timestamp()

    @property
    def days(self) -> float:
        return 1.0 if self is Period.DAY else 30.0


def _midnight(now: float) -> dt.datetime:
    moment = dt.datetime.fromtimestamp(now, dt.UTC)
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Quota:
    """What holds for one user: whole credits each period, grids drawn at once, jobs waiting.

    `most` is the operator's cap on what may be spent in a period, whatever pays; None is no cap.
    """

    credits: int = 25
    period: Period = Period.DAY
    running: int = 3
    waiting: int = 10
    most: int | None = None


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


Limits = TypeVar("Limits", Quota, QuotaSetting)


@dataclass(frozen=True)
class Caps:
    """What the operator allows at most, whatever admins say; 0 is no cap."""

    credits: int = 0
    running: int = 0
    waiting: int = 0

    def bound(self, limits: Limits) -> Limits:
        """The limits where they are lower; a cap never raises one."""
        return replace(
            limits,
            credits=_least(limits.credits, self.credits),
            running=_least(limits.running, self.running),
            waiting=_least(limits.waiting, self.waiting),
        )


def _least(value: Any, cap: int) -> Any:
    return min(value, cap) if cap and value is not None else value


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
    caps: Caps = Caps(),
) -> Quota:
    """The quota that holds for a user, see the module's precedence; the caps stand above all."""
    chosen = own.over(most_generous(roles).over(default))
    quota = Quota(
        fallback.credits if chosen.credits is None else chosen.credits,
        fallback.period if chosen.credits is None else (chosen.period or Period.DAY),
        fallback.running if chosen.running is None else chosen.running,
        fallback.waiting if chosen.waiting is None else chosen.waiting,
    )
    return replace(caps.bound(quota), most=caps.credits or fallback.most)


@dataclass(frozen=True)
class Claim:
    """What decides on a quota beside the settings of a server's admins: what holds where they are
    silent, the roles that the person has there, and the operator's caps."""

    fallback: Quota = Quota()
    roles: frozenset[int] = frozenset()
    caps: Caps = Caps()


@dataclass(frozen=True)
class Balance:
    """Whole credits of an account: what is left of the `allowance` of this period, which comes
    back at `resets_at` (UTC seconds), what stays, and what is held for jobs under way.

    `room` is what the operator's cap still allows in this period; None is no cap.
    """

    allowance_left: int
    lasting: int
    held: int
    allowance: int
    resets_at: float
    room: int | None = None

    @property
    def spendable(self) -> int:
        there = self.allowance_left + self.lasting
        return there if self.room is None else min(there, self.room)


@dataclass(frozen=True)
class Bucket:
    """Lasting credits of one source; `expires_at` is UTC seconds, None is never."""

    id: int
    left: int
    expires_at: float | None = None


Payment = list[tuple[int | None, int]]
"""(bucket, or None for the allowance; credits), each bucket once."""


def payment(balance: Balance, buckets: Sequence[Bucket], cost: int) -> Payment:
    """What pays `cost`: what lapses soonest first.

    `balance.lasting` is the sum of the buckets, and `cost` at most `balance.spendable`.
    """
    sources: list[tuple[float, int | None, int]] = [
        (balance.resets_at, None, balance.allowance_left)
    ]
    for each in buckets:
        lapses = math.inf if each.expires_at is None else each.expires_at
        sources.append((lapses, each.id, each.left))
    parts = []
    for _, bucket, left in sorted(sources, key=lambda source: source[0]):
        part = min(left, cost)
        cost -= part
        if part:
            parts.append((bucket, part))
    return parts


def shares(
    parts: Iterable[tuple[int | None, int]], costs: Iterable[tuple[T, int]]
) -> list[tuple[T, int | None, int]]:
    """Who is paid from which bucket how much, where `parts` pay exactly the sum of `costs`."""
    credits = iter([bucket for bucket, part in parts for _ in range(part)])
    return [
        (payee, bucket, part)
        for payee, cost in costs
        for bucket, part in Counter(itertools.islice(credits, cost)).items()
    ]
