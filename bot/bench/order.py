"""What the measured process is told to run. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Order:
    """Which bot to run.

    `engine` is the factory of a worker's engine, with its `options`; "" is the real one. `bare` is
    a bot without Easel in it. `ticking` has the process watch its own loop, which takes some CPU.
    """

    api_url: str
    token: str
    folder: str
    engine: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    bare: bool = False
    ticking: bool = True
