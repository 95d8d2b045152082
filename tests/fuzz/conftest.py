"""One bot for all that is tried."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import commands_checked_once, discord_addresses
from tests.fuzz.living import Living

__all__ = ["commands_checked_once", "discord_addresses"]


@pytest.fixture(scope="module")
def living() -> Iterator[Living]:
    """It begins when it is asked for. While it lives discord.py has no network: it ends with the
    tests of its file."""
    with tempfile.TemporaryDirectory(prefix="easel-fuzz-") as folder:
        made = Living(Path(folder), 10**9)
        yield made
        made.close()
