"""Who may do how much: precedence of settings, and the ends of periods."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.quota import Balance, Period, Quota, QuotaSetting, effective, most_generous

NONE = QuotaSetting()
DAY, MONTH = Period.DAY, Period.MONTH
OPERATOR = Quota(25, DAY, 3, 10)


def a_day(credits: int, **more: int) -> QuotaSetting:
    return QuotaSetting(credits, DAY, **more)


def moment(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


SETTINGS = st.builds(
    lambda paid, running, waiting: QuotaSetting(paid[0], paid[1], running, waiting),
    st.just((None, None)) | st.tuples(st.integers(0, 500), st.sampled_from(Period)),
    st.none() | st.integers(1, 20),
    st.none() | st.integers(1, 50),
)


@pytest.mark.parametrize(
    ("default", "roles", "own", "expected"),
    [
        (NONE, [], NONE, OPERATOR),
        (a_day(5), [], NONE, Quota(5, DAY, 3, 10)),
        (a_day(5), [a_day(9), a_day(7)], NONE, Quota(9, DAY, 3, 10)),
        # A role beats the server's default even when it gives less.
        (a_day(50), [a_day(9)], NONE, Quota(9, DAY, 3, 10)),
        (a_day(50), [a_day(90)], a_day(1), Quota(1, DAY, 3, 10)),
        (a_day(50), [], a_day(0), Quota(0, DAY, 3, 10)),
        # Field by field: what one does not say, the next does.
        (a_day(5), [QuotaSetting(running=8)], QuotaSetting(waiting=2), Quota(5, DAY, 8, 2)),
        (NONE, [QuotaSetting(running=8), QuotaSetting(waiting=4)], NONE, Quota(25, DAY, 8, 4)),
        # Credits and their period go together.
        (QuotaSetting(600, MONTH), [QuotaSetting(running=1)], NONE, Quota(600, MONTH, 1, 10)),
        # 600 a month are 20 a day.
        (NONE, [QuotaSetting(600, MONTH), a_day(19)], NONE, Quota(600, MONTH, 3, 10)),
        (NONE, [QuotaSetting(600, MONTH), a_day(21)], NONE, Quota(21, DAY, 3, 10)),
        (QuotaSetting(600, MONTH), [], a_day(2), Quota(2, DAY, 3, 10)),
    ],
)
def test_precedence(default, roles, own, expected) -> None:
    assert effective(OPERATOR, default, roles, own) == expected


@given(st.lists(SETTINGS, max_size=5), SETTINGS)
def test_one_more_role_never_takes_away(roles: list[QuotaSetting], another: QuotaSetting) -> None:
    before = effective(OPERATOR, NONE, roles, NONE)
    after = effective(OPERATOR, NONE, [*roles, another], NONE)
    if any(role.running for role in roles):
        assert after.running >= before.running
    if any(role.waiting for role in roles):
        assert after.waiting >= before.waiting
    if any(role.credits is not None for role in roles):
        assert after.credits / after.period.days >= before.credits / before.period.days


@given(st.lists(SETTINGS, max_size=5).flatmap(lambda s: st.tuples(st.just(s), st.permutations(s))))
def test_order_of_roles_does_not_matter_to_the_daily_share(both) -> None:
    first, second = (most_generous(order) for order in both)
    assert (first.running, first.waiting) == (second.running, second.waiting)
    share = [s.credits and s.period and s.credits / s.period.days for s in (first, second)]
    assert share[0] == share[1]


@given(SETTINGS, SETTINGS)
def test_a_users_own_setting_wins_wherever_it_speaks(role, own) -> None:
    chosen = effective(OPERATOR, NONE, [role], own)
    if own.credits is not None:
        assert (chosen.credits, chosen.period) == (own.credits, own.period)
    if own.running is not None:
        assert chosen.running == own.running


def test_empty_means_silent() -> None:
    assert NONE.empty
    assert not QuotaSetting(running=1).empty
    assert not a_day(0).empty


@pytest.mark.parametrize(
    ("period", "now", "key", "ends"),
    [
        (DAY, "2026-03-01 00:00:00", "2026-03-01", "2026-03-02"),
        (DAY, "2026-03-01 23:59:59", "2026-03-01", "2026-03-02"),
        (DAY, "2024-02-28 12:00:00", "2024-02-28", "2024-02-29"),
        (DAY, "2026-12-31 12:00:00", "2026-12-31", "2027-01-01"),
        (MONTH, "2026-01-31 23:59:59", "2026-01", "2026-02-01"),
        (MONTH, "2024-02-29 12:00:00", "2024-02", "2024-03-01"),
        (MONTH, "2025-02-28 12:00:00", "2025-02", "2025-03-01"),
        (MONTH, "2026-12-01 00:00:00", "2026-12", "2027-01-01"),
        (MONTH, "2026-04-30 12:00:00", "2026-04", "2026-05-01"),
    ],
)
def test_periods(period: Period, now: str, key: str, ends: str) -> None:
    assert period.key(moment(now)) == key
    assert period.ends(moment(now)) == moment(ends)


@given(st.floats(0, 4e9), st.sampled_from(Period))
def test_a_new_period_begins_exactly_where_one_ends(now: float, period: Period) -> None:
    ends = period.ends(now)
    assert ends > now
    assert period.key(ends) != period.key(now)
    assert period.key(ends - 1) == period.key(now)
    assert period.ends(ends - 1) == ends


def test_spendable_is_both_kinds_of_credits() -> None:
    assert Balance(periodic=3, extra=4, held=1, granted=5, resets_at=0.0).spendable == 7
