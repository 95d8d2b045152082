"""How noise becomes a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sampling:
    """`sampler` is a name that the engine knows, or "default" for the model's own. `strength` and
    `stop` are shares of the noise schedule, 0 to 1: how far a drawing leaves its source (None
    without one), and where it ends. `rescale` is φ of Lin et al. 2023 (section 3.4), 0 to 1: how
    much of the contrast that guidance adds is taken back.
    """

    steps: int
    guidance: float
    sampler: str = "default"
    strength: float | None = None
    stop: float = 1.0
    rescale: float = 0.0

    @classmethod
    def read(
        cls, *, steps: Any, guidance: Any, sampler: Any, strength: Any, stop: Any, rescale: Any = 0
    ) -> Sampling:  # fmt: skip
        """Of plain data; the first ones said nothing of `rescale`. Raises ValueError and
        TypeError."""
        chosen = None if strength is None else float(strength)
        ends = float(stop), float(rescale)
        return cls(int(steps), float(guidance), str(sampler), chosen, *ends)
