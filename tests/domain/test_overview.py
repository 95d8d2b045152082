"""Numbers of some days: which days, and percentiles of waiting times that were counted by kind."""

from __future__ import annotations

import datetime
import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.overview import DAY_S, Overview, Span, Tally, bound, percentile
from tests.kit.values import MORNING


def kind_of(seconds: float) -> int:
    """As the database counts it."""
    return max(kind for kind in range(91) if bound(kind) <= seconds)


def test_the_last_day_of_a_span_is_the_one_that_is_not_over() -> None:
    span = Span.until(MORNING, 7)
    assert span.dates()[-1] == datetime.date(2026, 6, 1)
    assert span.dates()[0] == datetime.date(2026, 5, 26)
    assert list(span) == [span.first + day for day in range(7)]
    midnight = MORNING // DAY_S * DAY_S
    assert Span.until(midnight, 7) == span
    assert Span.until(midnight - 1, 7).last == span.last - 1


def test_kinds_of_waiting_times_are_an_octave_in_four() -> None:
    assert (bound(0), bound(1), bound(5)) == (0.0, 0.125, 0.25)
    assert bound(90) > 7 * DAY_S
    assert all(bound(kind) < bound(kind + 1) for kind in range(90))


@given(st.lists(st.floats(0.2, 600_000), min_size=1, max_size=60), st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_off_by_a_fifth_at_most(waits: list[float], share: float) -> None:
    found = percentile(Counter(map(kind_of, waits)), share)
    true = sorted(waits)[max(0, math.ceil(share * len(waits)) - 1)]
    assert found is not None
    assert true / 1.1893 <= found <= true * 1.1893


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None
    assert percentile({4: 0}, 0.5) is None


def test_percentiles_of_days_are_added_up_by_their_kinds() -> None:
    span = Span(100, 3)
    rows = [Tally("waited", 98, "5", 99), Tally("waited", 100, "40", 1), Tally("drawn", 98, "", 99)]
    shown = Overview(span, tuple(rows))
    half, last = shown.wait(0.5), shown.wait(0.999)
    assert half is not None
    assert last is not None
    assert bound(5) <= half < bound(6)
    assert bound(40) <= last <= bound(41)
    assert [sum(day.values()) for day in shown.waits()] == [99, 0, 1]


def test_days_without_anything_count_nothing() -> None:
    rows = [Tally("ended", 100, "failed", 2), Tally("ended", 98, "failed", 1)]
    shown = Overview(Span(100, 4), tuple(rows))
    assert shown.daily("ended", "failed") == [0, 1, 0, 2]
    assert shown.total("ended", "failed") == 3
    assert shown.named("ended") == {"failed": 3}
    assert (shown.empty, Overview(Span(100, 4)).empty) == (False, True)
