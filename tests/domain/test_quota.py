"""Who may do how much: precedence of settings, and the ends of periods."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.credits import Balance, Bucket, payment, shares
from bot.domain.period import Period
from bot.domain.quota import Caps, Level, Quota, QuotaSetting, decide

NONE = QuotaSetting()
NO_CAPS = Caps()
DAY, MONTH = Period.DAY, Period.MONTH
OPERATOR = Quota(25, DAY, 3, 10)


def a_day(credits: int, **more: Any) -> QuotaSetting:
    return QuotaSetting(credits, DAY, **more)


def moment(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


def effective(
    fallback: Quota, default: QuotaSetting, roles: list[QuotaSetting], own: QuotaSetting,
    caps: Caps = NO_CAPS,
) -> Quota:  # fmt: skip
    """What holds under these settings of the server, of roles and of a user."""
    levels = [Level(each, "role", number) for number, each in enumerate(roles)]
    return decide(fallback, [[Level(own)], levels, [Level(default)]], caps).quota


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
    first, second = (effective(OPERATOR, NONE, list(order), NONE) for order in both)
    assert (first.running, first.waiting) == (second.running, second.waiting)
    share = [quota.credits / quota.period.days for quota in (first, second)]
    assert share[0] == share[1]


@given(SETTINGS, SETTINGS)
def test_a_users_own_setting_wins_wherever_it_speaks(role, own) -> None:
    chosen = effective(OPERATOR, NONE, [role], own)
    if own.credits is not None:
        assert (chosen.credits, chosen.period) == (own.credits, own.period)
    if own.running is not None:
        assert chosen.running == own.running


@pytest.mark.parametrize(
    ("caps", "own", "expected"),
    [
        (Caps(), a_day(900, running=90), Quota(900, DAY, 90, 10)),
        (Caps(100, 2, 5), a_day(900, running=90), Quota(100, DAY, 2, 5, most=100)),
        # A cap never raises, and it bounds the operator's own defaults too.
        (Caps(100, 50, 50), a_day(4), Quota(4, DAY, 3, 10, most=100)),
        (Caps(10), NONE, Quota(10, DAY, 3, 10, most=10)),
        (Caps(100), QuotaSetting(900, MONTH), Quota(100, MONTH, 3, 10, most=100)),
    ],
)
def test_the_operators_caps_stand_above_every_setting(caps, own, expected) -> None:
    assert effective(OPERATOR, NONE, [], own, caps) == expected


@given(SETTINGS, st.builds(Caps, *[st.integers(0, 20)] * 3))
def test_a_cap_never_raises_and_leaves_silence_silent(setting: QuotaSetting, caps: Caps) -> None:
    bound = caps.bound(setting)
    for name in ("credits", "running", "waiting"):
        before, after, cap = (getattr(each, name) for each in (setting, bound, caps))
        assert (after is None) == (before is None)
        assert after is None or after == (min(before, cap) if cap else before)
    assert bound.period == setting.period


def test_empty_means_silent() -> None:
    assert NONE.empty
    assert not QuotaSetting(running=1).empty
    assert not a_day(0).empty


@pytest.mark.parametrize(
    ("period", "now", "began", "ends"),
    [
        (DAY, "2026-03-01 00:00:00", "2026-03-01", "2026-03-02"),
        (DAY, "2026-03-01 23:59:59", "2026-03-01", "2026-03-02"),
        (DAY, "2024-02-28 12:00:00", "2024-02-28", "2024-02-29"),
        (DAY, "2026-12-31 12:00:00", "2026-12-31", "2027-01-01"),
        (MONTH, "2026-01-31 23:59:59", "2026-01-01", "2026-02-01"),
        (MONTH, "2024-02-29 12:00:00", "2024-02-01", "2024-03-01"),
        (MONTH, "2025-02-28 12:00:00", "2025-02-01", "2025-03-01"),
        (MONTH, "2026-12-01 00:00:00", "2026-12-01", "2027-01-01"),
        (MONTH, "2026-04-30 12:00:00", "2026-04-01", "2026-05-01"),
    ],
)
def test_periods(period: Period, now: str, began: str, ends: str) -> None:
    assert period.began(moment(now)) == moment(began)
    assert period.ends(moment(now)) == moment(ends)


@given(st.floats(0, 4e9), st.sampled_from(Period))
def test_a_new_period_begins_exactly_where_one_ends(now: float, period: Period) -> None:
    began, ends = period.began(now), period.ends(now)
    assert began <= now < ends
    assert period.began(ends) == ends
    assert period.began(ends - 1) == began
    assert period.ends(began) == ends


def a_balance(allowance_left: int, lasting: int) -> Balance:
    return Balance(allowance_left, lasting, held=1, allowance=5, resets_at=1000.0)


def test_the_operators_cap_bounds_both_kinds_of_credits() -> None:
    assert a_balance(3, 4)._replace(room=5).spendable == 5
    assert a_balance(3, 4)._replace(room=9).spendable == 7


def test_spendable_is_both_kinds_of_credits() -> None:
    assert a_balance(3, 4).spendable == 7


@pytest.mark.parametrize(
    ("cost", "paid"),
    [
        (0, []),
        (1, [(1, 1)]),
        (3, [(1, 2), (None, 1)]),
        (7, [(1, 2), (None, 3), (2, 2)]),
        (9, [(1, 2), (None, 3), (2, 2), (3, 2)]),
    ],
)
def test_what_lapses_soonest_pays_first(cost: int, paid: list[tuple[int | None, int]]) -> None:
    buckets = [Bucket(1, 2, 900.0), Bucket(2, 2, 1100.0), Bucket(3, 2)]
    assert payment(a_balance(3, 6), buckets, cost) == paid


@given(
    st.integers(0, 9),
    st.lists(st.tuples(st.integers(1, 9), st.none() | st.floats(1, 2000)), max_size=5),
    st.integers(0, 60),
)
def test_a_payment_is_the_price_and_overdraws_nothing(
    allowance: int, found: list[tuple[int, float | None]], wanted: int
) -> None:
    buckets = [Bucket(number, *each) for number, each in enumerate(found)]
    balance = a_balance(allowance, sum(bucket.left for bucket in buckets))
    cost = min(wanted, balance.spendable)
    parts = payment(balance, buckets, cost)
    had: dict[int | None, int] = {None: allowance} | {each.id: each.left for each in buckets}
    assert sum(part for _, part in parts) == cost
    assert len({bucket for bucket, _ in parts}) == len(parts)
    assert all(0 < part <= had[bucket] for bucket, part in parts)


@given(st.lists(st.integers(0, 4), max_size=6), st.lists(st.integers(1, 5), max_size=9))
def test_shares_give_every_job_its_cost_and_use_every_part(
    costs: list[int], sizes: list[int]
) -> None:
    parts: list[tuple[int | None, int]] = []
    left = sum(costs)
    for bucket, size in enumerate([*sizes, left]):
        part = min(size, left)
        left -= part
        parts += [(bucket, part)] if part else []
    given_ = shares(parts, list(enumerate(costs)))
    assert [
        sum(part for payee, _, part in given_ if payee == one) for one in range(len(costs))
    ] == (costs)
    paid = {one: sum(part for _, bucket, part in given_ if bucket == one) for one, _ in parts}
    assert paid == dict(parts)
    # A job is held once against each bucket.
    assert len({(payee, bucket) for payee, bucket, _ in given_}) == len(given_)
