"""`easel metrics`: the dashboard that Grafana shows, and the rules by which Prometheus warns."""

from __future__ import annotations

import sys
from importlib import resources

_FILES = {"dashboard": "dashboard.json", "alerts": "alerts.yaml"}


def metrics(what: str) -> int:
    """Print it as it is to be imported."""
    file = resources.files("bot.ops.metrics") / _FILES[what]
    sys.stdout.write(file.read_text(encoding="utf-8"))
    return 0
