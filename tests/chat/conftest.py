"""The real service on a real database, and a Discord that a test can spoil."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit.app import House
from tests.kit.channels import FakeDiscord


@pytest.fixture
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """What is asked for is drawn at once, but where a test is marked `by_hand`."""
    by_hand = request.node.get_closest_marker("by_hand") is not None
    async with House(tmp_path, automatic=not by_hand) as opened:
        yield opened


@pytest.fixture
def chat(house: House) -> FakeDiscord:
    return FakeDiscord(house.clock)
