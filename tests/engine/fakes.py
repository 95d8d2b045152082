"""Engine factories that workers can be told to call. Imported in a worker only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def with_tiny_models(options: Mapping[str, Any]) -> Any:
    """The real engine, after writing tiny random models into the folder `build`."""
    from bot.worker import diffusion
    from tests.kit import tiny

    folder = Path(options["build"])
    if not (folder / tiny.LAST).exists():
        tiny.build(folder)
    return diffusion.create(options)


def broken(options: Mapping[str, Any]) -> Any:
    """An engine that cannot be made."""
    raise RuntimeError("the driver is older than the library")
