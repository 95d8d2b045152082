"""How long work takes, measured."""

from __future__ import annotations


class Pace:
    """Measured seconds per unit of work, as a running mean that forgets (weight 0.2 for the
    newest), and from it how long work takes on some workers."""

    def __init__(self) -> None:
        self._rate: float | None = None

    def measured(self, work: float, seconds: float) -> None:
        if work <= 0 or seconds <= 0:
            return
        rate = seconds / work
        self._rate = rate if self._rate is None else 0.8 * self._rate + 0.2 * rate

    def estimate(self, work: float, workers: int) -> float | None:
        """Seconds; None before the first measurement or without a worker."""
        if self._rate is None or workers < 1:
            return None
        return self._rate * work / workers
