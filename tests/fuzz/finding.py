"""What a target raises for what should not have happened."""

from __future__ import annotations

SLOWEST_S, PATIENCE_S = 1.0, 10.0
"""Of the processor, and by the clock, for somebody else may have had it."""


class Finding(AssertionError):
    """What should not have happened, and by which input."""
