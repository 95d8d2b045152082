"""How long work takes, measured for each model on each device.

What was not measured yet is guessed from its nearest: the same model elsewhere, another model on
the same device, anything at all.
"""

from __future__ import annotations

from collections.abc import Sequence

Device = tuple[str, str]
"""(node, device): where a worker is, whatever incarnation of it."""

UNKNOWN_LOAD_S = 60.0
"""How long the first load of all is thought to take."""


class _Measured:
    """A value for some pairs of model and device."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, Device], float] = {}

    def __setitem__(self, key: tuple[str, Device], value: float) -> None:
        self._values[key] = value

    def own(self, model: str, device: Device) -> float | None:
        """What was measured of just this pair."""
        return self._values.get((model, device))

    def nearest(self, model: str, device: Device) -> float | None:
        """Its own value, or the mean of the nearest ones; None without any."""
        if (own := self.own(model, device)) is not None:
            return own
        values = self._values.items()
        alike = [value for (one, _), value in values if one == model]
        alike = alike or [value for (_, one), value in values if one == device]
        alike = alike or [value for _, value in values]
        return sum(alike) / len(alike) if alike else None


class Pace:
    """Seconds for each unit of work, as a running mean that forgets (weight 0.2 for the newest),
    and seconds that loading a model took when it was last done."""

    def __init__(self) -> None:
        self._rates = _Measured()
        self._loads = _Measured()

    def measured(self, model: str, device: Device, work: float, seconds: float) -> None:
        """Some work was drawn."""
        if work <= 0 or seconds <= 0:
            return
        rate, before = seconds / work, self._rates.own(model, device)
        self._rates[model, device] = rate if before is None else 0.8 * before + 0.2 * rate

    def loaded(self, model: str, device: Device, seconds: float) -> None:
        """A model was loaded; a second word of the same load changes nothing."""
        if seconds > 0:
            self._loads[model, device] = seconds

    def draw_s(self, model: str, device: Device, work: float) -> float | None:
        """Seconds for some work on a device; None before anything was measured."""
        rate = self._rates.nearest(model, device)
        return None if rate is None else rate * work

    def load_s(self, model: str, device: Device) -> float:
        """Seconds until a device has loaded a model."""
        nearest = self._loads.nearest(model, device)
        return UNKNOWN_LOAD_S if nearest is None else nearest

    def estimate(self, model: str, work: float, devices: Sequence[Device]) -> float | None:
        """Seconds for some work that devices share, as if all of it were a model's; None before
        the first measurement or without a device."""
        rates = [self._rates.nearest(model, device) for device in devices]
        speed = sum(1 / rate for rate in rates if rate is not None)
        return work / speed if speed else None
