"""How long the dispatcher waits for what, as values of its constructor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds. Between two tries to start jobs while that fails; between two rounds that tell
    waiting people their places, and how much longer a round takes for each of them (telling one
    costs about 0.1 ms of the event loop); given to drawings to end when the dispatcher closes."""

    recover: float = 1.0
    positions: float = 0.25
    position: float = 0.004
    close: float = 2.0
