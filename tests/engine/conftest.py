"""A simulated GPU for tests that make it misbehave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.engine.local import LocalExecutor
from tests.kit.workers import simulated


@pytest.fixture(scope="module")
async def gpu() -> AsyncIterator[LocalExecutor]:
    """One simulated GPU for a module; words in the prompt make it misbehave."""
    faults: dict[str, Any] = {
        f"{fault}_on": [f"please {fault}"]
        for fault in ("crash", "hang", "fail", "bad_input", "out_of_memory", "print")
    }
    async with simulated(step_seconds=0.01, **faults) as executor:
        yield executor
