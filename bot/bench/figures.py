"""What a measurement comes to: percentiles, figures beside their aims, and sections of the report.

Plain values; measures nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MEMORY_MIB = 150
"""What the bot's process should stay under in every scenario."""


@dataclass(frozen=True)
class Figure:
    """One row: what was measured, the result, and the aim with whether it was met, if any."""

    what: str
    result: str
    aim: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Section:
    """A part of the report; `how` says under which load, `notes` what limits the result."""

    title: str
    how: str
    figures: Sequence[Figure]
    notes: Sequence[str] = ()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed.

    Raises ValueError without values.
    """
    if not values:
        raise ValueError("there is no percentile of nothing")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def below(what: str, value: float, aim: float, unit: str = "") -> Figure:
    """A figure that should stay under `aim`."""
    return Figure(
        what, f"{_short(value)} {unit}".rstrip(), f"< {aim:g} {unit}".rstrip(), value < aim
    )


def above(what: str, value: float, aim: float) -> Figure:
    """A number that should reach `aim`."""
    return Figure(what, f"{value:,.0f}", f"≥ {aim:,.0f}", value >= aim)


def at_least(what: str, value: float, aim: float) -> Figure:
    """A share that should reach `aim`."""
    return Figure(what, f"{value:.3f}", f"≥ {aim:g}", value >= aim)


def times(what: str, value: float, aim: float | None = None) -> Figure:
    """How many times as fast, which should be `aim` times at least."""
    if aim is None:
        return Figure(what, f"{value:.2f} ×")
    return Figure(what, f"{value:.2f} ×", f"≥ {aim:g} ×", value >= aim)


def milliseconds(seconds: Sequence[float], share: float) -> float:
    return 1000 * percentile(seconds, share)


def spread(seconds: Sequence[float]) -> str:
    """p50, p99 and maximum of durations, for one cell."""
    p50, p99, most = (milliseconds(seconds, share) for share in (0.5, 0.99, 1.0))
    return f"{_short(p50)} / {_short(p99)} / {_short(most)} ms"


def _short(value: float) -> str:
    """Three figures, and never an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
