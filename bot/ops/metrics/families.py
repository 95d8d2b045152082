"""Numbers as Prometheus has them. Every name begins with `easel_`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.utils import floatToGoString

from bot.domain.measures import Spread, Spreads, Tally

PREFIX = "easel_"


def counter(name: str, help: str, labels: Sequence[str], tally: Tally) -> Metric:
    """Counts by words."""
    family = CounterMetricFamily(PREFIX + name, help, labels=labels)
    for words, count in tally:
        family.add_metric(words, count)
    return family


def total(name: str, help: str, count: float) -> Metric:
    """One count."""
    return CounterMetricFamily(PREFIX + name, help, value=count)


def gauge(name: str, help: str, value: float) -> Metric:
    """One value."""
    return GaugeMetricFamily(PREFIX + name, help, value=value)


def gauges(
    name: str, help: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float]
) -> Metric:
    """A value for each tuple of words."""
    family = GaugeMetricFamily(PREFIX + name, help, labels=labels)
    for words, value in values.items():
        family.add_metric(words, value)
    return family


def histogram(
    name: str, help: str, spreads: Spread | Spreads, labels: Sequence[str] = ()
) -> Metric:  # fmt: skip
    """How values are spread, for each tuple of words where there are labels."""
    family = HistogramMetricFamily(PREFIX + name, help, labels=labels)
    several = [((), spreads)] if isinstance(spreads, Spread) else spreads
    for words, spread in several:
        family.add_metric(words, list(_buckets(spread)), spread.sum)
    return family


def _buckets(spread: Spread) -> Iterable[tuple[str, float]]:
    total = 0
    for bound, count in zip((*spread.bounds, float("inf")), spread.counts, strict=True):
        total += count
        yield floatToGoString(bound), total
