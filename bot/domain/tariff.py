"""What things cost on a server. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bot.domain.action import ACTIONS, Action, Kind
from bot.domain.speed import Speed

PRICE_MAX = 1000
FACTOR_MAX = 100.0


@dataclass(frozen=True)
class Tariff:
    """Whole credits by what is done, and what speeds and models make of them, each times the usual;
    what is not named costs what it usually does. `size` says whether pictures beyond the model's
    own size cost as much more as they have more pixels, `steps` whether drawings of more steps than
    usual cost as much more. A picture that is only taken out of its grid is free.
    """

    actions: Mapping[Action, int] = field(default_factory=dict)
    speeds: Mapping[Speed, float] = field(default_factory=dict)
    models: Mapping[str, float] = field(default_factory=dict)
    size: bool = True
    steps: bool = False

    def base(self, action: Action) -> int:
        """Credits of a usual grid; nothing is charged for what draws nothing."""
        spec = ACTIONS[action]
        return spec.price if spec.kind is Kind.EXTRACT else self.actions.get(action, spec.price)

    def hurry(self, speed: Speed) -> float:
        """How many times the usual price is paid for a speed."""
        return self.speeds.get(speed, float(speed.price))

    def plain(self) -> dict[str, Any]:
        """As JSON has it: what differs from the usual."""
        usual = Tariff()
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: {str(key): number for key, number in value.items()}
            if isinstance(value, Mapping)
            else value
            for name, value in said.items()
            if value != getattr(usual, name)
        }

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Tariff:
        """The other way; what this version does not know is left out."""
        actions = {str(each): each for each in Action}
        speeds = {str(each): each for each in Speed}
        return cls(
            {actions[k]: int(v) for k, v in said.get("actions", {}).items() if k in actions},
            {speeds[k]: float(v) for k, v in said.get("speeds", {}).items() if k in speeds},
            {str(k): float(v) for k, v in said.get("models", {}).items()},
            bool(said.get("size", True)),
            bool(said.get("steps", False)),
        )


USUAL = Tariff()
