"""How often an allowance comes back. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
import enum
import functools

_DAY_S = 86_400
_WEEK_S = 7 * _DAY_S
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Period(enum.StrEnum):
    """A day, a week or a month; each begins at midnight UTC.

    Weeks and months are counted from somebody's own `start` (UTC seconds), which is the first of a
    month by default: who began on the 31st gets new credits on the 30th where a month has no more
    days, and on the 31st again in the next.
    """

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def span(self, now: float, start: float = 0.0) -> tuple[float, float]:
        """When the period that holds `now` began, and when it is over; all UTC seconds."""
        return _span(self, _midnight(now), _midnight(start))

    def began(self, now: float, start: float = 0.0) -> float:
        """When the period that holds `now` began, UTC seconds."""
        return self.span(now, start)[0]

    def ends(self, now: float, start: float = 0.0) -> float:
        """When the period that holds `now` is over, UTC seconds."""
        return self.span(now, start)[1]

    def before(self, now: float, start: float = 0.0) -> float:
        """When the one before that began, UTC seconds."""
        return self.began(self.began(now, start) - 1, start)

    @property
    def days(self) -> float:
        return {Period.DAY: 1.0, Period.WEEK: 7.0, Period.MONTH: 30.0}[self]


# Every submit asks, and of everybody who began on the same day the same.
@functools.lru_cache(1024)
def _span(period: Period, day: float, first: float) -> tuple[float, float]:
    """When the period that holds a day began, and when it is over."""
    if period is Period.DAY:
        return day, day + _DAY_S
    if period is Period.WEEK:
        began = first + (day - first) // _WEEK_S * _WEEK_S
        return began, began + _WEEK_S
    months = _months(day) - _months(first)
    if _later(first, months) > day:
        months -= 1
    return _later(first, months), _later(first, months + 1)


def _midnight(moment: float) -> float:
    return float(moment // _DAY_S * _DAY_S)


def _date(moment: float) -> dt.datetime:
    return _EPOCH + dt.timedelta(seconds=moment)


def _months(moment: float) -> int:
    """Since the year 0."""
    date = _date(moment)
    return date.year * 12 + date.month - 1


def _later(first: float, months: int) -> float:
    """So many months after a day, on its day of the month or the last that there is."""
    date = _date(first)
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    day = min(date.day, calendar.monthrange(year, month + 1)[1])
    return dt.datetime(year, month + 1, day, tzinfo=dt.UTC).timestamp()
