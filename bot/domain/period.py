"""How often an allowance comes back. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
import enum

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

    def began(self, now: float, start: float = 0.0) -> float:
        """When the period that holds `now` began; all UTC seconds."""
        first = _midnight(start)
        if self is Period.DAY:
            return _midnight(now)
        if self is Period.WEEK:
            return first + (now - first) // _WEEK_S * _WEEK_S
        months = _months(now) - _months(first)
        began = _later(first, months)
        return began if began <= now else _later(first, months - 1)

    def ends(self, now: float, start: float = 0.0) -> float:
        """When the period that holds `now` is over, UTC seconds."""
        began = self.began(now, start)
        if self is Period.DAY:
            return began + _DAY_S
        if self is Period.WEEK:
            return began + _WEEK_S
        first = _midnight(start)
        return _later(first, _months(began) - _months(first) + 1)

    def before(self, now: float, start: float = 0.0) -> float:
        """When the one before that began, UTC seconds."""
        return self.began(self.began(now, start) - 1, start)

    @property
    def days(self) -> float:
        return {Period.DAY: 1.0, Period.WEEK: 7.0, Period.MONTH: 30.0}[self]


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
