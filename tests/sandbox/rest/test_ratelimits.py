"""Buckets, their headers, and the limit that holds everywhere."""

from __future__ import annotations

import time

import pytest

from bot.sandbox.rest.ratelimits import RateLimits

CREATE = ("message-create", "1", 5, 5.0)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A monotonic clock that is moved by hand."""
    moment = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    return moment


def test_a_bucket_is_spent_and_filled_again(now: list[float]) -> None:
    limits = RateLimits()
    left = [limits.take(CREATE, True).headers["X-RateLimit-Remaining"] for _ in range(5)]
    assert left == ["4", "3", "2", "1", "0"]
    now[0] += 3
    refused = limits.take(CREATE, True)
    assert (refused.refused, refused.everywhere, refused.retry_after) == (True, False, 2.0)
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.headers["Retry-After"] == "2"
    assert refused.headers["X-RateLimit-Reset-After"] == "2.000"
    now[0] += 2
    assert not limits.take(CREATE, True).refused


def test_every_major_parameter_has_a_bucket_of_its_own(now: list[float]) -> None:
    limits = RateLimits()
    other = (CREATE[0], "2", *CREATE[2:])
    assert [limits.take(CREATE, True).refused for _ in range(6)] == [False] * 5 + [True]
    assert not limits.take(other, True).refused


def test_fifty_a_second_by_the_bots_token_and_none_by_an_interactions(now: list[float]) -> None:
    limits = RateLimits()
    assert not any(limits.take(None, True).refused for _ in range(50))
    refused = limits.take(None, True)
    assert (refused.refused, refused.everywhere) == (True, True)
    assert refused.headers == {"X-RateLimit-Global": "true", "Retry-After": "1"}
    assert not limits.take(None, False).refused
    now[0] += 1
    assert not limits.take(None, True).refused


@pytest.mark.parametrize(("scale", "wait"), [(1.0, 6.0), (0.5, 3.0)])
def test_old_messages_are_edited_three_times_in_six_seconds(
    now: list[float], scale: float, wait: float
) -> None:
    limits = RateLimits(scale)
    assert [limits.wait_for_old_edit("1") for _ in range(4)] == [0, 0, 0, wait]
    assert limits.wait_for_old_edit("2") == 0


def test_limits_may_be_turned_off() -> None:
    limits = RateLimits(0)
    assert not any(limits.take(CREATE, True).refused for _ in range(100))
    assert limits.take(CREATE, True).headers == {}
    assert [limits.wait_for_old_edit("1") for _ in range(9)] == [0.0] * 9


def test_an_unlimited_route_has_no_headers(now: list[float]) -> None:
    assert RateLimits().take(None, False).headers == {}
