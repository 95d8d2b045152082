"""How long a pack lasts, over months of every length."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.domain.shop import Assortment, Pack, Span


def at(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    ("span", "begins", "over"),
    [
        (Span(12), "2026-03-15T10:30:00", "2027-03-15T10:30:00"),
        (Span(1), "2026-01-31T00:00:00", "2026-02-28T00:00:00"),
        (Span(1), "2028-01-31T00:00:00", "2028-02-29T00:00:00"),
        (Span(12), "2028-02-29T12:00:00", "2029-02-28T12:00:00"),
        (Span(11), "2026-12-31T23:59:59", "2027-11-30T23:59:59"),
        (Span(days=90), "2026-12-01T00:00:00", "2027-03-01T00:00:00"),
    ],
)
def test_a_span_is_over_on_the_same_day_of_its_month(span: Span, begins: str, over: str) -> None:
    assert span.after(at(begins)) == at(over)


def test_no_span_is_for_ever() -> None:
    assert Span().after(at("2026-01-01")) is None


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (Span(12), "1 year"), (Span(24), "2 years"), (Span(1), "1 month"), (Span(18), "18 months"),
        (Span(days=1), "1 day"), (Span(days=90), "90 days"), (Span(), ""),
    ],
)  # fmt: skip
def test_a_span_in_words(span: Span, said: str) -> None:
    assert str(span) == said


def test_what_is_sold_in_the_operator_s_order() -> None:
    assert Assortment({5: Pack(1), 2: Pack(2)}, {9: "Patron"}).skus == [5, 2, 9]
    assert Assortment().skus == []
