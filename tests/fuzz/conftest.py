"""One bot for all that is tried."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import commands_checked_once, discord_addresses
from tests.fuzz.living import Living

__all__ = ["commands_checked_once", "discord_addresses"]


@pytest.fixture(scope="session")
def living() -> Iterator[Living]:
    """It begins when it is asked for."""
    with tempfile.TemporaryDirectory(prefix="easel-fuzz-") as folder:
        made = Living(Path(folder), 10**9)
        yield made
        made.close()
