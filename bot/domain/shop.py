"""What is sold through Discord, and what somebody bought: plain values.

A pack is lasting credits for a time; a plan holds as long as its subscription. Discord names what
is sold by the id of an SKU, and what somebody has of it by an entitlement.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.errors import SettingsError
from bot.domain.language import counted

GRACE_S = 86_400.0
"""For how long a plan still holds after its end: what renews late is not interrupted."""
MOST_SOLD = 25
"""Buttons of one message."""


@dataclass(frozen=True)
class Span:
    """A time of a calendar's length; both 0 is for ever."""

    months: int = 0
    days: int = 0

    def after(self, now: float) -> float | None:
        """When what begins now is over; both UTC seconds. From the 31st a month ends on the last
        day of a shorter one."""
        if not self.months and not self.days:
            return None
        moment = dt.datetime.fromtimestamp(now, dt.UTC)
        years, month = divmod(moment.month - 1 + self.months, 12)
        year = moment.year + years
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        moment = moment.replace(year=year, month=month + 1, day=day)
        return (moment + dt.timedelta(days=self.days)).timestamp()

    def __str__(self) -> str:
        if self.months and self.months % 12 == 0:
            return counted("{n} year", "{n} years", self.months // 12)
        if self.months:
            return counted("{n} month", "{n} months", self.months)
        return counted("{n} day", "{n} days", self.days) if self.days else ""


@dataclass(frozen=True)
class Pack:
    """So many credits, which last so long from when they are there."""

    credits: int
    lasts: Span = Span()


@dataclass(frozen=True)
class Assortment:
    """What the operator sells, by SKU; nothing of both is no shop."""

    packs: Mapping[int, Pack] = field(default_factory=dict)
    plans: Mapping[int, str] = field(default_factory=dict)

    @property
    def skus(self) -> list[int]:
        """In the order in which the operator listed them."""
        return [*self.packs, *self.plans]

    def require_sound(self) -> None:
        """Raises SettingsError for an SKU that is two things, and for more than fit under a
        message."""
        for sku in self.packs.keys() & self.plans.keys():
            raise SettingsError(
                f"SHOP_PLANS has {sku}, which SHOP_PACKS has too; an SKU is a pack or a plan."
            )
        if len(self.skus) > MOST_SOLD:
            raise SettingsError(
                f"SHOP_PACKS and SHOP_PLANS have {len(self.skus)} SKUs together; Discord shows"
                f" {MOST_SOLD} buttons at most."
            )


@dataclass(frozen=True)
class Entitlement:
    """What Discord says of one. `user` is who bought it, 0 where Discord names none; `guild` the
    server that has it, 0 where it is that person alone. Times are UTC seconds; `ends_at` is None as
    long as no end is known."""

    id: int
    sku: int
    user: int
    guild: int = 0
    starts_at: float | None = None
    ends_at: float | None = None
    deleted: bool = False
    consumed: bool = False


@dataclass(frozen=True)
class Stock:
    """What is left of a pack; `ends_at` is UTC seconds, None is never."""

    sku: int
    left: int
    ends_at: float | None


@dataclass(frozen=True)
class Possession:
    """What somebody has of what is sold: `packs` in one account and what is left of others
    `elsewhere`, SKUs of packs that wait for a place, and plans by name with their known ends."""

    packs: tuple[Stock, ...]
    elsewhere: int
    waiting: tuple[int, ...]
    plans: Mapping[str, float | None]
