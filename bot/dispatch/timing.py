"""How long the dispatcher waits for what, as values of its constructor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds.

    `positions` lie between two rounds that tell waiting people their places, and `position` more
    for each of them, for telling one costs about 0.1 ms of the event loop, and 1 ms where people of
    a thousand servers wait. What the store refuses is tried again after `refused`, then after twice
    as long up to `refused_longest`; pictures that cannot be stored for `unstored` are given up and
    drawn again. A drawing that was told to stop has `stop` for that, or a few of its steps, before
    its worker is recycled. While jobs wait, the workers are looked at every `look`, for estimates
    change by the mere passing of time. Drawings get `close` to end when the dispatcher does.
    """

    positions: float = 0.25
    position: float = 0.01
    refused: float = 0.5
    refused_longest: float = 30.0
    unstored: float = 600.0
    stop: float = 60.0
    look: float = 1.0
    close: float = 2.0
