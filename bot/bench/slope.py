"""Whether something grows: a straight line by least squares, and how sure its slope is. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

SURE = 2.0
"""A slope of so many standard errors is no accident."""


@dataclass(frozen=True)
class Slope:
    """Change in a unit of time, and its standard error."""

    change: float
    error: float

    def flat(self, bound: float = 0.0) -> bool:
        """Whether it does not grow: what there is of that may be an accident, or is below a bound
        that nobody would mind."""
        return self.change <= max(SURE * self.error, bound)


def slope(times: Sequence[float], values: Sequence[float]) -> Slope:
    """Of `values` over `times`, by ordinary least squares.

    What is read every few seconds resembles what was read just before, so that each reading tells
    less than a new one would: the error is that of as many readings as their likeness leaves.
    Raises ValueError for fewer than three readings, or for all at one time.
    """
    count = len(times)
    if count < 3:
        raise ValueError("three readings at least make a slope with an error")
    middle, level = math.fsum(times) / count, math.fsum(values) / count
    apart = [time - middle for time in times]
    spread = math.fsum(each * each for each in apart)
    if not spread:
        raise ValueError("there is no slope of what was read at one time")
    change = math.fsum(x * (y - level) for x, y in zip(apart, values, strict=True)) / spread
    rest = [y - level - change * x for x, y in zip(apart, values, strict=True)]
    error = math.sqrt(math.fsum(each * each for each in rest) / (count - 2) / spread)
    return Slope(change, error * math.sqrt(_likeness(rest)))


def _likeness(rest: Sequence[float]) -> float:
    """How many neighbouring readings tell as much as one that is new: of a series in which each
    resembles the one before by r it is (1 + r) / (1 - r)."""
    whole = math.fsum(each * each for each in rest)
    if not whole:
        return 1.0
    alike = math.fsum(a * b for a, b in itertools.pairwise(rest)) / whole
    alike = min(max(alike, 0.0), 1 - 2 / len(rest))
    return (1 + alike) / (1 - alike)
