"""When allowances come back: days, weeks and months from somebody's own start."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.period import Period

DAY_S = 86_400
MOMENTS = st.integers(0, 4 * 10**9).map(float)


def moment(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    ("start", "now", "began", "ends"),
    [
        # From the 31st, on the last day of shorter months, and on the 31st again after them.
        ("2026-01-31T15:00", "2026-01-31T15:00", "2026-01-31", "2026-02-28"),
        ("2026-01-31T15:00", "2026-02-27T23:59", "2026-01-31", "2026-02-28"),
        ("2026-01-31T15:00", "2026-02-28T00:00", "2026-02-28", "2026-03-31"),
        ("2026-01-31T15:00", "2026-03-31T00:00", "2026-03-31", "2026-04-30"),
        ("2026-01-31T15:00", "2028-02-29T12:00", "2028-02-29", "2028-03-31"),
        ("2026-01-31T15:00", "2028-02-28T12:00", "2028-01-31", "2028-02-29"),
        # From the 29th of a leap year.
        ("2024-02-29", "2025-02-28T00:00", "2025-02-28", "2025-03-29"),
        ("2024-02-29", "2025-03-28T23:00", "2025-02-28", "2025-03-29"),
        # Over the end of a year, and before the start: the clock was set back.
        ("2026-11-15", "2027-01-14T23:59", "2026-12-15", "2027-01-15"),
        ("2026-11-15", "2026-11-14T23:59", "2026-10-15", "2026-11-15"),
        ("2026-01-31", "2025-02-28T01:00", "2025-02-28", "2025-03-31"),
        # From the first, as the calendar has it.
        ("1970-01-01", "2026-04-30T12:00", "2026-04-01", "2026-05-01"),
    ],
)
def test_months_from_ones_own_start(start: str, now: str, began: str, ends: str) -> None:
    args = moment(now), moment(start)
    assert Period.MONTH.began(*args) == moment(began)
    assert Period.MONTH.ends(*args) == moment(ends)


@pytest.mark.parametrize(
    ("start", "now", "began"),
    [
        ("2026-06-03T18:00", "2026-06-03T18:00", "2026-06-03"),
        ("2026-06-03T18:00", "2026-06-09T23:59", "2026-06-03"),
        ("2026-06-03T18:00", "2026-06-10T00:00", "2026-06-10"),
        ("2026-06-03T18:00", "2026-06-02T23:59", "2026-05-27"),
        # Clocks that go forward in spring make no day shorter here.
        ("2026-03-27T18:00", "2026-04-03T00:00", "2026-04-03"),
    ],
)
def test_weeks_from_ones_own_start(start: str, now: str, began: str) -> None:
    args = moment(now), moment(start)
    assert Period.WEEK.began(*args) == moment(began)
    assert Period.WEEK.ends(*args) == moment(began) + 7 * DAY_S


@given(MOMENTS, MOMENTS)
def test_days_begin_at_midnight_whenever_somebody_began(now: float, start: float) -> None:
    assert Period.DAY.began(now, start) == now // DAY_S * DAY_S


@given(st.sampled_from(Period), MOMENTS, MOMENTS)
def test_periods_leave_no_gap_and_do_not_overlap(period: Period, now: float, start: float) -> None:
    began, ends = period.began(now, start), period.ends(now, start)
    assert began <= now < ends
    assert began % DAY_S == ends % DAY_S == 0
    assert period.began(ends, start) == ends
    assert period.began(ends - 1, start) == began
    assert period.before(ends, start) == began
    assert period.ends(period.before(now, start), start) == began


@given(st.sampled_from(Period), MOMENTS)
def test_the_first_period_begins_on_the_first_day(period: Period, start: float) -> None:
    assert period.began(start, start) == start // DAY_S * DAY_S


@given(MOMENTS, st.integers(0, 400))
def test_a_month_has_28_to_31_days(start: float, months: int) -> None:
    now = start
    for _ in range(months % 30):
        now = Period.MONTH.ends(now, start)
    assert 28 <= (Period.MONTH.ends(now, start) - Period.MONTH.began(now, start)) / DAY_S <= 31


def test_how_generous_a_period_is() -> None:
    assert [each.days for each in Period] == [1, 7, 30]
    assert [each.value for each in Period] == ["day", "week", "month"]
