"""Numbers typed behind an option: read for argparse, with bounds that it tells."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

from bot.domain.prompt.parameter import quoted
from bot.domain.size import is_whole


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number within these bounds."""

    def read(text: str) -> int:
        if is_whole(text) and low <= int(text) <= high:
            return int(text)
        raise argparse.ArgumentTypeError(
            f"takes a whole number from {low} to {high}, not {quoted(text)}"
        )

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """Reads a number within these bounds."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if low <= value <= high:
            return value
        raise argparse.ArgumentTypeError(
            f"takes a number from {low:g} to {high:g}, not {quoted(text)}"
        )

    return read
