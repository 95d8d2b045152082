"""Values for tests of the sandbox that need no server: a moment, and the sandbox's own clock."""

from __future__ import annotations

from bot.sandbox import MovableClock, News, Sandbox

NOON = 1_780_315_200.0
"""2026-06-01 12:00 UTC, in Unix seconds."""


def clock_of(sandbox: Sandbox) -> MovableClock:
    """The clock a closed sandbox was made with."""
    assert isinstance(sandbox.clock, MovableClock)
    return sandbox.clock


def heard(sandbox: Sandbox) -> list[News]:
    """All news of the sandbox from now on, as they come."""
    news: list[News] = []
    sandbox.bus.subscribe(news.append)
    return news
