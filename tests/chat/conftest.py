"""The real service on a real database, and a Discord that a test can spoil."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit.app import House
from tests.kit.channels import FakeDiscord


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, automatic=True) as opened:
        yield opened


@pytest.fixture
def chat(house: House) -> FakeDiscord:
    return FakeDiscord(house.clock)
